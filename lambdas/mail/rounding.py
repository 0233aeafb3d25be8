"""How a number of the statement is written for a person: the only place that rounds. The attachment is exact.

A number is rounded by itself, half up, so a column may differ from its sum by a cent; the mail says so.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from link.cost import gigabyte
from link.cost.statement import Trend

_EXACT_PLACES = 12  # a mean price may have no end; a spreadsheet keeps 15 digits


def money(amount: Decimal) -> str:
    """To cents; a sum below ten cents with two digits that count, as the guide writes $0.037."""
    return f"{'-' if amount < 0 else ''}${_rounded(abs(amount), digits=2, places=2, kept=2)}"


def about(amount: Decimal) -> str:
    """A forecast: whole dollars from $10 on."""
    return f"${_rounded(amount, digits=1, places=0, kept=0)}" if amount >= 10 else money(amount)


def unit_price(price: Decimal) -> str:
    """At least cents, and four digits that count."""
    return f"${_rounded(price, digits=4, places=2, kept=2)}"


def quantity(amount: Decimal) -> str:
    """Two decimals at most; below one, three digits that count."""
    return _rounded(amount, digits=3, places=2, kept=0)


def gigabytes(count: int) -> str:
    """Bytes as GB, which both clouds count alike: two decimals, or digits that count where it is little."""
    return _rounded(gigabyte.gigabytes(count, gigabyte.AWS), digits=2, places=2, kept=2)


def volume(count: int) -> str:
    """Bytes as GB at a glance: whole ones from 10 on."""
    amount = gigabyte.gigabytes(count, gigabyte.AWS)
    return f"{_rounded(amount, digits=1, places=0, kept=0) if amount >= 10 else quantity(amount)} GB"


def share(part: Decimal) -> str:
    """Down to hundredths of a percent: an outage never rounds up to 100%."""
    return f"{(part * 100).quantize(Decimal('0.01'), ROUND_DOWN):f}%"


def change(trend: Trend, by: Decimal | None) -> str:
    """ "+12%", "-8%" or "flat"; empty when it is not known."""
    if trend is Trend.FLAT:
        return "flat"
    return "" if by is None else signed(by)


def signed(by: Decimal) -> str:
    """A change in whole percent with its sign."""
    return f"{(by * 100).quantize(Decimal(1), ROUND_HALF_UP):+,f}%"


def exact(value: Decimal) -> str:
    """For the attachment: every digit, without the zeros at the end."""
    text = f"{value.quantize(Decimal(1).scaleb(-_EXACT_PLACES), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def _rounded(value: Decimal, digits: int, places: int, kept: int) -> str:
    """`places` decimals, more where fewer than `digits` would count; zeros at the end go, but for `kept` decimals."""
    wanted = max(places, digits - 1 - value.adjusted()) if value else places
    whole, _, decimals = f"{value.quantize(Decimal(1).scaleb(-wanted), ROUND_HALF_UP):,f}".partition(".")
    decimals = decimals.rstrip("0").ljust(kept, "0")
    return f"{whole}.{decimals}" if decimals else whole
