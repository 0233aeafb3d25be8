"""Between azure-mgmt-network's models and our types. No client, no effect."""

from collections.abc import Iterator
from enum import Enum
from ipaddress import IPv4Network

from azure.mgmt.network import models
from pydantic import ValidationError

from link import azure_plan
from link.facts import Peered
from link.spec import IpsecPolicy
from link.wanted import AzureRef


def local_network_gateway_body(step: azure_plan.PutLocalNetworkGateway) -> models.LocalNetworkGateway:
    """The body of its PUT."""
    return models.LocalNetworkGateway(
        location=step.location,
        tags=step.tags,
        properties=models.LocalNetworkGatewayPropertiesFormat(
            gateway_ip_address=str(step.address),
            local_network_address_space=models.AddressSpace(address_prefixes=[str(p) for p in step.prefixes]),
        ),
    )


def connection_body(step: azure_plan.PutConnection) -> models.VirtualNetworkGatewayConnection:
    """The body of its PUT: without the shared key, which has its own call."""
    return models.VirtualNetworkGatewayConnection(
        location=step.location,
        tags=step.tags,
        properties=models.VirtualNetworkGatewayConnectionPropertiesFormat(
            connection_type=models.VirtualNetworkGatewayConnectionType.I_PSEC,
            connection_protocol=azure_plan.PROTOCOL,
            connection_mode=step.mode,
            dpd_timeout_seconds=step.policy.dpd_timeout_s,
            enable_bgp=False,
            use_policy_based_traffic_selectors=False,
            ipsec_policies=[_ipsec_policy(step.policy)],
            # Azure's own examples send an id with empty properties; the library wants the field.
            virtual_network_gateway1=models.VirtualNetworkGateway(
                id=step.gateway, properties=models.VirtualNetworkGatewayPropertiesFormat()
            ),
            local_network_gateway2=models.LocalNetworkGateway(
                id=step.local_network_gateway, properties=models.LocalNetworkGatewayPropertiesFormat()
            ),
        ),
    )


def _ipsec_policy(policy: IpsecPolicy) -> models.IpsecPolicy:
    return models.IpsecPolicy(
        sa_life_time_seconds=policy.sa_lifetime_s,
        sa_data_size_kilobytes=policy.sa_data_size_kb,
        ipsec_encryption=policy.ipsec_encryption.value,
        ipsec_integrity=policy.ipsec_integrity.value,
        ike_encryption=policy.ike_encryption.value,
        ike_integrity=policy.ike_integrity.value,
        dh_group=policy.dh_group.value,
        pfs_group=policy.pfs_group.value,
    )


def policy(inner: models.VirtualNetworkGatewayConnectionPropertiesFormat) -> IpsecPolicy | None:
    """None unless it is exactly one complete policy that we allow, for any traffic selector."""
    if len(inner.ipsec_policies or []) != 1 or inner.use_policy_based_traffic_selectors:
        return None
    (found,) = inner.ipsec_policies or []
    try:
        return IpsecPolicy.model_validate(
            {
                "ike_encryption": word(found.ike_encryption),
                "ike_integrity": word(found.ike_integrity),
                "dh_group": word(found.dh_group),
                "ipsec_encryption": word(found.ipsec_encryption),
                "ipsec_integrity": word(found.ipsec_integrity),
                "pfs_group": word(found.pfs_group),
                "sa_lifetime_s": found.sa_life_time_seconds,
                "sa_data_size_kb": found.sa_data_size_kilobytes,
                "dpd_timeout_s": inner.dpd_timeout_seconds,
            }
        )
    except ValidationError:
        return None


def word(value: str | None) -> str:
    """`str()` of the library's enumerations is `ProvisioningState.SUCCEEDED`; the wire's word is its value."""
    return str(value.value) if isinstance(value, Enum) else value or ""


def prefixes(space: models.AddressSpace | None) -> tuple[IPv4Network, ...]:
    """The IPv4 prefixes; the IPv6 ones are no part of a link."""
    return tuple(IPv4Network(p) for p in (space.address_prefixes if space else None) or [] if ":" not in p)


def gateway_network(configurations: list[models.VirtualNetworkGatewayIPConfiguration]) -> str | None:
    """The id of the network in which the gateway stands: its configurations name a subnet of it."""
    ids = [c.properties.subnet.id for c in configurations if c.properties and c.properties.subnet]
    return next((id.rpartition("/subnets/")[0] for id in ids if id), None)


def remote_gateway_networks(peerings: list[models.VirtualNetworkPeering]) -> tuple[str, ...]:
    """The ids of the networks whose gateways are used, by peerings that both sides have made."""
    return tuple(id for id, one in _connected(peerings) if one.use_remote_gateways)


def transit(peerings: list[models.VirtualNetworkPeering]) -> tuple[Peered, ...]:
    """The networks that may use this one's gateway. Whether they do is told by their own side only, which is not read.

    `remote_address_space` is what the peering carries: less than the network has when a part of it is peered, or when
    it has grown and nobody has synchronised the peering.
    """
    return tuple(
        Peered(id=id, prefixes=prefixes(one.remote_address_space or one.remote_virtual_network_address_space))
        for id, one in _connected(peerings)
        if one.allow_gateway_transit
    )


def _connected(
    peerings: list[models.VirtualNetworkPeering],
) -> Iterator[tuple[str, models.VirtualNetworkPeeringPropertiesFormat]]:
    """Those that both sides have made, with the id of the other network."""
    for inner in (peering.properties for peering in peerings):
        if inner and word(inner.peering_state) == "Connected" and inner.remote_virtual_network:
            yield inner.remote_virtual_network.id or "", inner


def ours(ref: AzureRef, tags: dict[str, str] | None) -> bool:
    """Whether the tags are those of this deployment."""
    return ref.tags.items() <= (tags or {}).items()
