"""From links, prices and a period to the statement that is mailed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from link.cost import bill, forecast, period
from link.cost.bill import Account, Rates
from link.cost.period import Period
from link.cost.price import Item
from link.cost.statement import Crossed, Every, Health, Line, Part, Statement, Trend, Witness
from link.cost.traffic import Gap
from link.cost.wanted import CostMail

HOUR = timedelta(hours=1)
NOTHING = Decimal(0)
IGNORED = "the clouds' free allowances are left out, so every GB is priced"


@dataclass(frozen=True)
class Known:
    """What is known of one link besides its counters."""

    health: Health
    witness: Witness | None


@dataclass(frozen=True)
class Books:
    """All that statements are made of. `links` are in the order of the mail; `known` is by link."""

    mail: CostMail
    links: Sequence[Account]
    rates: Rates
    known: Mapping[str, Known]
    notes: tuple[str, ...]

    def cost(self, start: datetime, end: datetime) -> Decimal:
        """What all links cost from `start` until before `end`."""
        return sum((_total(one) for one in self._lines(start, end)), NOTHING)

    def _lines(self, start: datetime, end: datetime) -> Iterator[tuple[Line, ...]]:
        return (bill.lines(link, self.links, self.rates, start, end) for link in self.links)


def statement(books: Books, over: Period, now: datetime) -> Statement:
    """The statement of a period that has ended. `now`: aware, when it is made; what comes after is not known."""
    parts = tuple(_part(books, link, over) for link in books.links)
    total = sum((part.total for part in parts), NOTHING)
    before = [part.previous for part in parts]
    previous = None if None in before else sum((one for one in before if one is not None), NOTHING)
    change = forecast.change(total, previous)
    month = period.containing(now, Every.MONTH, books.mail.zone)
    expected = expect(books, now)
    budget = books.mail.budget
    return Statement(
        every=over.every,
        label=over.label,
        start=over.start,
        end=over.end,
        time_zone=books.mail.time_zone,
        made_at=now,
        parts=parts,
        total=total,
        previous=previous,
        trend=_trend(change),
        change=change,
        month_to_date=books.cost(month.start, now),
        forecast=expected,
        forecast_method=forecast.METHOD,
        budget=budget,
        over_budget=budget is not None and expected is not None and expected > budget,
        allowance=_allowance(books.mail),
        notes=books.notes,
    )


def expect(books: Books, now: datetime) -> Decimal | None:
    """What the month in which `now` lies will have cost at its end."""
    zone = books.mail.zone
    month, today = period.containing(now, Every.MONTH, zone), period.containing(now, Every.DAY, zone)
    begun = min((link.since for link in books.links if link.since), default=now)
    lately = period.days(max(begun, today.start - forecast.PACE_DAYS * timedelta(days=1)), today.start, zone)
    whole = [one for one in lately if begun <= one.start and one.end <= today.start]
    left = Decimal((month.end - now).total_seconds()) / Decimal(timedelta(days=1).total_seconds())
    return forecast.month(books.cost(month.start, now), [books.cost(one.start, one.end) for one in whole], left)


def _part(books: Books, link: Account, over: Period) -> Part:
    lines = bill.lines(link, books.links, books.rates, over.start, over.end)
    crossed, known, zone = link.meter.between(over.start, over.end), books.known[link.link], books.mail.zone
    gaps = link.meter.gaps(over.start, over.end)
    begun = min(max(over.start, link.since or over.end), over.end)
    days = period.days(begun, over.end, zone) if begun < over.end else ()
    return Part(
        link=link.link,
        aws_region=link.aws_region,
        azure_region=link.azure_region,
        aws_to_azure=crossed.aws_to_azure,
        azure_to_aws=crossed.azure_to_aws,
        lines=lines,
        total=_total(lines),
        previous=_previous(books, link, over),
        per_gb=_per_gb(lines),
        managed=bill.managed(link, lines, books.rates, over.end),
        gaps=tuple(_said(gap, books.mail) for gap in gaps),
        hours=tuple(_crossed(link, gaps, start, start + HOUR) for start in _hours(over, begun)),
        days=tuple(_crossed(link, gaps, day.start, day.end) for day in days),
        witness=known.witness,
        health=known.health,
    )


def _previous(books: Books, link: Account, over: Period) -> Decimal | None:
    """None when the link was not there for the whole period before: there is nothing to compare with."""
    last = period.before(over, books.mail.zone)
    if link.since is None or link.since > last.start:
        return None
    return _total(bill.lines(link, books.links, books.rates, last.start, last.end))


def _total(lines: Sequence[Line]) -> Decimal:
    return sum((line.cost for line in lines), NOTHING)


def _per_gb(lines: Sequence[Line]) -> Decimal | None:
    gb = sum((line.quantity for line in lines if line.item in (Item.AWS_EGRESS, Item.AZURE_EGRESS)), NOTHING)
    return _total(lines) / gb if gb else None


def _hours(over: Period, begun: datetime) -> Iterator[datetime]:
    """The hours of the period, but those that were over when the link began."""
    start = over.start + (begun - over.start) // HOUR * HOUR
    while start < over.end:
        yield start
        start += HOUR


def _crossed(link: Account, gaps: Sequence[Gap], start: datetime, end: datetime) -> Crossed:
    crossed = link.meter.between(start, end)
    broken = any(gap.start < end and start < gap.end for gap in gaps)
    return Crossed(
        start=start.astimezone(UTC),
        aws_to_azure=crossed.aws_to_azure,
        azure_to_aws=crossed.azure_to_aws,
        complete=not broken,
    )


def _said(gap: Gap, mail: CostMail) -> str:
    start, end = (f"{moment.astimezone(mail.zone):%Y-%m-%d %H:%M}" for moment in (gap.start, gap.end))
    what = "counted, but spread evenly over it" if gap.counted else "not known"
    return f"no samples from {start} to {end}: what crossed then is {what}"


def _trend(change: Decimal | None) -> Trend:
    if change is None:
        return Trend.UNKNOWN
    if abs(change) <= forecast.FLAT:
        return Trend.FLAT
    return Trend.UP if change > 0 else Trend.DOWN


def _allowance(mail: CostMail) -> str:
    if mail.other_traffic is None:
        return IGNORED
    aws, azure = mail.other_traffic.aws_gb, mail.other_traffic.azure_gb
    return f"the free allowances and tiers are shared with {aws} GB of AWS and {azure} GB of Azure that are not ours"
