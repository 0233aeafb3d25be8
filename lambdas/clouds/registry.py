"""The region's list of links that have been up and are wanted. The watch reads it; walks write it.

Other things are kept in the same table (kept_prices.py, claims.py); a link is what has settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from lambdas.settings import Settings
from link import region
from link.condition import Condition
from link.healing_state import HealingState

_HEALING = TypeAdapter(dict[str, HealingState])


@dataclass(frozen=True)
class Rows:
    """All rows of a region, in the order of their names. `unreadable` has a condition for each row that is no link."""

    links: tuple[Settings, ...]
    unreadable: tuple[Condition, ...]
    healing: Mapping[str, HealingState]


def register(link: Settings) -> None:
    """Has the link watched from now on, as it is declared and deployed now."""
    dynamo.put(region.LINKS, link.spec.name, settings=link.model_dump_json())


def strike(name: str) -> None:
    """Has the link watched no more."""
    dynamo.delete(region.LINKS, name)


def keep_healing(states: Mapping[str, HealingState]) -> None:
    """Keeps what was alerted of links that could not be looked at, by link."""
    dynamo.put(region.LINKS, region.HEALING, healing=_HEALING.dump_json(dict(states)).decode())


def rows(where: str | None = None) -> Rows:
    """All rows of a region; of none, of this function's own."""
    with translated("reading the list of links"):
        pages = (
            dynamo.client(where)
            .get_paginator("scan")
            .paginate(
                TableName=region.LINKS,
                ConsistentRead=True,
                # DynamoDB filters by no attribute of the key.
                FilterExpression="attribute_exists(settings) OR attribute_exists(healing)",
            )
        )
        items = [dynamo.plain(item) for page in pages for item in page["Items"]]
    read = {str(item["id"]): _row(item) for item in items if item["id"] != region.HEALING}
    return Rows(
        tuple(row for _, row in sorted(read.items()) if isinstance(row, Settings)),
        tuple(row for _, row in sorted(read.items()) if isinstance(row, Condition)),
        next((_healing(item) for item in items if item["id"] == region.HEALING), {}),
    )


def links(where: str | None = None) -> tuple[Settings, ...]:
    """The links whose rows can be read."""
    return rows(where).links


def _row(item: dynamo.Item) -> Settings | Condition:
    """What a newer version has written is read with its unknown fields ignored, in the declaration too."""
    try:
        found = Settings.model_validate_json(item["settings"], extra="ignore")
        if found.spec.name != item["id"]:
            raise ValueError(f"it is of link {found.spec.name}")
        return found
    except (ValueError, TypeError, KeyError) as exc:
        fault = str(exc).splitlines()
        message = f"the link's row in table {region.LINKS} cannot be read: {'; '.join(fault[:3])[:300]}"
        return Condition(reason="RowUnreadable", subject=str(item["id"]), message=message)


def _healing(item: dynamo.Item) -> dict[str, HealingState]:
    try:
        return _HEALING.validate_json(item["healing"])
    except (ValidationError, KeyError):
        return {}
