"""What is kept of Azure: enough to heal by while it is silent, and never older than what the link was made by."""

from ipaddress import IPv4Address, IPv4Network

from link import known, plan
from link.facts import VirtualNetwork
from tests import worlds

REF = plan.azure_ref(worlds.spec(), worlds.DEPLOYED)
NEW = IPv4Address("203.0.113.9")
DATA = VirtualNetwork(id="/subscriptions/s/vnet/data", prefixes=(IPv4Network("10.3.0.0/16"),))


def test_an_observation_that_lacks_a_network_or_the_gateways_address_is_not_kept() -> None:
    for lacking in (
        worlds.azure(gateway=None),
        worlds.azure(gateway=worlds.vpn_gateway(addresses=())),
        worlds.azure(missing_networks=("data",)),
    ):
        assert known.of(lacking, REF, worlds.NOW) is None


def test_what_an_observation_lacks_is_taken_from_the_one_before_and_the_rest_is_new() -> None:
    """By the new address a walk has made rules and configuration: a silent Azure must not undo them."""
    both = worlds.azure(virtual_networks=(*worlds.azure().virtual_networks, DATA))
    before = known.of(both, REF, worlds.NOW)
    moved = worlds.azure(gateway=worlds.vpn_gateway(addresses=(NEW,)), missing_networks=("data",))
    after = known.of(moved, REF, worlds.NOW, before)
    assert after and (after.azure.peers, after.azure.prefixes) == ((NEW,), both.prefixes)
    gone = known.of(worlds.azure(gateway=None, virtual_networks=(DATA,)), REF, worlds.NOW, after)
    assert gone and (gone.azure.peers, gone.azure.prefixes) == ((NEW,), both.prefixes)
