"""Something in the customer's world that preflight would refuse, while the link works: it must not stop a repair.

A person is alerted to it while the link still works. Then the gateway dies, and is replaced; what is not the link's
stays as it is.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from rehearsal import deploy, faults, operator, spokes
from rehearsal.drills import alerts, aws, azure, scene
from rehearsal.drills.drill import in_order, no_more
from rehearsal.drills.scene import Scene

ALERTED_WITHIN_S = 120.0
LOOK_EVERY_S = 10.0
SPOKE = "causeway-drill-spoke"
INSIDE_AZURE = "10.0.128.0/17"  # of VNet 1's range, and not where its host is
INSIDE_VPC = IPv4Network("10.101.200.0/24")  # of VPC A's range, and in no subnet of it
BEHIND_SPOKE = IPv4Network("10.4.0.0/16")
ROUTES_PER_TABLE = ("vpc", "L-93826ACB")  # service and code in Service Quotas


@dataclass
class Finding:
    """`make` makes it in the customer's world, and `take_back` ends it, also where only a part of it was made.

    `judge_kept` says what has become of it that should not have.
    """

    reason: str
    make: Callable[[Scene], None]
    take_back: Callable[[Scene], None]
    judge_kept: Callable[[Scene], Iterator[str]] = no_more
    alerted: bool = False

    def prepare(self, now: Scene) -> None:
        """Makes it, and has the link looked at until a person is alerted. Without an alert the drill goes on."""
        self.alerted, since = False, time.time()
        self.make(now)
        ends_at = time.time() + ALERTED_WITHIN_S
        while not self.alerted and time.time() < ends_at:
            operator.causeway("look", now.link.name)
            self.alerted = bool(alerts.with_reason(self.reason, alerts.told(since)))
            if not self.alerted:
                time.sleep(LOOK_EVERY_S)

    def judge(self, before: Scene, _broke_at: float) -> Iterator[str]:
        yield from self.faults(before, scene.look(before.link))

    def faults(self, before: Scene, now: Scene) -> Iterator[str]:
        """What went wrong but for the repair: no alert in time, or something foreign was touched."""
        if not self.alerted:
            yield f"no alert of {self.reason} before the gateway died"
        was, still = foreign(before), foreign(now)
        yield from (f"foreign, and gone: {one}" for one in sorted(was - still))
        yield from (f"foreign, and new: {one}" for one in sorted(still - was))
        yield from self.judge_kept(now)


def foreign(now: Scene) -> set[str]:
    """What is the customer's and may differ by a mistake: routes that do not lead to the gateway, Azure's network."""
    routes = {
        f"{table['RouteTableId']} routes {route['DestinationCidrBlock']} to {target}"
        for table in now.tables
        for route in table["Routes"]
        if (target := route.get("NetworkInterfaceId", route.get("GatewayId"))) != now.interface
        and "DestinationCidrBlock" in route
    }
    inner = now.network["properties"]
    peerings = [(one["name"], one["properties"]["peeringState"]) for one in inner.get("virtualNetworkPeerings", [])]
    ranges = {f"the virtual network has {prefix}" for prefix in inner["addressSpace"]["addressPrefixes"]}
    return routes | ranges | {f"the virtual network's peering {name} is {state}" for name, state in peerings}


def take_route(now: Scene) -> None:
    """A part of Azure's range leads to another interface of the customer's."""
    aws.make_interface(now)
    aws.route_to_other_interface(now, INSIDE_AZURE)


give_route_back = in_order(lambda before: aws.delete_route_to(before, INSIDE_AZURE), aws.delete_interface)


def overlap(now: Scene) -> None:
    """Another team peers a network whose range is a part of the VPC's."""
    spokes.make(SPOKE, INSIDE_VPC, now.link.vnet.name)


def delete_spoke(before: Scene) -> None:
    spokes.delete(SPOKE, before.link.vnet.name)


def is_not_routed(now: Scene) -> Iterator[str]:
    yield from (f"{table} routes {INSIDE_VPC}" for table, _, _ in _routes_to(now, str(INSIDE_VPC)))


def lose_peering(now: Scene) -> None:
    """A second network is declared and reached by a peering; then the peering goes, and the declaration stays."""
    spokes.make(SPOKE, BEHIND_SPOKE, now.link.vnet.name)
    _declare([now.link.vnet.name, SPOKE])
    spokes.part(SPOKE, now.link.vnet.name)


def _declare(networks: list[str]) -> None:
    [declared] = deploy.declared()
    if declared["azure"]["virtual_networks"] != networks:
        deploy.prepare([{**declared, "azure": {**declared["azure"], "virtual_networks": networks}}])
        deploy.deploy()


# The network goes last: a declared one that is missing would be refused.
declare_hub_alone = in_order(lambda before: _declare([before.link.vnet.name]), delete_spoke)


def keeps_its_routes(now: Scene) -> Iterator[str]:
    """By the new gateway, in every private table."""
    routed = {table for table, target, state in _routes_to(now, str(BEHIND_SPOKE)) if (target, state) == _by(now)}
    for table in now.private_tables:
        if table["RouteTableId"] not in routed:
            yield f"{table['RouteTableId']} has lost its route to {BEHIND_SPOKE}"


def _by(now: Scene) -> tuple[str, str]:
    return now.interface, "active"


def _routes_to(now: Scene, prefix: str) -> Iterator[tuple[str, Any, str]]:
    """Table, target and state of each route to the prefix."""
    for table in now.tables:
        for route in table["Routes"]:
            if route.get("DestinationCidrBlock") == prefix:
                yield table["RouteTableId"], route.get("NetworkInterfaceId"), route["State"]


def fill_tables(now: Scene) -> None:
    """No table has room for another route, and Azure gets a prefix more."""
    faults.set_quota(*ROUTES_PER_TABLE, routes_held(now))
    azure.add_prefix(now)


def routes_held(now: Scene) -> int:
    """The most routes that a private table holds. Local ones do not count (Amazon VPC user guide, quotas)."""
    held: list[int] = [
        sum(route.get("GatewayId") != "local" for route in table["Routes"]) for table in now.private_tables
    ]
    return max(held)


# The prefix goes first, or it would be routed as soon as there is room.
empty_tables = in_order(azure.remove_prefix, lambda _: faults.aws_clear())
