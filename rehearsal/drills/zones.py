"""The zone of the gateway has no capacity for another one, so the new one comes up in another zone."""

from collections.abc import Iterator
from typing import Any

from rehearsal import faults
from rehearsal.drills import aws, scene
from rehearsal.drills.scene import Scene

# A refused launch is answered with a status of the 500 series, which the SDK tries again after up to some seconds.
NEXT_ZONE_S = 5.0


def zone(now: Scene) -> str:
    """The availability zone of the gateway. Raises LookupError."""
    return str(now.instance["Placement"]["AvailabilityZone"])


def fill_and_terminate(now: Scene) -> None:
    faults.fill_zone(zone(now))
    aws.terminate(now)


def judge(before: Scene, _broke_at: float) -> Iterator[str]:
    yield from wrong(before, scene.look(before.link), faults.aws_faults())


def wrong(before: Scene, now: Scene, done: list[dict[str, Any]]) -> Iterator[str]:
    """`done` are the faults that happened: without a refused launch nothing has been shown."""
    if not any((one["kind"], one["target"]) == ("full", zone(before)) for one in done):
        yield f"no launch was refused in {zone(before)}"
    if zone(now) == zone(before):
        yield f"the new gateway is in {zone(now)} too"


def give_back(_: Scene) -> None:
    faults.aws_clear()
