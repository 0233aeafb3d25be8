"""Days, weeks and months as a person's calendar has them, in a time zone. Weeks begin on Monday (ISO 8601)."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from link.cost.statement import Every


@dataclass(frozen=True)
class Period:
    """From `start` until before `end`, both aware, UTC. `label` is for a person, `key` names it for ever.

    One that is not `whole` has not ended yet: it is what there is of it.
    """

    every: Every
    first: date
    start: datetime
    end: datetime
    whole: bool = True

    @property
    def key(self) -> str:
        return f"{self.every}#{self.first.isoformat()}"

    @property
    def label(self) -> str:
        return self._name if self.whole else f"{self._name} so far"

    @property
    def _name(self) -> str:
        match self.every:
            case Every.DAY:
                return self.first.isoformat()
            case Every.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"week {week} of {year}"
            case Every.MONTH:
                return f"{self.first:%B %Y}"
        assert_never(self.every)


def containing(moment: datetime, every: Every, zone: ZoneInfo) -> Period:
    """The period in which an aware moment lies."""
    return _beginning(_first(moment.astimezone(zone).date(), every), every, zone)


def so_far(now: datetime, every: Every, zone: ZoneInfo) -> Period:
    """What there is of the period in which `now` lies."""
    return replace(containing(now, every, zone), end=now.astimezone(UTC), whole=False)


def before(period: Period, zone: ZoneInfo) -> Period:
    """The one that ends where this one begins."""
    return containing(period.start - timedelta(microseconds=1), period.every, zone)


def after(period: Period, zone: ZoneInfo) -> Period:
    """The one that begins where this one ends."""
    return containing(period.end, period.every, zone)


def days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[Period, ...]:
    """The days that have a part in the time from `start` until before `end`."""
    found = [containing(start, Every.DAY, zone)]
    while found[-1].end < end:
        found.append(after(found[-1], zone))
    return tuple(found)


def _first(day: date, every: Every) -> date:
    match every:
        case Every.DAY:
            return day
        case Every.WEEK:
            return day - timedelta(days=day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
    assert_never(every)


def _next(first: date, every: Every) -> date:
    match every:
        case Every.DAY:
            return first + timedelta(days=1)
        case Every.WEEK:
            return first + timedelta(days=7)
        case Every.MONTH:
            return (first + timedelta(days=31)).replace(day=1)
    assert_never(every)


def _beginning(first: date, every: Every, zone: ZoneInfo) -> Period:
    return Period(every, first, _midnight(first, zone), _midnight(_next(first, every), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """In a zone whose clocks skip midnight the day begins an hour later: the moment that the skipped one stands for."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
