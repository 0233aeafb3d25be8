"""What an item costs: prices with their tiers, date and source, and what an amount costs at them."""

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from link.errors import PriceInvalid
from link.record import Record

# A byte is 30 decimal places of a GB of 2^30 bytes: the 28 digits of Decimal's own context would round.
EXACT = Context(prec=100)

# What the account may send to the internet each month before AWS's first tier begins: "100GB of data transfer out to
# the internet, aggregated globally" (AWS Price List, AWSDataTransfer, usage type Global-DataTransfer-Out-Bytes).
AWS_ALLOWANCE_GB = Decimal(100)


class Item(StrEnum):
    """What is priced. The value stands in the CSV."""

    AWS_EGRESS = "aws_egress"
    AZURE_EGRESS = "azure_egress"
    GATEWAY_INSTANCE = "gateway_instance"
    PUBLIC_IPV4 = "public_ipv4"
    AZURE_GATEWAY = "azure_gateway"
    AZURE_PUBLIC_IPV4 = "azure_public_ipv4"
    MANAGED_VPN = "managed_vpn"
    LAMBDA_REQUESTS = "lambda_requests"
    LAMBDA_COMPUTE = "lambda_compute"
    STATE_TRANSITIONS = "state_transitions"
    TABLE_WRITES = "table_writes"
    TABLE_READS = "table_reads"
    SECRETS = "secrets"
    METRICS = "metrics"
    ALARMS = "alarms"


class Unit(StrEnum):
    """In what an amount is counted."""

    GB = "GB"
    HOUR = "hour"
    GB_SECOND = "GB-second"
    MILLION = "million"
    MONTH = "month"


class Wanted(Record):
    """Which price is asked for. `detail` is the instance type of a GATEWAY_INSTANCE, the SKU of an AZURE_GATEWAY.

    `region` is as its cloud writes it: "eu-west-1", "westeurope".
    """

    item: Item
    region: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{' '.join(filter(None, (self.item, self.detail)))} in {self.region}"


# What an interface may answer: nothing negative, and nothing so large or small that computing with it fails.
Sane = Annotated[Decimal, Field(ge=0, le=10**18, decimal_places=20)]


class Tier(Record):
    """From `start` units of a month on, one more unit costs `price`."""

    start: Sane
    price: Sane


class Price(Record):
    """The price of an item in a cloud's region from `effective` on (None: since ever), in US dollars.

    `read_on` is the day on which the source said so; `fallback`: it is from the file that Causeway brings along.
    Its tiers begin at 0 and ascend; ValidationError otherwise.
    """

    item: Item
    region: str
    unit: Unit
    tiers: tuple[Tier, ...] = Field(min_length=1)
    effective: date | None
    read_on: date
    source: str
    fallback: bool = False

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        starts = [tier.start for tier in self.tiers]
        if starts[0] != 0:
            raise ValueError(f"the first tier begins at {starts[0]}, not at 0")
        if any(here >= there for here, there in pairwise(starts)):
            raise ValueError("two tiers begin at the same amount or out of order")
        return self


def invalid(wanted: Wanted, why: str | ValidationError) -> PriceInvalid:
    """The error that names what was asked and what is wrong: of many faults the first."""
    if isinstance(why, ValidationError):
        first = why.errors(include_url=False)[0]
        why = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, "))))
    return PriceInvalid(f"price of {wanted}: {why}")


def cost(tiers: Sequence[Tier], amount: Decimal, before: Decimal = Decimal(0)) -> Decimal:
    """What `amount` more units cost when `before` units of the month have been used. Exact, not rounded.

    ValueError when one of them is negative.
    """
    if amount < 0 or before < 0:
        raise ValueError(f"less than nothing was used: {amount} after {before}")
    with localcontext(EXACT):
        return _up_to(tiers, before + amount) - _up_to(tiers, before)


def _up_to(tiers: Sequence[Tier], position: Decimal) -> Decimal:
    ends = [min(position, tier.start) for tier in tiers[1:]] + [position]
    spans = (max(end - tier.start, Decimal(0)) * tier.price for tier, end in zip(tiers, ends, strict=True))
    return sum(spans, Decimal(0))


def without_allowance(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """The first paid tier begins at 0, the others keep their starts. What is free for ever stays free."""
    paid = [at for at, tier in enumerate(tiers) if tier.price]
    if not paid:
        return tuple(tiers)
    first = tiers[paid[0]]
    return (Tier(start=Decimal(0), price=first.price), *tiers[paid[0] + 1 :])


def with_allowance(tiers: Sequence[Tier], allowance: Decimal) -> tuple[Tier, ...]:
    """Tiers that begin after `allowance` free units; those that begin free already have their own.

    AWS lists its free units apart, and its first tier is "beyond the global free tier" (the description in the Price
    List), so all tiers begin later. Azure's first tier is the free one.
    """
    if not tiers[0].price or not allowance:
        return tuple(tiers)
    with localcontext(EXACT):
        later = [Tier(start=tier.start + allowance, price=tier.price) for tier in tiers]
    return (Tier(start=Decimal(0), price=Decimal(0)), *later)
