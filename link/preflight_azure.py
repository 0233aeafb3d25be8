"""The Azure half of preflight. Pure."""

from collections.abc import Iterator

from link import azure_plan
from link.facts import AzureFacts, VpnGateway
from link.finding import Check, Finding, refused, unknown, warned
from link.spec import LinkSpec


def _gateway(spec: LinkSpec, facts: AzureFacts) -> Iterator[Finding]:
    name, found = spec.azure.vpn_gateway, facts.gateway
    if found is None:
        message = f"{name} is not in resource group {spec.azure.resource_group}"
        yield refused("VpnGatewayMissing", message, "correct azure.vpn_gateway", name)
        return
    if found.sku == "Basic":
        message = f"{name} has SKU Basic, which has no custom IPsec policy"
        yield refused("GatewaySkuBasic", message, "use VpnGw1AZ", name)
    if found.vpn_type != "RouteBased":
        message = f"{name} is {found.vpn_type}"
        yield refused("GatewayPolicyBased", message, "a custom IKEv2 policy needs a RouteBased one", name)
    if not found.addresses:
        yield refused("GatewayWithoutAddress", f"{name} has no public address", "attach one", name)
    yield from _provisioning(name, found, facts)


def _provisioning(name: str, found: VpnGateway, facts: AzureFacts) -> Iterator[Finding]:
    """With a connection of ours there, a gateway that changes is waited for when its turn comes."""
    state = found.provisioning_state
    linked = facts.connection is not None and facts.connection.ours
    if state in azure_plan.RUNNING and not linked:
        message = f"Azure says {state} of {name} and refuses connections meanwhile"
        yield refused("GatewayProvisioning", message, "deploy again when it says Succeeded", name)
    if state == "Failed":
        message = f"Azure ended the last change of {name} with Failed"
        yield (warned if linked else refused)("GatewayFailed", message, "reset or repair the gateway in Azure", name)


def _networks(spec: LinkSpec, facts: AzureFacts) -> Iterator[Finding]:
    for name in facts.missing_networks:
        group = spec.azure.resource_group
        message = f"virtual network {name} is not in resource group {group}"
        yield refused("VirtualNetworkMissing", message, "correct azure.virtual_networks", name)
    if facts.gateway is None:
        return
    home = facts.gateway.virtual_network
    if home is None:
        yield unknown("whether the virtual networks use the gateway", "Azure does not say in which network it stands")
        return
    for network in facts.virtual_networks:
        # ARM compares ids without regard to case.
        if home.lower() not in {id.lower() for id in (network.id, *network.remote_gateway_networks)}:
            name, own = (id.rsplit("/", 1)[-1] for id in (network.id, home))
            message = f"{name} does not use {spec.azure.vpn_gateway}, which stands in {own}"
            remedy = f"peer it with {own} (use remote gateways) or correct azure.virtual_networks"
            yield refused("VirtualNetworkNotAttached", message, remedy, network.id)


def _foreign(facts: AzureFacts) -> Iterator[Finding]:
    message, remedy = "{} exists and does not bear this deployment's tags", "remove it or give the link another name"
    if facts.connection is not None and not facts.connection.ours:
        id = facts.connection.id
        yield refused("ForeignConnection", message.format(id), remedy, id)
    if facts.local_network_gateway is not None and not facts.local_network_gateway.ours:
        id = facts.local_network_gateway.id
        yield refused("ForeignLocalNetworkGateway", message.format(id), remedy, id)


def _psk(facts: AzureFacts) -> Iterator[Finding]:
    if facts.psk_unread is not None:
        yield unknown("the pre-shared key", facts.psk_unread)
    elif facts.psk_fault is not None:
        message = f"the link's pre-shared key {facts.psk_fault}"
        yield refused("PskUnusable", message, "write letters and digits into the link's secret")


def checks(spec: LinkSpec, facts: AzureFacts) -> tuple[Check, ...]:
    """What the Function saw."""
    return (
        Check.of("Azure VPN gateway", _gateway(spec, facts)),
        Check.of("Azure virtual networks", _networks(spec, facts)),
        Check.of("the link's names in Azure", _foreign(facts)),
        Check.of("pre-shared key", _psk(facts)),
    )
