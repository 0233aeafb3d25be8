"""EC2's answers as our facts. Nothing is asked here."""

from ipaddress import IPv4Network
from typing import Any

from lambdas.clouds import table
from link import facts

# On the instance, beside link and deployment: what it was launched from.
IMAGE_TAG = "causeway-image"
AGENT_TAG = "causeway-agent"


def _route(item: dict[str, Any]) -> facts.Route:
    targets = (
        "NetworkInterfaceId",
        "GatewayId",
        "NatGatewayId",
        "TransitGatewayId",
        "VpcPeeringConnectionId",
        "InstanceId",
    )
    other = ("LocalGatewayId", "CarrierGatewayId", "EgressOnlyInternetGatewayId", "CoreNetworkArn")
    return facts.Route(
        destination=IPv4Network(item["DestinationCidrBlock"]),
        target=next((item[name] for name in targets + other if item.get(name)), ""),
        blackhole=item.get("State") == "blackhole",
    )


def route_table(item: dict[str, Any]) -> facts.RouteTable:
    associations = item.get("Associations", [])
    return facts.RouteTable(
        id=item["RouteTableId"],
        main=any(one.get("Main") for one in associations),
        subnets=tuple(sorted(one["SubnetId"] for one in associations if one.get("SubnetId"))),
        routes=tuple(_route(one) for one in item.get("Routes", []) if one.get("DestinationCidrBlock")),
    )


def rule(item: dict[str, Any]) -> facts.Rule:
    everything = item["IpProtocol"] == "-1"
    return facts.Rule(
        protocol=item["IpProtocol"],
        from_port=None if everything else item.get("FromPort"),
        to_port=None if everything else item.get("ToPort"),
        cidr=IPv4Network(item["CidrIpv4"]),
    )


def gateway(item: dict[str, Any], boot: table.Boot) -> facts.Gateway:
    interfaces = item.get("NetworkInterfaces", [])
    # The first by its place in the instance, not in EC2's answer.
    first: dict[str, Any] = min(interfaces, key=lambda one: one.get("Attachment", {}).get("DeviceIndex", 0), default={})
    marks = tags(item)
    return facts.Gateway(
        id=item["InstanceId"],
        state=state(item),
        instance_type=item["InstanceType"],
        image=marks.get(IMAGE_TAG),
        agent=marks.get(AGENT_TAG),
        subnet=item.get("SubnetId", ""),
        interface=first.get("NetworkInterfaceId", ""),
        private_address=first.get("PrivateIpAddress"),
        source_dest_check=first.get("SourceDestCheck", True),
        booted=boot.version is not None,
        failed=boot.version is None and boot.failure is not None,
        condemned=boot.condemned,
    )


def state(item: dict[str, Any]) -> str:
    """EC2's word for the instance."""
    return str(item.get("State", {}).get("Name", ""))


def tags(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", []) if "Key" in tag}
