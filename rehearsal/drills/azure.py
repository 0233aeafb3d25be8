"""Breaks in Azure, made as the subscription's owner could make them."""

import copy
import time
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any

from azure.mgmt.network import models

from rehearsal import alterations, charon, clients, networks, peer, world
from rehearsal.drills import machine, scene
from rehearsal.drills.scene import Scene

OTHER_KEY = "not-the-key-of-this-link"
OTHER_POLICY = {"ipsecEncryption": "AES256", "ipsecIntegrity": "SHA256"}
SHOWS_WITHIN_S = 15
WITHOUT_VPC = "10.200.0.0/16"


def _arm() -> Any:
    return clients.arm()


def make_address(now: Scene) -> None:
    """One more public address, for the gateway that comes."""
    taken = now.gateway_addresses
    free = next(str(one) for one in now.link.vnet.gateway_addresses if str(one) not in taken)
    body = {
        "location": world.LOCATION,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "ipAddress": free},
    }
    _arm().public_ip_addresses.begin_create_or_update(
        clients.RESOURCE_GROUP, _address_name(now, free), models.PublicIPAddress(body)
    ).result()


def _address_name(now: Scene, address: str) -> str:
    return f"{now.link.vnet.gateway}-{address.replace('.', '-')}"


def replace_gateway(now: Scene) -> None:
    """Its connection goes first, as Azure demands; then the gateway; another one of its name has a new address."""
    arm, group, name = _arm(), clients.RESOURCE_GROUP, now.link.vnet.gateway
    free = next(str(one) for one in now.link.vnet.gateway_addresses if str(one) not in now.gateway_addresses)
    address = scene.azure("public_ip_addresses", _address_name(now, free))
    assert now.gateway is not None
    assert address is not None
    body = copy.deepcopy(now.gateway)
    body["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {"id": address["id"]}
    delete_connection(now)
    arm.virtual_network_gateways.begin_delete(group, name).result()
    arm.virtual_network_gateways.begin_create_or_update(group, name, models.VirtualNetworkGateway(body)).result()


def delete_spare_address(before: Scene) -> None:
    """The former one, or the new one where the gateway was not replaced."""
    gateway = scene.azure("virtual_network_gateways", before.link.vnet.gateway)
    assert gateway is not None
    for one in spare_addresses(gateway, _arm().public_ip_addresses.list(clients.RESOURCE_GROUP)):
        _arm().public_ip_addresses.begin_delete(clients.RESOURCE_GROUP, one).result()


def spare_addresses(gateway: dict[str, Any], addresses: Iterable[Any]) -> list[str]:
    """The names of the gateway's addresses that no configuration of it has. ARM compares ids without regard to case."""
    fronts = [one["properties"]["publicIPAddress"]["id"].lower() for one in gateway["properties"]["ipConfigurations"]]
    own = [one for one in addresses if one.name.startswith(f"{gateway['name']}-")]
    return [str(one.name) for one in own if one.id.lower() not in fronts]


def add_prefix(now: Scene) -> None:
    alterations.set_prefixes(now.link.vnet.cidr, networks.NEW_PREFIX)
    alterations.answer_at(str(networks.IN_NEW_PREFIX.address))


def remove_prefix(now: Scene) -> None:
    alterations.set_prefixes(now.link.vnet.cidr)


def to_new_prefix(link: world.Link) -> tuple[networks.Host, networks.Host]:
    return link.vpc.host, networks.IN_NEW_PREFIX


def delete_connection(now: Scene) -> None:
    _arm().virtual_network_gateway_connections.begin_delete(clients.RESOURCE_GROUP, now.link.stack).result()


def _local_gateway(now: Scene, **properties: Any) -> None:
    assert now.local_gateway is not None
    body = copy.deepcopy(now.local_gateway)
    body["properties"] |= properties
    _arm().local_network_gateways.begin_create_or_update(
        clients.RESOURCE_GROUP, now.link.stack, models.LocalNetworkGateway(body)
    ).result()


def edit_address(now: Scene) -> None:
    _local_gateway(now, gatewayIpAddress=machine.NOBODY)


def edit_prefixes(now: Scene) -> None:
    _local_gateway(now, localNetworkAddressSpace={"addressPrefixes": [WITHOUT_VPC]})


def change_key(now: Scene) -> None:
    """Nothing shows before the next IKE_AUTH, so the tunnel is ended too, until it does not come back.

    The daemon is given the key some time after Azure has it.
    """
    key = models.ConnectionSharedKey({"value": OTHER_KEY})
    _arm().virtual_network_gateway_connections.begin_set_shared_key(
        clients.RESOURCE_GROUP, now.link.stack, key
    ).result()
    for address in now.gateway_addresses:
        session = charon.speak(peer.namespace(IPv4Address(address)))
        for _ in range(SHOWS_WITHIN_S):
            charon.end_tunnel(session, now.link.stack)
            time.sleep(1)
            if not any(_tunnels(now)):
                break


def change_policy(now: Scene) -> None:
    assert now.connection is not None
    body = copy.deepcopy(now.connection)
    body["properties"]["ipsecPolicies"][0] |= OTHER_POLICY
    _arm().virtual_network_gateway_connections.begin_create_or_update(
        clients.RESOURCE_GROUP, now.link.stack, models.VirtualNetworkGatewayConnection(body)
    ).result()


def reset_connection(now: Scene) -> str | None:
    """The former SA is gone before it returns; the next one may be up so soon that no ping is lost."""
    former = set(_tunnels(now))
    _arm().virtual_network_gateway_connections.begin_reset_connection(clients.RESOURCE_GROUP, now.link.stack).result()
    for _ in range(SHOWS_WITHIN_S):
        if former and not former & set(_tunnels(now)):
            return f"the IKE SA {', '.join(sorted(former))} of Azure's side is gone"
        time.sleep(1)
    return None


def _tunnels(now: Scene) -> Iterator[str]:
    """The numbers of the IKE SAs that carry traffic."""
    for address in now.gateway_addresses:
        session = charon.speak(peer.namespace(IPv4Address(address)))
        for entry in session.list_sas():
            yield from (sa["uniqueid"].decode() for sa in entry.values() if charon.carries(sa))
