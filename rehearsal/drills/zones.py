"""The zone that a launch tries first has no capacity, so the new gateway comes up in another one.

Causeway tries the zone of a gateway that died last, so it is the other zones that are filled.
"""

from collections.abc import Iterator
from typing import Any

from rehearsal import clients, faults
from rehearsal.drills import aws, scene
from rehearsal.drills.scene import Scene

# A refused launch is answered with a status of the 500 series, which the SDK tries again after up to some seconds.
NEXT_ZONE_S = 5.0


def zone(now: Scene) -> str:
    """The availability zone of the gateway. Raises LookupError."""
    return str(now.instance["Placement"]["AvailabilityZone"])


def fill_and_terminate(now: Scene) -> None:
    filters = [{"Name": "vpc-id", "Values": [now.vpc["VpcId"]]}]
    subnets = clients.aws("ec2").describe_subnets(Filters=filters)["Subnets"]
    for other in sorted({str(one["AvailabilityZone"]) for one in subnets} - {zone(now)}):
        faults.fill_zone(other)
    aws.terminate(now)


def judge(before: Scene, _broke_at: float) -> Iterator[str]:
    yield from wrong(scene.look(before.link), faults.aws_faults())


def wrong(now: Scene, done: list[dict[str, Any]]) -> Iterator[str]:
    """`done` are the faults that happened: without a refused launch nothing has been shown."""
    full = {one["target"] for one in done if one["kind"] == "full"}
    if not full:
        yield "no launch was refused"
    if zone(now) in full:
        yield f"the new gateway is in {zone(now)}, which was full"


def give_back(_: Scene) -> None:
    faults.aws_clear()
