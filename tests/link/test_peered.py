"""Networks that use the gateway by peering count like the gateway's own: routed, published, compared, let go."""

from ipaddress import IPv4Network

from link import diagnosis, plan, steps
from link.diagnosis import Kind
from link.facts import AzureFacts, Facts, Peered, VirtualNetwork
from tests import worlds
from tests.link import test_diagnosis

SPOKE = IPv4Network("10.7.0.0/16")
SPOKE_ID = "/subscriptions/other/vnet/spoke"
PEERED = Peered(id=SPOKE_ID, prefixes=(SPOKE,))
HUB = VirtualNetwork(id=worlds.NETWORK, prefixes=(worlds.AZURE_PREFIX,), transit=(PEERED,))


def _azure(*networks: VirtualNetwork) -> AzureFacts:
    return worlds.azure(virtual_networks=networks)


def test_prefixes_of_a_peered_network_are_behind_the_gateway() -> None:
    assert _azure(HUB).prefixes == (worlds.AZURE_PREFIX, SPOKE)


def test_a_network_that_the_link_names_counts_as_it_was_read_itself() -> None:
    """ARM does not keep the case of an id."""
    named = VirtualNetwork(
        id=SPOKE_ID.upper(), prefixes=(IPv4Network("10.8.0.0/16"),), remote_gateway_networks=(worlds.NETWORK,)
    )
    found = _azure(HUB, named)
    assert found.peered == () and found.prefixes == (worlds.AZURE_PREFIX, IPv4Network("10.8.0.0/16"))


def test_a_network_that_uses_anothers_gateway_has_none_to_share() -> None:
    assert _azure(HUB.model_copy(update={"remote_gateway_networks": ("/vnet/elsewhere",)})).peered == ()


def test_a_peered_prefix_is_routed_and_published() -> None:
    facts = Facts(aws=worlds.aws(gateways=(worlds.gateway(),)), azure=_azure(HUB))
    planned = [step.action for step in plan.up(worlds.spec(), facts, worlds.DEPLOYED)]
    routed = [action for action in planned if isinstance(action, steps.CreateRoute)]
    document = plan.configuration(worlds.spec(), facts, worlds.PSK_SECRET)
    assert [action.destination for action in routed] == [worlds.AZURE_PREFIX, SPOKE]
    assert document.remote_prefixes == (worlds.AZURE_PREFIX, SPOKE) and str(SPOKE) in document.nftables


def test_a_peering_that_ends_takes_its_route_along() -> None:
    own = frozenset({(worlds.PRIVATE_TABLE, worlds.AZURE_PREFIX), (worlds.PRIVATE_TABLE, SPOKE)})
    table = worlds.private_table(worlds.route(str(SPOKE), worlds.gateway().interface))
    tables = (worlds.aws().route_tables[0], table)
    aws = worlds.aws(gateways=(worlds.gateway(),), own_routes=own, route_tables=tables)
    planned = plan.up(worlds.spec(), Facts(aws=aws, azure=worlds.azure()), worlds.DEPLOYED)
    assert "PrefixGone" in [step.condition.reason for step in planned]


def test_the_watch_sees_a_peering_that_was_made() -> None:
    azure = test_diagnosis._azure().model_copy(update={"virtual_networks": (HUB,)})
    found = diagnosis.diagnose(test_diagnosis._look(azure=azure), worlds.NOW)
    routes = [one.condition.subject for one in found.of(Kind.DIFFERENCE) if one.condition.reason == "RouteMissing"]
    assert routes == [f"{worlds.PRIVATE_TABLE}/{SPOKE}"]
