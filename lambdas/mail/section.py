"""One link's section of the mail, as words: its costs, its traffic by day, its gaps, and five lines on its health."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lambdas.mail import health, rounding, wording
from link.cost.price import Unit
from link.cost.statement import Crossed, Every, Line, Part, Statement

MANAGED = "The same with AWS-managed VPN"
MILLION = Decimal(1_000_000)
_GAPS = 10  # of a link; the attachment has all


@dataclass(frozen=True)
class Figure:
    """A labelled value and what is to be known of it."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Cost:
    """A priced item: what it is, how its cost came about, the cost, and whether it is estimated or billed."""

    what: str
    how: str
    cost: str
    mark: str


@dataclass(frozen=True)
class Bar:
    """The traffic of a day or an hour. Widths are percent of the widest bar."""

    label: str
    aws_to_azure: str
    azure_to_aws: str
    first: int
    second: int
    complete: bool


@dataclass(frozen=True)
class Section:
    """What is said of one link. `per` is "day" or "hour"."""

    link: str
    regions: str
    total: str
    mark: str
    figures: tuple[Figure, ...]
    costs: tuple[Cost, ...]
    per: str
    bars: tuple[Bar, ...]
    gaps: tuple[str, ...]
    health: tuple[Figure, ...]


def write(part: Part, statement: Statement, several: bool) -> Section:
    """`several`: the link has company, so the mail's first figures are not its own."""
    zone = ZoneInfo(statement.time_zone)
    hourly = statement.every is Every.DAY
    return Section(
        link=wording.line(part.link),
        regions=f"AWS {wording.line(part.aws_region)}, Azure {wording.line(part.azure_region)}",
        total=rounding.money(part.total),
        mark=wording.mark({line.mark for line in part.lines}),
        figures=tuple(_figures(part)) if several else (),
        costs=tuple(_cost(line) for line in part.lines),
        per="hour" if hourly else "day",
        bars=tuple(_bars(part.hours if hourly else part.days, "%H:%M" if hourly else "%a %d %b", zone)),
        gaps=_gaps(part.gaps),
        health=tuple(Figure(*said) for said in health.write(part, zone)),
    )


def directions(aws_to_azure: int, azure_to_aws: int) -> str:
    """Both directions in one line."""
    return f"{rounding.gigabytes(aws_to_azure)} from AWS to Azure, {rounding.gigabytes(azure_to_aws)} from Azure to AWS"


def managed(parts: Sequence[Part]) -> str:
    """What links would cost with the cloud's own VPN, together."""
    costs = [part.managed for part in parts if part.managed is not None]
    return rounding.money(sum(costs, Decimal(0))) if len(costs) == len(parts) else "not known"


def per_gb(part: Part) -> Figure:
    """The link's cost for each GB that crossed."""
    value = "-" if part.per_gb is None else rounding.money(part.per_gb)
    return Figure("Cost per GB", value, "nothing crossed" if part.per_gb is None else "all of the link's costs")


def _figures(part: Part) -> Iterator[Figure]:
    crossed = rounding.gigabytes(part.aws_to_azure + part.azure_to_aws)
    yield Figure("Traffic", f"{crossed} GB", directions(part.aws_to_azure, part.azure_to_aws))
    yield Figure(MANAGED, managed([part]))
    yield per_gb(part)


def _cost(line: Line) -> Cost:
    source = f"{wording.line(line.source, 80)}{', brought along' if line.fallback else ''}"
    how = (
        f"{_amount(line)} at {rounding.unit_price(line.unit_price)} "
        f"per {line.unit.value}, {wording.line(line.region, 40)}; price of {line.priced_on}, {source}"
    )
    return Cost(wording.title(line.what), how, rounding.money(line.cost), line.mark.value)


def _amount(line: Line) -> str:
    if line.unit is Unit.MILLION:
        return rounding.quantity(line.quantity * MILLION)
    plural = line.unit in (Unit.HOUR, Unit.MONTH, Unit.GB_SECOND) and line.quantity != 1
    return f"{rounding.quantity(line.quantity)} {line.unit.value}{'s' if plural else ''}"


def _bars(crossed: Sequence[Crossed], label: str, zone: ZoneInfo) -> Iterator[Bar]:
    widest = max((one.aws_to_azure + one.azure_to_aws for one in crossed), default=0) or 1
    for one in crossed:
        nothing = not one.complete and not one.aws_to_azure + one.azure_to_aws
        yield Bar(
            label=f"{one.start.astimezone(zone):{label}}",
            aws_to_azure="gap" if nothing else rounding.gigabytes(one.aws_to_azure),
            azure_to_aws="gap" if nothing else rounding.gigabytes(one.azure_to_aws),
            first=100 * one.aws_to_azure // widest,
            second=100 * one.azure_to_aws // widest,
            complete=one.complete,
        )


def _gaps(gaps: Sequence[str]) -> tuple[str, ...]:
    said = tuple(wording.sentence(gap) for gap in gaps[:_GAPS])
    more = len(gaps) - _GAPS
    return (*said, f"and {wording.counted(more, 'more gap')}, in the attachment.") if more > 0 else said
