"""Two links of one VPC: something is wrong with one of them, and the other heals at its usual speed.

The bad one comes first in the list of links, and its fault lasts until a person is alerted to it.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from link import region
from rehearsal import checks, clients, faults, places, several
from rehearsal.drills import alerts, eyes
from rehearsal.drills.scene import Scene
from rehearsal.hanging import Hanging

BAD, GOOD = several.ONE, several.TWO
LINKS = (BAD, GOOD)
UNREADABLE = "{ no settings"
WHOLE_WITHIN_S = 300.0
ALERTED_WITHIN_S = 480.0  # some alerts are due after five minutes
LOOK_EVERY_S = 5.0


def row() -> str:
    """The bad link's settings as the region's table has them."""
    found = clients.aws("dynamodb").get_item(TableName=region.LINKS, Key={"id": {"S": BAD.name}})
    return str(found["Item"]["settings"]["S"])


def write_row(settings: str) -> None:
    clients.aws("dynamodb").update_item(
        TableName=region.LINKS,
        Key={"id": {"S": BAD.name}},
        UpdateExpression="SET settings = :s",
        ExpressionAttributeValues={":s": {"S": settings}},
    )


def with_function(settings: str, url: str) -> str:
    """The same settings with another address of the Function."""
    found: dict[str, Any] = json.loads(settings)
    found["spec"]["azure"]["function_url"] = url
    return json.dumps(found)


@dataclass
class BadLink:
    """`spoil` gets the bad link's row. A person is to be alerted with `reason`. The row is put back afterwards."""

    reason: str
    spoil: Callable[[str], None]
    unspoil: Callable[[], None]
    terminate: Callable[[Scene], object]
    kept: str = ""

    def prepare(self, _: Scene) -> None:
        """The bad link is whole before it is spoilt, too."""
        eyes.settle(BAD, WHOLE_WITHIN_S)

    def break_(self, now: Scene) -> None:
        self.kept = row()
        self.spoil(self.kept)
        self.terminate(now)

    def judge(self, _: Scene, broke_at: float) -> Iterator[str]:
        ends_at = broke_at + ALERTED_WITHIN_S
        while not (told := alerts.with_reason(self.reason, alerts.told(broke_at))) and time.time() < ends_at:
            time.sleep(LOOK_EVERY_S)
        if not told:
            yield f"no alert of {self.reason} of the bad link"

    def restore(self, _: Scene) -> None:
        if self.kept:
            write_row(self.kept)
            self.kept = ""
        self.unspoil()


def unreadable_row(terminate: Callable[[Scene], object]) -> BadLink:
    return BadLink("RowUnreadable", lambda _: write_row(UNREADABLE), lambda: None, terminate)


def hanging_function(terminate: Callable[[Scene], object]) -> BadLink:
    """The row names a Function that takes every request and answers none. The walk's functions know another one."""
    hanging = Hanging(places.HANGING_PORT)

    def spoil(settings: str) -> None:
        hanging.start(places.TLS)
        write_row(with_function(settings, hanging.url))

    return BadLink("FunctionUnreachable", spoil, hanging.stop, terminate)


def denied_table(terminate: Callable[[Scene], object]) -> BadLink:
    """The watch may not read the bad link's table, in whatever batch it stands."""

    def spoil(_: str) -> None:
        faults.refuse("dynamodb.BatchGetItem", "AccessDeniedException", holding=checks.table(BAD))

    return BadLink("LinkNotLooked", spoil, faults.aws_clear, terminate)
