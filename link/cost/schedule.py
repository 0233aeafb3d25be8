"""Which periods a mail is owed for."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from link.cost import period
from link.cost.period import Period
from link.cost.statement import Every

CAUGHT_UP = 3  # so many periods back one that was skipped is still mailed


def ended(every: Every, zone: ZoneInfo, since: datetime, now: datetime) -> tuple[Period, ...]:
    """The last periods that are over, oldest first; not those that had ended at `since`, when counting began."""
    return tuple(reversed([one for one in _back(every, zone, now) if one.end > since]))


def _back(every: Every, zone: ZoneInfo, now: datetime) -> Iterator[Period]:
    one = period.containing(now, every, zone)
    for _ in range(CAUGHT_UP):
        one = period.before(one, zone)
        yield one
