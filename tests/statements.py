"""Statements to test with: October 2026 of a link that carried 380 GB. Each test changes what it is about."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from link.cost.price import Item, Unit
from link.cost.statement import Crossed, Every, Health, Incident, Line, Mark, Part, Statement, Trend, Witness

ZONE = "Europe/Berlin"
START = datetime(2026, 10, 1, tzinfo=ZoneInfo(ZONE))
END = datetime(2026, 11, 1, tzinfo=ZoneInfo(ZONE))
GB = 2**30
TO_AZURE, TO_AWS = 335_438_271_609, 72_586_054_321  # bytes
AWS, AZURE = "AWS Price List", "Azure Retail Prices"


def line(item: Item, what: str, quantity: str, unit: Unit, unit_price: str, **changes: Any) -> Line:
    """An item at one price; its cost is quantity times price."""
    amount, price = Decimal(quantity), Decimal(unit_price)
    given = {
        "item": item,
        "what": what,
        "region": "eu-west-1",
        "quantity": amount,
        "unit": unit,
        "unit_price": price,
        "cost": amount * price,
        "priced_on": date(2026, 11, 1),
        "source": AWS,
    }
    return Line.model_validate(given | changes)


def lines() -> tuple[Line, ...]:
    """Both clouds' traffic, what runs by the hour, and the controller."""
    azure = {"region": "westeurope", "source": AZURE}
    return (
        line(Item.AWS_EGRESS, "data from AWS to Azure", str(Decimal(TO_AZURE) / GB), Unit.GB, "0.09"),
        line(Item.AZURE_EGRESS, "data from Azure to AWS", str(Decimal(TO_AWS) / GB), Unit.GB, "0.087", **azure),
        line(Item.GATEWAY_INSTANCE, "Gateway instance, t3.small", "745", Unit.HOUR, "0.0228"),
        line(Item.PUBLIC_IPV4, "Elastic IP address", "745", Unit.HOUR, "0.005"),
        line(Item.AZURE_GATEWAY, "Azure VPN gateway, VpnGw1AZ", "745", Unit.HOUR, "0.19", **azure),
        line(Item.AZURE_PUBLIC_IPV4, "Azure public IP address", "745", Unit.HOUR, "0.005", **azure),
        line(Item.LAMBDA_REQUESTS, "Controller: Lambda requests", "0.0893", Unit.MILLION, "0.2"),
        line(Item.LAMBDA_COMPUTE, "Controller: Lambda compute", "22325.5", Unit.GB_SECOND, "0.0000166667"),
        line(Item.STATE_TRANSITIONS, "Controller: Step Functions", "0.000042", Unit.MILLION, "25"),
        line(Item.TABLE_WRITES, "Controller: DynamoDB writes", "0.134", Unit.MILLION, "0.705"),
        line(Item.SECRETS, "Pre-shared key in Secrets Manager", "1", Unit.MONTH, "0.4"),
    )


def _cut(total: int, start: datetime, step: timedelta, count: int) -> Iterator[tuple[datetime, int]]:
    """The total spread over so many steps as a working week would, exactly; steps are of elapsed time."""
    begin = start.astimezone(UTC)
    local = [(begin + step * one).astimezone(ZoneInfo(ZONE)) for one in range(count)]
    weights = [(9 if at.weekday() < 5 else 2) * (4 if 8 <= at.hour < 18 else 1) + at.day * 37 % 11 for at in local]
    given = 0
    for one, weight in enumerate(weights):
        amount = total - given if one == count - 1 else total * weight // sum(weights)
        given += amount
        yield begin + step * one, amount


def hours(aws_to_azure: int, azure_to_aws: int, count: int = 745) -> tuple[Crossed, ...]:
    """October has 745 hours where clocks are put back."""
    step = timedelta(hours=1)
    pairs = zip(_cut(aws_to_azure, START, step, count), _cut(azure_to_aws, START, step, count), strict=True)
    return tuple(
        Crossed(start=start, aws_to_azure=there, azure_to_aws=back, complete=one not in (300, 301))
        for one, ((start, there), (_, back)) in enumerate(pairs)
    )


def days(of: tuple[Crossed, ...]) -> tuple[Crossed, ...]:
    """Hours gathered by their day in the statement's zone."""
    found: dict[datetime, list[Crossed]] = {}
    for hour in of:
        local = hour.start.astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, fold=0)
        found.setdefault(local, []).append(hour)
    return tuple(
        Crossed(
            start=start,
            aws_to_azure=sum(one.aws_to_azure for one in some),
            azure_to_aws=sum(one.azure_to_aws for one in some),
            complete=all(one.complete for one in some),
        )
        for start, some in found.items()
    )


def part(**changes: Any) -> Part:
    """The link's month: traffic every day, one gap, two incidents, a witness that agrees."""
    hourly = hours(TO_AZURE, TO_AWS)
    total = sum((one.cost for one in lines()), Decimal(0))
    given: dict[str, Any] = {
        "link": "prod",
        "aws_region": "eu-west-1",
        "azure_region": "westeurope",
        "aws_to_azure": TO_AZURE,
        "azure_to_aws": TO_AWS,
        "lines": lines(),
        "total": total,
        "previous": Decimal("178.804"),
        "per_gb": total / (Decimal(TO_AZURE + TO_AWS) / GB),
        "managed": Decimal("232.9518"),
        "gaps": ("2026-10-13 12:00 to 14:00: no samples; the bytes are counted, but not when they crossed",),
        "hours": hourly,
        "days": days(hourly),
        "witness": Witness(
            aws_to_azure=311_951_000_000,
            azure_to_aws=67_505_000_000,
            explained=True,
            because="the headers of 1,400-byte packets explain up to 8%",
        ),
        "health": Health(
            uptime=Decimal("0.999876"),
            looked_at=Decimal("0.9973"),
            incidents=(
                Incident(reason="GatewayGone", at=datetime(2026, 10, 9, 3, 12, tzinfo=UTC), seconds=137),
                Incident(reason="PeerAddressChanged", at=datetime(2026, 10, 20, 17, 45, tzinfo=UTC), seconds=41),
            ),
            gateways=("i-0a1b2c3d4e5f60718 running since 2026-10-09 05:14; Azure says Connected",),
        ),
    }
    return Part.model_validate(given | changes)


def statement(*parts: Part, **changes: Any) -> Statement:
    """One link's October, 12% dearer than September, unless told otherwise."""
    shown = parts or (part(),)
    total = sum((one.total for one in shown), Decimal(0))
    previous = sum((one.previous or Decimal(0) for one in shown), Decimal(0))
    given: dict[str, Any] = {
        "every": Every.MONTH,
        "label": "October 2026",
        "start": START,
        "end": END,
        "time_zone": ZONE,
        "made_at": datetime(2026, 11, 1, 5, 0, tzinfo=UTC),
        "parts": shown,
        "total": total,
        "previous": previous,
        "trend": Trend.UP,
        "change": total / previous - 1 if previous else None,
        "month_to_date": Decimal("1.2345"),
        "forecast": Decimal("214.448"),
        "forecast_method": "the mean day of the last four weeks, times the days that are left",
        "budget": Decimal("250"),
        "over_budget": False,
        "allowance": "The free 100 GB of each cloud are left out, as if other traffic of the accounts had used them.",
        "notes": (),
    }
    return Statement.model_validate(given | changes)


def many(count: int) -> Statement:
    """So many links, each a little dearer than the one before."""
    one = part()
    links = [one.model_copy(update={"link": f"link-{n:03}", "total": one.total + n}) for n in range(count)]
    return statement(*links)


def billed(one: Line) -> Line:
    """The line as the cloud's bill has it."""
    return one.model_copy(update={"mark": Mark.BILLED})
