"""The region's list of links that have been up and are wanted. The watch reads it; walks write it.

Other things are kept in the same table (kept_prices.py, claims.py); a link is what has settings.
"""

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from lambdas.settings import Settings
from link import region


def register(link: Settings) -> None:
    """Has the link watched from now on, as it is declared and deployed now."""
    dynamo.put(region.LINKS, link.spec.name, settings=link.model_dump_json())


def strike(name: str) -> None:
    """Has the link watched no more."""
    dynamo.delete(region.LINKS, name)


def links(where: str | None = None) -> tuple[Settings, ...]:
    """All links of a region, in the order of their names; of none, of this function's own."""
    with translated("reading the list of links"):
        pages = (
            dynamo.client(where)
            .get_paginator("scan")
            .paginate(TableName=region.LINKS, ConsistentRead=True, FilterExpression="attribute_exists(settings)")
        )
        found = [Settings.model_validate_json(item["settings"]["S"]) for page in pages for item in page["Items"]]
    return tuple(sorted(found, key=lambda link: link.spec.name))
