"""Links as the clouds bill them, and rates: each test changes what it is about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from link.cost.bill import Account, Rates
from link.cost.price import Item, Price, Tier, Unit, Wanted
from link.cost.traffic import Meter, Sample

OCTOBER, NOVEMBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
GB = 2**30


def meter(
    *points: tuple[datetime, Fraction | int, Fraction | int], since: datetime = OCTOBER, instance: str = "i-1"
) -> Meter:
    """One gateway's counters: (when, GB to Azure, GB to AWS) in all since it began."""
    return Meter(
        Sample(instance=instance, since=since, read_at=at, aws_to_azure=int(there * GB), azure_to_aws=int(back * GB))
        for at, there, back in points
    )


def account(counted: Meter, **changes: Any) -> Account:
    """A link in Ireland and West Europe."""
    given: dict[str, Any] = {
        "link": "main",
        "aws_region": "eu-west-1",
        "azure_region": "westeurope",
        "instance_type": "t3.small",
        "gateway_sku": "VpnGw1AZ",
        "azure_addresses": 1,
        "sharers": 1,
        "since": OCTOBER,
        "meter": counted,
    }
    return Account(**{**given, **changes})


def tiers(*pairs: tuple[int, str]) -> tuple[Tier, ...]:
    return tuple(Tier(start=Decimal(start), price=Decimal(each)) for start, each in pairs)


def priced(
    item: Item, unit: Unit, steps: Sequence[tuple[int, str]], region: str, detail: str = "", since: date | None = None
) -> tuple[Wanted, Price]:
    wanted = Wanted(item=item, region=region, detail=detail)
    known = Price(
        item=item,
        region=region,
        unit=unit,
        tiers=tiers(*steps),
        effective=since,
        read_on=date(2026, 11, 1),
        source="a list",
    )
    return wanted, known


AWS_TIERS = ((0, "0.09"), (10240, "0.085"))
AZURE_TIERS = ((0, "0"), (100, "0.087"), (10335, "0.083"))


def rates(*more: tuple[Wanted, Price], other_gb: dict[Item, Decimal] | None = None) -> Rates:
    """Ireland's and West Europe's prices; `more` are further ones of a later day."""
    found: dict[Wanted, list[Price]] = {}
    for wanted, known in (
        priced(Item.AWS_EGRESS, Unit.GB, AWS_TIERS, "eu-west-1"),
        priced(Item.AZURE_EGRESS, Unit.GB, AZURE_TIERS, "westeurope"),
        priced(Item.GATEWAY_INSTANCE, Unit.HOUR, ((0, "0.0228"),), "eu-west-1", "t3.small"),
        priced(Item.PUBLIC_IPV4, Unit.HOUR, ((0, "0.005"),), "eu-west-1"),
        priced(Item.AZURE_GATEWAY, Unit.HOUR, ((0, "0.19"),), "westeurope", "VpnGw1AZ"),
        priced(Item.STATE_TRANSITIONS, Unit.MILLION, ((0, "25"),), "eu-west-1"),
        priced(Item.MANAGED_VPN, Unit.HOUR, ((0, "0.05"),), "eu-west-1"),
        *more,
    ):
        found.setdefault(wanted, []).append(known)
    return Rates(found, other_gb)
