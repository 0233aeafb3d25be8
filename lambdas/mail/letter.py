"""What the mail says, as words: made once, laid out twice (HTML and plain text), so that both say the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lambdas.mail import notices, rounding, section, subject, wording
from lambdas.mail.section import Figure, Section
from link.cost.statement import Part, Statement, Trend

LISTED = 100  # links; who has more finds the rest in the attachment


@dataclass(frozen=True)
class Share:
    """One link in the list of links."""

    link: str
    volume: str
    before: str
    cost: str


@dataclass(frozen=True)
class Letter:
    """Every word of the mail, in its order. `mark` says whether the total is estimated or billed.

    `managed` is what the same would cost with the cloud's own VPN, which stands beside the total.
    """

    subject: str
    total: str
    period: str
    mark: str
    change: str
    managed: str
    managed_label: str
    notices: tuple[str, ...]
    figures: tuple[Figure, ...]
    shares: tuple[Share, ...]
    left_out: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...]


def write(statement: Statement, detailed: int) -> Letter:
    """The letter with the details of as many links as said, those that cost most first."""
    parts = sorted(statement.parts, key=lambda part: (-part.total, part.link))
    several = len(parts) > 1
    return Letter(
        subject=subject.write(statement),
        total=rounding.money(statement.total),
        period=wording.period(statement),
        mark=wording.mark({line.mark for part in parts for line in part.lines}),
        change=_change(statement),
        managed=section.managed(parts),
        managed_label=section.MANAGED,
        notices=notices.write(statement),
        figures=tuple(_figures(statement)),
        shares=tuple(_share(part) for part in parts[:LISTED]) if several else (),
        left_out=_left_out(parts, detailed),
        sections=tuple(section.write(part, statement, several) for part in parts[:detailed]),
        foot=tuple(_foot(statement)),
    )


def _change(statement: Statement) -> str:
    before = "" if statement.previous is None else rounding.money(statement.previous)
    by = rounding.change(statement.trend, statement.change)
    match statement.trend:
        case Trend.UP | Trend.DOWN:
            return f"{by}, {statement.trend.value} from {before} in the {statement.every.value} before"
        case Trend.FLAT:
            exactly = "" if statement.change is None else f" ({rounding.signed(statement.change)})"
            return f"flat{exactly} against {before} in the {statement.every.value} before"
        case Trend.UNKNOWN:
            return f"{before} in the {statement.every.value} before" if before else "nothing to compare with yet"


def _figures(statement: Statement) -> Iterator[Figure]:
    parts, month = statement.parts, f"{statement.made_at.astimezone(ZoneInfo(statement.time_zone)):%B %Y}"
    to_azure, to_aws = sum(part.aws_to_azure for part in parts), sum(part.azure_to_aws for part in parts)
    yield Figure("Traffic", f"{rounding.gigabytes(to_azure + to_aws)} GB", section.directions(to_azure, to_aws))
    if len(parts) == 1:
        yield section.per_gb(parts[0])
    yield Figure(f"{month} to date", rounding.money(statement.month_to_date))
    if statement.forecast is not None:
        method = wording.line(statement.forecast_method)
        yield Figure(f"Forecast for {month}", rounding.money(statement.forecast), method)
    if statement.budget is not None:
        said = "a month; the forecast passes it" if statement.over_budget else "a month; the forecast keeps within it"
        yield Figure("Budget", rounding.money(statement.budget), said)


def _share(part: Part) -> Share:
    before = "-" if part.previous is None else rounding.money(part.previous)
    volume = f"{rounding.gigabytes(part.aws_to_azure + part.azure_to_aws)} GB"
    return Share(wording.line(part.link), volume, before, rounding.money(part.total))


def _left_out(parts: Sequence[Part], detailed: int) -> str:
    said = []
    if unlisted := parts[LISTED:]:
        rest = rounding.money(sum((part.total for part in unlisted), Decimal(0)))
        said.append(f"{wording.counted(len(unlisted), 'more link')}: {rest} in all.")
    if detailed < len(parts):
        said.append(f"Details are shown of {detailed} of {len(parts)} links; the attachment has all.")
    return " ".join(said)


def _foot(statement: Statement) -> Iterator[str]:
    zone = ZoneInfo(statement.time_zone)
    begins, ends, made = (wording.when(at, zone) for at in (statement.start, statement.end, statement.made_at))
    yield f"From {begins} to {ends}, made {made}; all times are {statement.time_zone}."
    yield (
        "Estimate: the bytes that the gateways counted and the hours that things ran, at list prices. "
        "Billed: from the cloud's bill."
    )
    yield wording.sentence(statement.allowance)
    yield (
        "US dollars, without taxes. Each number is rounded by itself; the attachment has all of them exactly, the "
        "traffic of each hour, and each price with its date and source."
    )
