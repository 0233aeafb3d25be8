"""Faults of the clouds' own: calls that are throttled, a Function that is away, an operation that never ends."""

import copy
from collections.abc import Iterator

from azure.mgmt.network import models

from rehearsal import clients, faults, places, services
from rehearsal.drills.scene import Scene

LOOKS = ("DescribeInstances", "DescribeAddresses", "DescribeRouteTables", "DescribeSecurityGroups")
THROTTLED_S = 600  # until `faults.clear`
EXTRA_PREFIX = "10.200.0.0/16"


def throttle(_: Scene) -> None:
    """Whatever the product asks EC2 about the link."""
    for call in LOOKS:
        faults.throttle(f"ec2.{call}", seconds=THROTTLED_S)


def is_throttled(_: Scene) -> Iterator[str]:
    """Shown by a call that was refused, not by the order."""
    if any(one["kind"] == "throttle" for one in faults.aws_faults()):
        yield "EC2 throttles the product's calls"


def end_function(_: Scene) -> None:
    faults.functions_gone()


def function_is_away(_: Scene) -> Iterator[str]:
    if not services.listens(places.FUNCTIONS_PORT):
        yield "the Function does not answer"


def stick(now: Scene) -> None:
    """A range too many in the local network gateway: it harms no traffic, and what puts it right never ends."""
    assert now.local_gateway is not None
    body = copy.deepcopy(now.local_gateway)
    body["properties"]["localNetworkAddressSpace"]["addressPrefixes"].append(EXTRA_PREFIX)
    clients.arm().local_network_gateways.begin_create_or_update(
        clients.RESOURCE_GROUP, now.link.stack, models.LocalNetworkGateway(body)
    ).result()
    faults.arm_stick(f"localNetworkGateways/{now.link.stack}")


def is_stuck(_: Scene) -> Iterator[str]:
    for one in faults.arm_faults():
        if "stuck" in one:
            yield f"Azure does not end {one['stuck'].split('/')[-2]}"


def clear(_: Scene) -> None:
    faults.clear()
