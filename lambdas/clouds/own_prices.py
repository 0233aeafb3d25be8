"""The prices that Causeway brings along, lambdas/prices.json, for when a cloud tells none and none is kept."""

import json
from datetime import date
from functools import cache
from pathlib import Path

from link.cost.price import Item, Price, Sane, Tier, Unit, Wanted
from link.record import Record

_FILE = Path(__file__).parents[1] / "prices.json"
EVERYWHERE = "*"


class Entry(Record):
    """One price. `tiers` are pairs of start and price; `source` says where it was read, `read_on` when."""

    item: Item
    regions: tuple[str, ...]
    detail: str = ""
    unit: Unit
    tiers: tuple[tuple[Sane, Sane], ...]
    effective: date | None = None
    read_on: date
    source: str


@cache
def entries() -> tuple[Entry, ...]:
    """All of the file."""
    return tuple(Entry.model_validate(entry) for entry in json.loads(_FILE.read_text()))


def prices(wanted: Wanted) -> tuple[Price, ...]:
    """The price that Causeway brings along; empty when it has none for the region or the detail."""
    return tuple(_price(entry, wanted.region) for entry in entries() if _fits(entry, wanted))[:1]


def _fits(entry: Entry, wanted: Wanted) -> bool:
    everywhere = EVERYWHERE in entry.regions
    return (entry.item, entry.detail) == (wanted.item, wanted.detail) and (everywhere or wanted.region in entry.regions)


def _price(entry: Entry, region: str) -> Price:
    return Price(
        item=entry.item,
        region=region,
        unit=entry.unit,
        tiers=tuple(Tier(start=start, price=price) for start, price in entry.tiers),
        effective=entry.effective,
        read_on=entry.read_on,
        source=entry.source,
        fallback=True,
    )
