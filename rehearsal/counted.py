"""What crossed, by two who count it: the internet between the clouds, and the gateway, in samples in its link's table.

The gateway speaks once a minute, so its newest sample is up to a minute old.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal import checks, clients, internet, places, progress, services, wires, world

CLOCKS_DIFFER = timedelta(seconds=5)  # a machine sets its clock once, as it boots, by one that knows whole seconds
PATIENCE_S = 150.0
LOOK_EVERY_S = 2.0


class Silent(Exception):
    """The gateway has told nothing of its counters in the time given; the message says when it last did."""


@dataclass(frozen=True)
class Crossed:
    """Outer bytes since the beginning, as the internet has counted them until `at` (aware, UTC)."""

    at: datetime
    aws_to_azure: int
    azure_to_aws: int


def crossed() -> Crossed:
    """Now. Without a data plane nothing crosses, and nobody counts."""
    found = internet.counters() if services.has_data_plane() else {}
    return Crossed(datetime.now(UTC), internet.outer_bytes("from", found), internet.outer_bytes("to", found))


def wait_for_sample(link: world.Link, since: datetime) -> None:
    """Returns when the gateway has told what its counters said after `since`. Raises Silent."""
    deadline = time.monotonic() + PATIENCE_S
    with progress.step(f"waiting for what the gateway of link {link.name} counted after {since:%H:%M:%S}"):
        while not is_of_now(sample := _newest_of(link), since, datetime.now(UTC)):
            if time.monotonic() > deadline:
                raise Silent(f"its newest sample after {PATIENCE_S:.0f} s is of {sample}, and one after {since} is due")
            time.sleep(LOOK_EVERY_S)


def is_of_now(sample: datetime | None, since: datetime, now: datetime) -> bool:
    """Surely read after `since`, and not in what `now` is the future: the mail would count a part of it only."""
    return sample is not None and since + CLOCKS_DIFFER < sample <= now


def _newest_of(link: world.Link) -> datetime | None:
    pages = clients.aws("dynamodb").get_paginator("scan").paginate(TableName=checks.table(link))
    return newest(item for page in pages for item in page["Items"])


def newest(items: Iterable[Mapping[str, Any]]) -> datetime | None:
    """When the newest traffic sample was read (docs/cost.md has the items). `items` are as Scan answers."""
    said = [
        value["S"]
        for item in items
        if item["id"]["S"].startswith("traffic#")
        for name, value in item.items()
        if "@" in name
    ]
    return max((datetime.fromisoformat(one.split()[0]) for one in said), default=None)


def lost_on_the_way_in() -> int:
    """Packets that the internet counted and no machine took: those dropped at the ends of the machines' wires."""
    links = json.loads(wires.run(["ip", "-n", places.NAMESPACE_VPC, "-j", "-s", "link", "show"]))
    return sum(one["stats64"]["tx"]["dropped"] for one in links if one["ifname"].startswith("vm"))
