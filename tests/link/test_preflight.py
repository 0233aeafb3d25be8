"""Every reason not to begin has a name, says what was found, and is not given where nothing is wrong."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from link import preflight
from link.facts import Facts, VirtualNetwork
from tests import worlds

NESTED = (VirtualNetwork(id="/vnet/workloads", prefixes=(IPv4Network("10.101.4.0/24"),)),)
IDENTICAL = (VirtualNetwork(id="/vnet/workloads", prefixes=(IPv4Network("10.101.0.0/16"),)),)
TWO_ALIKE = tuple(VirtualNetwork(id=f"/vnet/{name}", prefixes=(worlds.AZURE_PREFIX,)) for name in "ab")
PUBLIC_ONLY = tuple(table for table in worlds.aws().route_tables if table.main)


def _reasons(aws: dict[str, Any], azure: dict[str, Any], declared: dict[str, Any]) -> list[str]:
    facts = Facts(aws=worlds.aws(**aws), azure=worlds.azure(**azure))
    return [refusal.reason for refusal in preflight.refusals(worlds.spec(**declared), facts)]


def test_nothing_speaks_against_a_sound_world() -> None:
    assert _reasons({}, {}, {}) == []


def test_nothing_speaks_against_a_link_that_is_up() -> None:
    mine = worlds.gateway()
    table = worlds.private_table(worlds.route("10.0.0.0/16", mine.interface))
    aws = {"gateways": (mine,), "route_tables": (*PUBLIC_ONLY, table)}
    assert _reasons(aws, {}, {"probe.address": "10.0.1.4"}) == []


@pytest.mark.parametrize(
    ("reason", "aws", "azure", "declared"),
    [
        ("OverlappingRanges", {}, {"virtual_networks": NESTED}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": IDENTICAL}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": TWO_ALIKE}, {}),
        ("NoInternetGateway", {"internet_gateway": None}, {}, {}),
        ("NoPublicSubnet", {"route_tables": (worlds.private_table().model_copy(update={"main": True}),)}, {}, {}),
        ("NoPublicSubnet", {}, {}, {"aws.gateway_subnet": "subnet-0123456789abcdef0"}),
        ("NoRouteTable", {"route_tables": PUBLIC_ONLY}, {}, {}),
        ("VpnGatewayMissing", {}, {"gateway": None}, {}),
        ("GatewaySkuBasic", {}, {"gateway": worlds.vpn_gateway(sku="Basic")}, {}),
        ("GatewayPolicyBased", {}, {"gateway": worlds.vpn_gateway(vpn_type="PolicyBased")}, {}),
        ("GatewayWithoutAddress", {}, {"gateway": worlds.vpn_gateway(addresses=())}, {}),
        ("VirtualNetworkMissing", {}, {"missing_networks": ("workloads",)}, {}),
        ("ProbeElsewhere", {}, {}, {"probe.address": "192.168.0.1"}),
    ],
)
def test_a_fault_is_refused_by_its_own_name_alone(
    reason: str, aws: dict[str, Any], azure: dict[str, Any], declared: dict[str, Any]
) -> None:
    assert _reasons(aws, azure, declared) == [reason]


def test_a_route_that_is_somebody_elses_is_not_taken() -> None:
    table = worlds.private_table(worlds.route("10.0.0.0/16", "tgw-1"))
    assert _reasons({"route_tables": (*PUBLIC_ONLY, table)}, {}, {}) == ["RouteTaken"]


def test_a_declared_gateway_subnet_that_is_private_is_refused() -> None:
    subnet = worlds.aws().subnets[1].model_copy(update={"id": "subnet-0123456789abcdef0"})
    table = worlds.private_table().model_copy(update={"subnets": (subnet.id,)})
    aws = {"subnets": (worlds.aws().subnets[0], subnet), "route_tables": (*PUBLIC_ONLY, table)}
    assert _reasons(aws, {}, {"aws.gateway_subnet": subnet.id}) == ["NoPublicSubnet"]


def test_a_refusal_says_both_ranges() -> None:
    facts = Facts(aws=worlds.aws(), azure=worlds.azure(virtual_networks=NESTED))
    said = str(preflight.refusals(worlds.spec(), facts)[0])
    assert said.startswith("OverlappingRanges: 10.101.0.0/16 of VPC overlaps 10.101.4.0/24 of workloads")


def test_an_address_of_the_gateway_is_no_range() -> None:
    inside = worlds.vpn_gateway(addresses=(IPv4Address("10.101.0.9"),))
    assert _reasons({}, {"gateway": inside}, {}) == []


def test_a_route_of_ours_that_somebody_repointed_is_no_reason_to_refuse() -> None:
    table = worlds.private_table(worlds.route("10.0.0.0/16", "eni-foreign"))
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX)})
    assert _reasons({"route_tables": (*PUBLIC_ONLY, table), "own_routes": own}, {}, {}) == []
