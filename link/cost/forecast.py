"""What the month will have cost: what is known of it, and the rest at the pace of the days before."""

from collections.abc import Sequence
from decimal import Decimal

METHOD = "the month so far, and for each day that is left the mean of the last seven days"
PACE_DAYS = 7
FLAT = Decimal("0.05")  # a change within this is called flat


def month(so_far: Decimal, pace: Sequence[Decimal], days_left: Decimal) -> Decimal | None:
    """`pace` is what each of the last days cost. None when there is no day yet to tell a pace by."""
    if not pace:
        return None
    return so_far + sum(pace, Decimal(0)) / len(pace) * days_left


def change(now: Decimal, previous: Decimal | None) -> Decimal | None:
    """The change as a share of what was before; None where nothing was before or is known of it."""
    return (now - previous) / previous if previous else None
