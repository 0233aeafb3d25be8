"""What the customer has in both clouds before Causeway: the guide's "underlying infrastructure", with its addresses."""

import json
from typing import Any

from azure.mgmt.network import models

from rehearsal import clients, places, services

LINK = "rehearsal"
STACK = f"causeway-{LINK}"
LOCATION = "westeurope"
ANY = "0.0.0.0/0"
FUNCTION_KEY_SECRET = "causeway/function-key"


def build() -> dict[str, Any]:
    """Makes both sides and writes world.json: the ids of what was made."""
    world = {**_aws(), **_azure()}
    places.WORLD.write_text(json.dumps(world, indent=2))
    return world


def read() -> dict[str, Any]:
    """The ids of what was made."""
    return dict(json.loads(places.WORLD.read_text()))


def link(world: dict[str, Any]) -> dict[str, Any]:
    """The wanted link, as the customer would write it in cdk.json."""
    return {
        "name": LINK,
        "aws": {"region": places.REGION, "vpc": world["vpc"]},
        "azure": {
            "tenant": clients.TENANT,
            "subscription": clients.SUBSCRIPTION,
            "resource_group": clients.RESOURCE_GROUP,
            "vpn_gateway": world["vpn_gateway"],
            "virtual_networks": [world["virtual_network"]],
            "function_url": places.FUNCTIONS_URL,
        },
        "probe": {"address": places.AZURE_HOST_ADDRESS},
    }


def _aws() -> dict[str, Any]:
    ec2 = clients.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock=places.VPC_CIDR)["Vpc"]["VpcId"]
    internet_gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet_gateway, VpcId=vpc)
    zones = [f"{places.REGION}a", f"{places.REGION}b"]
    public = _subnet(vpc, places.AWS_PUBLIC_SUBNET, zones[0])
    public_table = _table(vpc, public)
    ec2.create_route(RouteTableId=public_table, DestinationCidrBlock=ANY, GatewayId=internet_gateway)
    private = [_subnet(vpc, cidr, zone) for cidr, zone in zip(places.AWS_PRIVATE_SUBNETS, zones, strict=True)]
    private_tables = [_table(vpc, subnet) for subnet in private]
    clients.aws("secretsmanager").create_secret(Name=FUNCTION_KEY_SECRET, SecretString=services.FUNCTION_KEY)
    return {
        "vpc": vpc,
        "internet_gateway": internet_gateway,
        "public_subnet": public,
        "private_subnets": private,
        "public_table": public_table,
        "private_tables": private_tables,
    }


def _subnet(vpc: str, cidr: str, zone: str) -> str:
    made = clients.aws("ec2").create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
    return str(made["Subnet"]["SubnetId"])


def _table(vpc: str, subnet: str) -> str:
    ec2 = clients.aws("ec2")
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return str(table)


def _azure() -> dict[str, Any]:
    network, group = clients.arm(), clients.RESOURCE_GROUP
    vnet = network.virtual_networks.begin_create_or_update(group, "vnet", models.VirtualNetwork(_VNET)).result()
    address = network.public_ip_addresses.begin_create_or_update(
        group, "gateway-address", models.PublicIPAddress(_ADDRESS)
    ).result()
    front = {
        "name": "default",
        "properties": {"subnet": {"id": f"{vnet.id}/subnets/GatewaySubnet"}, "publicIPAddress": {"id": address.id}},
    }
    gateway = models.VirtualNetworkGateway(
        {"location": LOCATION, "properties": {**_GATEWAY, "ipConfigurations": [front]}}
    )
    network.virtual_network_gateways.begin_create_or_update(group, "vpn-gateway", gateway).result()
    return {"virtual_network": "vnet", "vpn_gateway": "vpn-gateway"}


_VNET = {
    "location": LOCATION,
    "properties": {
        "addressSpace": {"addressPrefixes": [places.VNET_CIDR]},
        "subnets": [
            {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.255.0/27"}},
            {"name": "workload", "properties": {"addressPrefix": "10.0.1.0/24"}},
        ],
    },
}
_ADDRESS = {
    "location": LOCATION,
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static", "ipAddress": places.AZURE_GATEWAY_ADDRESSES[0]},
}
_GATEWAY = {
    "gatewayType": "Vpn",
    "vpnType": "RouteBased",
    "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
}
