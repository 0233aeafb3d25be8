"""What the mail says, as values: every number is computed before it is drawn (lambdas/mail draws)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from link.cost.price import Item, Unit
from link.record import Record


class Every(StrEnum):
    """How often a statement is sent; also the length of its period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Mark(StrEnum):
    """Where a cost comes from: our own counters times list prices, or the cloud's bill."""

    ESTIMATE = "estimate"
    BILLED = "billed"


class Trend(StrEnum):
    """The change against the period before; within 5% is flat."""

    UP = "up"
    DOWN = "down"
    FLAT = "flat"
    UNKNOWN = "unknown"


class Line(Record):
    """One priced item. `unit_price` is the mean over the tiers it fell into; `cost` is exact, in US dollars."""

    item: Item
    what: str  # for a person: "Data from AWS to Azure"
    region: str
    quantity: Decimal
    unit: Unit
    unit_price: Decimal
    cost: Decimal
    priced_on: date
    source: str
    fallback: bool = False
    mark: Mark = Mark.ESTIMATE


class Crossed(Record):
    """Outer bytes of one hour or day, which begins at `start` (aware)."""

    start: datetime
    aws_to_azure: int
    azure_to_aws: int
    complete: bool = True  # False: part of it lies in a gap


class Incident(Record):
    """Something that was healed: the reason word, when it was seen, and after how many seconds it was well again."""

    reason: str
    at: datetime
    seconds: int | None  # None: not yet


class Health(Record):
    """The five lines at the mail's end. `uptime` is a share of 0 to 1 of the time that was looked at."""

    uptime: Decimal | None
    looked_at: Decimal  # share of the period, from when the link began, in which readings came
    incidents: tuple[Incident, ...]
    gateways: tuple[str, ...]  # "i-0abc... running since 2026-11-01 10:00 UTC; Azure says Connected"


class Witness(Record):
    """Azure's own counters (inner bytes) beside ours (outer bytes). `explained`: by the headers between the two."""

    aws_to_azure: int
    azure_to_aws: int
    explained: bool
    because: str


class Part(Record):
    """One link's share of the statement."""

    link: str
    aws_region: str
    azure_region: str
    aws_to_azure: int
    azure_to_aws: int
    lines: tuple[Line, ...]
    total: Decimal
    previous: Decimal | None
    per_gb: Decimal | None  # None: nothing crossed
    managed: Decimal | None  # the same time and traffic with AWS-managed Site-to-Site VPN in the gateway's place
    gaps: tuple[str, ...]
    hours: tuple[Crossed, ...]  # from the one on in which the link began, as are the days
    days: tuple[Crossed, ...]
    witness: Witness | None
    health: Health


class Statement(Record):
    """All links of a deployment over one period. Money is US dollars, exact; who draws it rounds."""

    every: Every
    label: str  # "October 2026", "week 44 of 2026", "2026-10-31"
    start: datetime
    end: datetime
    time_zone: str
    made_at: datetime
    parts: tuple[Part, ...]
    total: Decimal
    previous: Decimal | None
    trend: Trend
    change: Decimal | None  # +0.12 is 12% more
    month_to_date: Decimal
    forecast: Decimal | None  # for the month in which `end` lies
    forecast_method: str
    budget: Decimal | None
    over_budget: bool
    allowance: str  # how the free allowance was treated, one sentence
    notes: tuple[str, ...]  # what the reader must know: fallback prices, an interface that did not answer
