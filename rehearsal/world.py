"""What the customer has in both clouds before Causeway: the guide's "underlying infrastructure", with its addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from azure.core.polling import LROPoller
from azure.mgmt.network import models

from rehearsal import clients, networks, places

LOCATION = "westeurope"
ANY = "0.0.0.0/0"
# As a customer writes it into cdk.json's context.
COST_MAIL: Mapping[str, Any] = {
    "sender": "causeway@example.com",
    "recipients": ["network@example.com"],
    "region": places.REGION,
    "every": "month",
}


@dataclass(frozen=True)
class Link:
    """A link of a rehearsal: its name and what it joins. The VPN gateway is active-active or has one address."""

    name: str
    vpc: networks.Vpc
    vnet: networks.VNet
    active_active: bool = False

    @property
    def stack(self) -> str:
        """The name of its stack, and of its connection in Azure."""
        return f"causeway-{self.name}"

    @property
    def directions(self) -> tuple[tuple[networks.Host, networks.Host], ...]:
        """From each host to the other."""
        ends = (self.vpc.host, self.vnet.host)
        return (ends, ends[::-1])

    @property
    def gateway_addresses(self) -> tuple[IPv4Address, ...]:
        """One for each instance of the VPN gateway that has a tunnel."""
        return self.vnet.gateway_addresses if self.active_active else self.vnet.gateway_addresses[:1]


REHEARSAL = Link("rehearsal", networks.VPC_A, networks.VNET_1)
ACTIVE_ACTIVE = Link("rehearsal", networks.VPC_A, networks.VNET_1, active_active=True)


def build(links: Sequence[Link]) -> list[dict[str, Any]]:
    """Makes the networks of these links; answers with the links as the customer would write them in cdk.json.

    The account may give tokens to its roles: enabled once, by hand, as CloudFormation has no resource for it. SES knows
    the cost mail's sender: a person has followed the link in its mail.
    """
    vpcs = {vpc: _vpc(vpc) for vpc in {link.vpc: None for link in links}}
    _vnets({link.vnet: link.gateway_addresses for link in links})
    clients.aws("iam").enable_outbound_web_identity_federation()
    clients.aws("sesv2").create_email_identity(EmailIdentity=COST_MAIL["sender"])
    return [_declaration(link, vpcs[link.vpc]) for link in links]


def _declaration(link: Link, vpc: str) -> dict[str, Any]:
    return {
        "name": link.name,
        "aws": {"region": places.REGION, "vpc": vpc},
        "azure": {
            "tenant": clients.TENANT,
            "subscription": clients.SUBSCRIPTION,
            "resource_group": clients.RESOURCE_GROUP,
            "vpn_gateway": link.vnet.gateway,
            "virtual_networks": [link.vnet.name],
            "function_url": places.FUNCTIONS_URL,
            "function_identity": clients.FUNCTION_IDENTITY,
        },
        "probe": {"address": str(link.vnet.host.address)},
    }


def _vpc(network: networks.Vpc) -> str:
    ec2 = clients.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock=str(network.cidr))["Vpc"]["VpcId"]
    internet_gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet_gateway, VpcId=vpc)
    for subnet in network.subnets:
        table = _subnet_with_table(vpc, subnet)
        if subnet.public:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=internet_gateway)
    return str(vpc)


def _subnet_with_table(vpc: str, subnet: networks.Subnet) -> str:
    ec2, zone = clients.aws("ec2"), f"{places.REGION}{subnet.zone}"
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=str(subnet.cidr), AvailabilityZone=zone)["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=made)
    return str(table)


def _vnets(addresses: Mapping[networks.VNet, Sequence[IPv4Address]]) -> None:
    """All at once: each operation takes seconds."""
    network, group = clients.arm(), clients.RESOURCE_GROUP
    spaces = {
        vnet: network.virtual_networks.begin_create_or_update(group, vnet.name, models.VirtualNetwork(_vnet(vnet)))
        for vnet in addresses
    }
    publics = {
        vnet: [
            network.public_ip_addresses.begin_create_or_update(
                group, f"{vnet.gateway}-address-{number}", models.PublicIPAddress(_address(address))
            )
            for number, address in enumerate(own, start=1)
        ]
        for vnet, own in addresses.items()
    }
    gateways: list[LROPoller[Any]] = []
    for vnet, space in spaces.items():
        subnet = f"{space.result().id}/subnets/GatewaySubnet"
        body = gateway(subnet, [str(public.result().id) for public in publics[vnet]])
        gateways.append(
            network.virtual_network_gateways.begin_create_or_update(
                group, vnet.gateway, models.VirtualNetworkGateway(body)
            )
        )
    for made in gateways:
        made.result()


def _vnet(vnet: networks.VNet) -> dict[str, Any]:
    *_, last = vnet.cidr.subnets(new_prefix=27)
    subnets = {"GatewaySubnet": last, "workload": vnet.workloads}
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": [str(vnet.cidr)]},
            "subnets": [
                {"name": name, "properties": {"addressPrefix": str(prefix)}} for name, prefix in subnets.items()
            ],
        },
    }


def _address(address: IPv4Address) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "ipAddress": str(address)},
    }


def gateway(subnet: str, addresses: Sequence[str]) -> dict[str, Any]:
    """A VPN gateway with these public addresses (by id); with several it is active-active."""
    fronts = [
        {
            "name": f"instance-{number}",
            "properties": {"subnet": {"id": subnet}, "publicIPAddress": {"id": address}},
        }
        for number, address in enumerate(addresses, start=1)
    ]
    return {
        "location": LOCATION,
        "properties": {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
            "activeActive": len(addresses) > 1,
            "ipConfigurations": fronts,
        },
    }
