"""Every reason not to begin has a name, says what was found, and is not given where nothing is wrong."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from link import preflight, psk
from link.facts import Facts, LocalNetworkGateway, Peered, Route, VirtualNetwork
from link.finding import Check
from tests import worlds


def _network(*prefixes: str, id: str = worlds.NETWORK, **changes: Any) -> VirtualNetwork:
    return VirtualNetwork(id=id, prefixes=tuple(map(IPv4Network, prefixes)), **changes)


def _peered(name: str, *prefixes: str) -> VirtualNetwork:
    """ARM does not keep the case of an id."""
    return _network(*prefixes, id=f"/subscriptions/s/vnet/{name}", remote_gateway_networks=(worlds.NETWORK.upper(),))


def _sharing(prefix: str) -> VirtualNetwork:
    """The gateway's network, and one that uses its gateway without being named by the link."""
    return _network("10.0.0.0/16", transit=(Peered(id="/vnet/spoke", prefixes=(IPv4Network(prefix),)),))


PUBLIC_ONLY = tuple(table for table in worlds.aws().route_tables if table.main)
SECONDARY = (IPv4Network("10.101.0.0/16"), IPv4Network("10.0.128.0/17"))
LOCAL = LocalNetworkGateway(id="/lng", address=None, prefixes=(), provisioning_state="Succeeded", ours=False)


def _checked(
    aws: dict[str, Any], azure: dict[str, Any], declared: dict[str, Any], survey: dict[str, Any] | None = None
) -> tuple[Check, ...]:
    facts = Facts(aws=worlds.aws(**aws), azure=worlds.azure(**azure))
    return preflight.checks(worlds.spec(**declared), facts, worlds.surveyed(**(survey or {})))


def _reasons(*about: Any) -> tuple[list[str], list[str]]:
    checked = _checked(*about)
    refusals, warnings = preflight.refusals(checked), preflight.warnings(checked)
    return [refusal.reason for refusal in refusals], [warning.reason for warning in warnings]


def _routed(*routes: Route) -> dict[str, Any]:
    return {"route_tables": (*PUBLIC_ONLY, worlds.private_table(*routes))}


def test_nothing_speaks_against_a_sound_world_and_every_check_is_ok() -> None:
    checked = _checked({}, {}, {})
    assert [(check.title, check.findings) for check in checked if check.verdict != "ok"] == []
    assert len({check.title for check in checked}) == len(checked) > 10


def test_nothing_speaks_against_a_link_that_is_up() -> None:
    mine = worlds.gateway()
    aws = {"gateways": (mine,), **_routed(worlds.route("10.0.0.0/16", mine.interface))}
    assert _reasons(aws, {"connection": worlds.connection()}, {"probe.address": "10.0.1.4"}) == ([], [])


@pytest.mark.parametrize(
    ("reason", "aws", "azure", "declared"),
    [
        ("OverlappingRanges", {}, {"virtual_networks": (_network("10.101.4.0/24"),)}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": (_network("10.101.0.0/16"),)}, {}),
        ("OverlappingRanges", {"cidrs": SECONDARY}, {}, {}),
        ("OverlappingRanges", {"cidrs": SECONDARY[::-1]}, {}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": (_network("10.2.0.0/16", "10.101.9.0/24"),)}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": (_network("10.2.0.0/16"), _peered("b", "10.2.0.0/16"))}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": (_sharing("10.101.8.0/24"),)}, {}),
        ("OverlappingRanges", {}, {"virtual_networks": (_sharing("10.0.4.0/24"),)}, {}),
        ("NoInternetGateway", {"internet_gateway": None}, {}, {}),
        ("NoPublicSubnet", {"route_tables": (worlds.private_table().model_copy(update={"main": True}),)}, {}, {}),
        ("NoPublicSubnet", {}, {}, {"aws.gateway_subnet": "subnet-0123456789abcdef0"}),
        ("NoRouteTable", {"route_tables": PUBLIC_ONLY}, {}, {}),
        ("VpnGatewayMissing", {}, {"gateway": None}, {}),
        ("GatewaySkuBasic", {}, {"gateway": worlds.vpn_gateway(sku="Basic")}, {}),
        ("GatewayPolicyBased", {}, {"gateway": worlds.vpn_gateway(vpn_type="PolicyBased")}, {}),
        ("GatewayWithoutAddress", {}, {"gateway": worlds.vpn_gateway(addresses=())}, {}),
        ("GatewayProvisioning", {}, {"gateway": worlds.vpn_gateway(provisioning_state="Updating")}, {}),
        ("GatewayFailed", {}, {"gateway": worlds.vpn_gateway(provisioning_state="Failed")}, {}),
        ("VirtualNetworkMissing", {}, {"missing_networks": ("workloads",)}, {}),
        ("VirtualNetworkNotAttached", {}, {"gateway": worlds.vpn_gateway(virtual_network="/vnet/hub")}, {}),
        ("ForeignConnection", {}, {"connection": worlds.connection(ours=False)}, {}),
        ("ForeignLocalNetworkGateway", {}, {"local_network_gateway": LOCAL}, {}),
        ("PskUnusable", {}, {"psk_fault": psk.fault("a-b")}, {}),
        ("ProbeElsewhere", {}, {}, {"probe.address": "192.168.0.1"}),
    ],
)
def test_a_fault_is_refused_by_its_own_name_alone(
    reason: str, aws: dict[str, Any], azure: dict[str, Any], declared: dict[str, Any]
) -> None:
    assert _reasons(aws, azure, declared) == ([reason], [])


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("pcx-1", "a VPC peering (pcx-1)"),
        ("tgw-1", "a transit gateway (tgw-1)"),
        ("eni-appliance", "a network interface (eni-appliance)"),
        ("nat-1", "a NAT gateway (nat-1)"),
        ("vgw-1", "a virtual private gateway (vgw-1)"),
        ("lgw-1", "a local gateway (lgw-1)"),
        ("", "something (without an id)"),
    ],
)
@pytest.mark.parametrize("destination", ["10.0.0.0/16", "10.0.3.0/24"])
def test_a_foreign_route_to_azure_or_to_a_part_of_it_is_refused(target: str, kind: str, destination: str) -> None:
    (refusal,) = preflight.refusals(_checked(_routed(worlds.route(destination, target)), {}, {}))
    assert refusal.reason == "RouteTaken"
    assert f"{worlds.PRIVATE_TABLE} already routes {destination} to {kind}" in refusal.condition.text


def test_a_foreign_route_that_covers_azure_is_a_warning_and_the_default_route_is_nothing() -> None:
    covering = _routed(worlds.route("10.0.0.0/8", "tgw-1"), worlds.route("0.0.0.0/0", "nat-1"))
    assert _reasons(covering, {}, {}) == ([], ["RouteShadowed"])


def test_a_wider_route_is_warned_of_once_with_all_prefixes_that_it_covers() -> None:
    networks = tuple(IPv4Network(f"10.{number}.0.0/16") for number in range(6))
    azure = {"virtual_networks": (VirtualNetwork(id=worlds.NETWORK, prefixes=networks),)}
    covering = _routed(worlds.route("10.0.0.0/8", "tgw-1"), worlds.route("10.0.0.0/14", "tgw-2"))
    found = preflight.warnings(_checked(covering, azure, {}))
    wide, narrow = (one.condition.message for one in found if one.reason == "RouteShadowed")
    assert [str(network) in wide for network in networks] == [True] * 6
    assert [str(network) in narrow for network in networks] == [True] * 4 + [False] * 2


def test_a_route_of_ours_that_somebody_repointed_is_no_reason_to_refuse() -> None:
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX)})
    aws = {**_routed(worlds.route("10.0.0.0/16", "eni-foreign")), "own_routes": own}
    assert _reasons(aws, {}, {}) == ([], [])


def test_the_same_route_in_a_table_that_is_not_written_is_nobodys_business() -> None:
    other = worlds.private_table(worlds.route("10.0.0.0/16", "tgw-1")).model_copy(
        update={"id": "rtb-000000000000000c", "subnets": ("subnet-b",)}
    )
    declared = {"aws.route_tables": (worlds.PRIVATE_TABLE,)}
    tables = (*PUBLIC_ONLY, worlds.private_table(), other)
    assert _reasons({"route_tables": tables}, {}, declared) == ([], [])


def test_a_declared_gateway_subnet_that_is_private_is_refused() -> None:
    subnet = worlds.aws().subnets[1].model_copy(update={"id": "subnet-0123456789abcdef0"})
    table = worlds.private_table().model_copy(update={"subnets": (subnet.id,)})
    aws = {"subnets": (worlds.aws().subnets[0], subnet), "route_tables": (*PUBLIC_ONLY, table)}
    assert _reasons(aws, {}, {"aws.gateway_subnet": subnet.id}) == (["NoPublicSubnet"], [])


def test_a_refusal_says_both_ranges() -> None:
    refusal = preflight.refusals(_checked({}, {"virtual_networks": (_network("10.101.4.0/24"),)}, {}))[0]
    assert str(refusal).startswith("OverlappingRanges: 10.101.0.0/16 of VPC overlaps 10.101.4.0/24 of workloads")


def test_an_address_of_the_gateway_is_no_range() -> None:
    inside = worlds.vpn_gateway(addresses=(IPv4Address("10.101.0.9"),))
    assert _reasons({}, {"gateway": inside}, {}) == ([], [])


def test_a_gateway_that_changes_under_our_own_connection_is_waited_for_not_refused() -> None:
    ours = worlds.connection()
    busy = {"gateway": worlds.vpn_gateway(provisioning_state="Updating"), "connection": ours}
    failed = {"gateway": worlds.vpn_gateway(provisioning_state="Failed"), "connection": ours}
    assert _reasons({}, busy, {}) == ([], [])
    assert _reasons({}, failed, {}) == ([], ["GatewayFailed"])


def test_a_peered_network_that_uses_the_gateway_is_attached_and_one_that_does_not_is_not() -> None:
    spoke = _peered("spoke", "10.7.0.0/16")
    loose = _network("10.8.0.0/16", id="/subscriptions/s/vnet/loose")
    (refusal,) = preflight.refusals(_checked({}, {"virtual_networks": (_network("10.0.0.0/16"), spoke, loose)}, {}))
    assert refusal.reason == "VirtualNetworkNotAttached"
    assert refusal.condition.text.startswith("loose does not use vpn-gateway, which stands in workloads")


def test_what_azure_does_not_tell_is_a_warning() -> None:
    unknown = {"gateway": worlds.vpn_gateway(virtual_network=None), "psk_unread": "AccessDeniedException: no"}
    assert _reasons({}, unknown, {}) == ([], ["NotChecked", "NotChecked"])


@pytest.mark.parametrize("bad", ["", "x" * 129, "two words", "a-b", "a~b", "schlüssel", 'a"b', "a\nb", "a\tb"])
def test_a_key_that_an_end_does_not_take_is_told_without_repeating_it(bad: str) -> None:
    fault = psk.fault(bad)
    assert fault is not None
    assert len(bad) < 3 or bad not in fault


@pytest.mark.parametrize("good", ["x", "x" * 128, "AZaz09!#$%&'()*+,./:;<=>?@[]^_{|}"])
def test_a_key_that_both_ends_take_has_no_fault(good: str) -> None:
    assert psk.fault(good) is None


@pytest.mark.parametrize(
    ("aws", "declared", "reason"),
    [
        ({"established_in": "vpc-0123456789abcdef0"}, {"aws.vpc": "vpc-0000000000000000a"}, ["VpcChanged"]),
        ({"established_in": "vpc-0123456789abcdef0"}, {}, []),
        ({"azure_side": (worlds.GUID, "network")}, {"azure.resource_group": "other"}, ["AzureSideChanged"]),
        ({"azure_side": (worlds.GUID, "network")}, {}, []),
    ],
)
def test_a_link_that_is_somewhere_is_not_moved_by_a_change(
    aws: dict[str, Any], declared: dict[str, Any], reason: list[str]
) -> None:
    assert _reasons(aws, {}, declared)[0] == reason
