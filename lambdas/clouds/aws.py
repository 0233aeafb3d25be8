"""Looks at the AWS side of the link and returns it as facts. Changes nothing."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.clouds import table
from lambdas.clouds.errors import translated
from lambdas.settings import Settings
from link import facts

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client


# On the instance, beside link and deployment: what it was launched from.
IMAGE_TAG = "causeway-image"
AGENT_TAG = "causeway-agent"


@cache
def ec2() -> "EC2Client":
    """The EC2 client of this function."""
    return boto3.client("ec2")


def _all(operation: str, key: str, filters: dict[str, str]) -> list[Any]:
    wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    with translated(f"looking with {operation}"):
        paginator = ec2().get_paginator(operation)  # type: ignore[call-overload]  # the name is a variable
        return [item for page in paginator.paginate(Filters=wanted) for item in page[key]]


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


def _route_table(item: dict[str, Any]) -> facts.RouteTable:
    associations = item["Associations"]
    return facts.RouteTable(
        id=item["RouteTableId"],
        main=any(one.get("Main") for one in associations),
        subnets=tuple(sorted(one["SubnetId"] for one in associations if one.get("SubnetId"))),
        routes=tuple(_route(one) for one in item["Routes"] if one.get("DestinationCidrBlock")),
    )


def _rule(item: dict[str, Any]) -> facts.Rule:
    everything = item["IpProtocol"] == "-1"
    return facts.Rule(
        protocol=item["IpProtocol"],
        from_port=None if everything else item.get("FromPort"),
        to_port=None if everything else item.get("ToPort"),
        cidr=IPv4Network(item["CidrIpv4"]),
    )


def _gateway(item: dict[str, Any], settings: Settings) -> facts.Gateway:
    interfaces = item.get("NetworkInterfaces", [])
    first = interfaces[0] if interfaces else {}
    tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
    boot = table.boot(settings.table, item["InstanceId"])
    return facts.Gateway(
        id=item["InstanceId"],
        state=item["State"]["Name"],
        instance_type=item["InstanceType"],
        image=tags.get(IMAGE_TAG),
        agent=tags.get(AGENT_TAG),
        subnet=item.get("SubnetId", ""),
        interface=first.get("NetworkInterfaceId", ""),
        private_address=first.get("PrivateIpAddress"),
        source_dest_check=first.get("SourceDestCheck", True),
        booted=boot.version is not None,
        failed=boot.version is None and boot.failure is not None,
    )


def elastic_ip(settings: Settings) -> facts.ElasticIp:
    """The link's address and who bears it."""
    with translated("looking at the Elastic IP"):
        found = ec2().describe_addresses(AllocationIds=[settings.elastic_ip_allocation])["Addresses"][0]
    return facts.ElasticIp(
        allocation=settings.elastic_ip_allocation,
        address=IPv4Address(found["PublicIp"]),
        association=found.get("AssociationId") or None,
        interface=found.get("NetworkInterfaceId") or None,
    )


def gateways(settings: Settings) -> tuple[facts.Gateway, ...]:
    """The instances that bear this deployment's tags and are not terminated."""
    ours = {"tag:causeway-deployment": settings.deployment, "tag:causeway-link": settings.spec.name}
    reservations = _all("describe_instances", "Reservations", ours)
    found: Iterable[dict[str, Any]] = (item for one in reservations for item in one["Instances"])
    return tuple(_gateway(item, settings) for item in found if item["State"]["Name"] != "terminated")


def look(settings: Settings, *, deployed: bool = True) -> facts.AwsFacts:
    """One look at everything of AWS that the link depends on. Raises CloudBusy or CloudRefused.

    Before the stack is deployed nothing of ours exists; the customer's part is there to be looked at all the same.
    """
    return facts.AwsFacts(**_network(settings.spec.aws.vpc), **(_ours(settings) if deployed else _NOTHING_OF_OURS))


def _network(id: str) -> dict[str, Any]:
    vpc = {"vpc-id": id}
    with translated("looking at the VPC"):
        found = ec2().describe_vpcs(VpcIds=[id])["Vpcs"][0]
    blocks = [
        one["CidrBlock"] for one in found["CidrBlockAssociationSet"] if one["CidrBlockState"]["State"] == "associated"
    ]
    internet_gateways = _all("describe_internet_gateways", "InternetGateways", {"attachment.vpc-id": id})
    return {
        "cidrs": tuple(sorted(IPv4Network(block) for block in blocks)),
        "internet_gateway": internet_gateways[0]["InternetGatewayId"] if internet_gateways else None,
        "subnets": tuple(
            facts.Subnet(id=one["SubnetId"], zone=one["AvailabilityZone"], cidr=IPv4Network(one["CidrBlock"]))
            for one in _all("describe_subnets", "Subnets", vpc)
        ),
        "route_tables": tuple(_route_table(one) for one in _all("describe_route_tables", "RouteTables", vpc)),
    }


def _ours(settings: Settings) -> dict[str, Any]:
    rules = _all("describe_security_group_rules", "SecurityGroupRules", {"group-id": settings.security_group})
    return {
        "rules": tuple(_rule(one) for one in rules if not one["IsEgress"] and one.get("CidrIpv4")),
        "gateways": gateways(settings),
        "elastic_ip": elastic_ip(settings),
        "own_routes": table.own_routes(settings.table),
        "published_version": table.published_version(settings.table),
        "established_in": table.established_in(settings.table),
        "azure_side": table.azure_side(settings.table),
    }


_NOTHING_OF_OURS: dict[str, Any] = {
    "rules": (),
    "gateways": (),
    "elastic_ip": facts.NOT_ALLOCATED,
    "own_routes": frozenset(),
    "published_version": None,
}


def console_end(instance: str, characters: int = 1500) -> str:
    """The end of the instance's console output, for a gateway that cannot speak for itself. botocore has decoded it."""
    with translated("reading the console"):
        output = ec2().get_console_output(InstanceId=instance).get("Output", "")
    printable = "".join(char for char in output if char.isprintable() or char == "\n")
    return printable[-characters:].strip() or "the console is empty"
