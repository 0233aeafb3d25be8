"""Prices as they were read last, in the region's table: an item a price, with its predecessors of the last months."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field, ValidationError

from lambdas.clouds import dynamo
from link import region
from link.cost.price import Price, Wanted
from link.record import Record


class _Kept(Record):
    prices: tuple[Price, ...] = Field(min_length=1)


def recall(wanted: Iterable[Wanted]) -> dict[Wanted, tuple[Price, ...]]:
    """What is kept of them, the newest last. An item that another version of Causeway wrote may be unreadable: none."""
    ids = {(region.LINKS, _id(one)): one for one in wanted}
    items = dynamo.get_all(ids)
    return {ids[id]: prices for id, item in items.items() if (prices := _prices(item))}


def _prices(item: Mapping[str, str]) -> tuple[Price, ...]:
    try:
        return _Kept.model_validate_json(item.get("document", "")).prices
    except ValidationError:
        return ()


def keep(wanted: Wanted, prices: Sequence[Price]) -> None:
    """Keeps them, the newest last."""
    document = _Kept(prices=tuple(prices)).model_dump_json()
    dynamo.put(region.LINKS, _id(wanted), document=document, read_on=prices[-1].read_on.isoformat())


def _id(wanted: Wanted) -> str:
    """No link has such a name: theirs have no "#"."""
    return f"price#{wanted.item}#{wanted.region}#{wanted.detail}"
