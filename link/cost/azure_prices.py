"""What is asked of Azure's Retail Prices interface, and its pages as prices. Pure; what it refuses is PriceInvalid.

Format and names: https://learn.microsoft.com/en-us/rest/api/cost-management/retail-prices/azure-retail-prices.
A tier is an item of its own. A meter may be listed twice for a region (primary and other meters), at one price.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from link.cost.price import Item, Price, Sane, Tier, Unit, Wanted, invalid


@dataclass(frozen=True)
class Meter:
    """`product` and `meter` None: not told by it. An empty `meter` is the wanted detail."""

    service: str
    product: str | None
    meter: str
    unit: Unit
    words: tuple[str, ...]


# Traffic of a VPN gateway leaves by Microsoft's own network (MGN): its addresses have no routing preference "Internet".
METERS: Mapping[Item, Meter] = {
    Item.AZURE_EGRESS: Meter("Bandwidth", "Rtn Preference: MGN", "Standard Data Transfer Out", Unit.GB, ("1 GB",)),
    Item.AZURE_GATEWAY: Meter("VPN Gateway", None, "", Unit.HOUR, ("1 Hour", "1/Hour")),
    Item.AZURE_PUBLIC_IPV4: Meter(
        "Virtual Network", "IP Addresses", "Standard IPv4 Static Public IP", Unit.HOUR, ("1 Hour", "1/Hour")
    ),
}


class Row(BaseModel):
    """A tier of a meter, as far as it is needed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    price: Sane = Field(alias="retailPrice")
    start: Sane = Field(alias="tierMinimumUnits")
    unit: str = Field(alias="unitOfMeasure")
    currency: str = Field(alias="currencyCode")
    effective: AwareDatetime = Field(alias="effectiveStartDate")
    kind: str = Field(alias="type")
    service: str = Field(alias="serviceName")
    product: str = Field(alias="productName")
    meter: str = Field(alias="meterName")
    region: str = Field(alias="armRegionName")


class Page(BaseModel):
    """One answer. `following` is where the next one is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rows: tuple[Row, ...] = Field(alias="Items")
    following: str | None = Field(alias="NextPageLink", default=None)


def ask(wanted: Wanted) -> str:
    """The `$filter`. Values are compared with regard to case. Raises PriceInvalid when the SKU is missing."""
    meter = METERS[wanted.item]
    asked = {
        "serviceName": meter.service,
        "productName": meter.product,
        "meterName": _meter(wanted),
        "armRegionName": wanted.region,
        "priceType": "Consumption",
    }
    return " and ".join(f"{name} eq {_quoted(value)}" for name, value in asked.items() if value)


def _meter(wanted: Wanted) -> str:
    meter = METERS[wanted.item].meter or wanted.detail
    if not meter:
        raise invalid(wanted, "no SKU was named")
    return meter


def _quoted(value: str) -> str:
    """OData doubles a quote within a text (OData URL conventions, primitive literals)."""
    return "'" + value.replace("'", "''") + "'"


def page(wanted: Wanted, text: bytes) -> Page:
    """One answer's text. Raises PriceInvalid."""
    try:
        return Page.model_validate_json(text)
    except ValidationError as exc:
        raise invalid(wanted, exc) from exc


def price(wanted: Wanted, rows: Iterable[Row], read_on: date) -> Price:
    """The price that all rows of the answer tell on that day. Raises PriceInvalid."""
    meter, name = METERS[wanted.item], _meter(wanted)
    asked = [row for row in rows if _is(row, wanted, meter, name)]
    begun = [row for row in asked if _day(row) <= read_on]
    if not begun:
        raise invalid(wanted, "Azure lists no price that has begun")
    try:
        return Price(
            item=wanted.item,
            region=wanted.region,
            unit=meter.unit,
            tiers=_tiers(wanted, meter, begun),
            effective=max(map(_day, begun)),
            read_on=read_on,
            source=f"Azure Retail Prices, {meter.service} {name}",
        )
    except ValidationError as exc:
        raise invalid(wanted, exc) from exc


def _is(row: Row, wanted: Wanted, meter: Meter, name: str) -> bool:
    return (
        row.kind == "Consumption"
        and row.service == meter.service
        and row.product == (meter.product or row.product)
        and row.meter == name
        and row.region == wanted.region
    )


def _day(row: Row) -> date:
    return row.effective.astimezone(UTC).date()


def _tiers(wanted: Wanted, meter: Meter, rows: Sequence[Row]) -> tuple[Tier, ...]:
    """Of several prices of a tier the one that began last."""
    latest: dict[Decimal, Row] = {}
    for row in sorted(rows, key=_day):
        _check(wanted, meter, row)
        other = latest.get(row.start)
        if other and _day(other) == _day(row) and other.price != row.price:
            raise invalid(wanted, f"Azure lists two prices from {row.start} on: {other.price} and {row.price}")
        latest[row.start] = row
    return tuple(Tier(start=start, price=latest[start].price) for start in sorted(latest))


def _check(wanted: Wanted, meter: Meter, row: Row) -> None:
    if row.currency != "USD":
        raise invalid(wanted, f"its price is in {row.currency}, not in USD")
    if row.unit not in meter.words:
        raise invalid(wanted, f'its unit is "{row.unit}", not {" or ".join(meter.words)}')
