"""A second virtual network of the customer's, that uses the VPN gateway of the first one by a peering."""

from ipaddress import IPv4Network
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import models

from rehearsal import clients, world


def make(name: str, prefix: IPv4Network, hub: str) -> None:
    """The network, peered from both sides. Azure wants the hub's side first, which lets the other use its gateway."""
    body = {"location": world.LOCATION, "properties": {"addressSpace": {"addressPrefixes": [str(prefix)]}}}
    networks = clients.arm().virtual_networks
    spoke = networks.begin_create_or_update(clients.RESOURCE_GROUP, name, models.VirtualNetwork(body)).result()
    home = networks.get(clients.RESOURCE_GROUP, hub)
    _peer(hub, name, str(spoke.id), allowGatewayTransit=True)
    _peer(name, hub, str(home.id), useRemoteGateways=True)


def _peer(network: str, other: str, id: str, **properties: bool) -> None:
    body = {"properties": {"remoteVirtualNetwork": {"id": id}, **properties}}
    clients.arm().virtual_network_peerings.begin_create_or_update(
        clients.RESOURCE_GROUP, network, other, models.VirtualNetworkPeering(body)
    ).result()


def part(name: str, hub: str) -> None:
    """Both sides of the peering go, the one that uses the gateway first. What is not there is no fault."""
    for network, other in ((name, hub), (hub, name)):
        _unless_missing(lambda *names: clients.arm().virtual_network_peerings.begin_delete(*names), network, other)


def delete(name: str, hub: str) -> None:
    """The network, and its peerings."""
    part(name, hub)
    _unless_missing(lambda *names: clients.arm().virtual_networks.begin_delete(*names), name)


def _unless_missing(begin: Any, *names: str) -> None:
    try:
        begin(clients.RESOURCE_GROUP, *names).result()
    except ResourceNotFoundError:
        return
