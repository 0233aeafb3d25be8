"""Looks at the AWS side of one link or of many, and returns it as facts. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.clouds import ec2_facts, memory
from lambdas.clouds.errors import translated
from lambdas.settings import Settings
from link import facts
from link.errors import CloudRefused

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client


@cache
def ec2() -> "EC2Client":
    """The EC2 client of this function."""
    return boto3.client("ec2")


VPC = "the VPC"
PAGE = 200  # values of one filter (API reference, Filter)


def _all(operation: str, key: str, name: str, values: Sequence[str]) -> list[Any]:
    """All items that a filter with one of these values matches."""
    with translated(f"looking with {operation}"):
        paginator = ec2().get_paginator(operation)  # type: ignore[call-overload]  # the name is a variable
        return [
            item
            for some in batched(dict.fromkeys(values), PAGE, strict=False)
            for page in paginator.paginate(Filters=[{"Name": name, "Values": list(some)}])
            for item in page[key]
        ]


def elastic_ip(settings: Settings) -> facts.ElasticIp:
    """The link's address and who bears it."""
    return _elastic_ip(settings, _addresses((settings,)))


def _addresses(links: Sequence[Settings]) -> dict[str, Any]:
    """By allocation. There are no pages: EC2 answers with all at once."""
    wanted = [{"Name": "allocation-id", "Values": [link.elastic_ip_allocation for link in links]}]
    with translated("looking at the Elastic IPs"):
        found = ec2().describe_addresses(Filters=wanted)["Addresses"]  # type: ignore[arg-type]
    return {one["AllocationId"]: one for one in found}


def _elastic_ip(settings: Settings, addresses: Mapping[str, Any]) -> facts.ElasticIp:
    found = _one(addresses, settings.elastic_ip_allocation, "the link's Elastic IP")
    return facts.ElasticIp(
        allocation=settings.elastic_ip_allocation,
        address=IPv4Address(found["PublicIp"]),
        association=found.get("AssociationId") or None,
        interface=found.get("NetworkInterfaceId") or None,
    )


def _one(found: Mapping[str, Any], id: str, what: str) -> Any:
    if id not in found:
        raise CloudRefused(missing(what, id))
    return found[id]


def missing(what: str, id: str) -> str:
    """What is said of a thing that the link stands on and that is not there."""
    return f"{what} {id} does not exist in this account and region"


def gateways(settings: Settings) -> tuple[facts.Gateway, ...]:
    """The instances that bear this deployment's tags and are not terminated."""
    items = _instances((settings,))[settings.deployment]
    known = memory.recall({settings.table: [item["InstanceId"] for item in items]})[settings.table]
    return _gateways(items, known)


def _gateways(items: Sequence[Any], known: memory.Remembered) -> tuple[facts.Gateway, ...]:
    return tuple(ec2_facts.gateway(item, known.boots[item["InstanceId"]]) for item in items)


def _instances(links: Sequence[Settings]) -> dict[str, list[Any]]:
    """By deployment."""
    deployments = [link.deployment for link in links]
    found: dict[str, list[Any]] = {one: [] for one in deployments}
    for reservation in _all("describe_instances", "Reservations", "tag:causeway-deployment", deployments):
        for item in reservation["Instances"]:
            if item["State"]["Name"] != "terminated":
                found[ec2_facts.tags(item)["causeway-deployment"]].append(item)
    return found


def link_of_instance(instance: str) -> str | None:
    """The link that an instance is or was a gateway of. Tags are told for an hour after an instance has ended."""
    for reservation in _all("describe_instances", "Reservations", "instance-id", [instance]):
        for item in reservation["Instances"]:
            return ec2_facts.tags(item).get("causeway-link")
    return None


def look(settings: Settings, *, deployed: bool = True) -> facts.AwsFacts:
    """One look at everything of AWS that the link depends on. Raises CloudBusy or CloudRefused.

    Before the stack is deployed nothing of ours exists; the customer's part is there to be looked at all the same.
    """
    if not deployed:
        vpc = settings.spec.aws.vpc
        return facts.AwsFacts(**_network(vpc, _networks((vpc,))), **_NOTHING_OF_OURS)
    found = look_at_all((settings,))[settings.deployment]
    if isinstance(found, CloudRefused):
        raise found
    return found.aws


@dataclass(frozen=True)
class Looked:
    """A link's AWS side, and all that its table remembers."""

    aws: facts.AwsFacts
    remembered: memory.Remembered


def look_at_all(links: Sequence[Settings]) -> dict[str, Looked | CloudRefused]:
    """By deployment. The number of calls does not depend on the number of links but by pages.

    A link whose VPC or Elastic IP is gone is answered for by an error of its own; any other error is everybody's.
    """
    networks = _networks([link.spec.aws.vpc for link in links])
    groups = _all(
        "describe_security_group_rules", "SecurityGroupRules", "group-id", [one.security_group for one in links]
    )
    addresses, instances = _addresses(links), _instances(links)
    remembered = memory.recall({one.table: [item["InstanceId"] for item in instances[one.deployment]] for one in links})
    found: dict[str, Looked | CloudRefused] = {}
    for link in links:
        known = remembered[link.table]
        try:
            found[link.deployment] = Looked(
                facts.AwsFacts(
                    **_network(link.spec.aws.vpc, networks),
                    rules=tuple(ec2_facts.rule(one) for one in groups if _is_inbound(one, link.security_group)),
                    gateways=tuple(
                        ec2_facts.gateway(one, known.boots[one["InstanceId"]]) for one in instances[link.deployment]
                    ),
                    elastic_ip=_elastic_ip(link, addresses),
                    own_routes=known.own_routes,
                    published_version=known.published_version,
                    established_in=known.established_in,
                    azure_side=known.azure_side,
                ),
                known,
            )
        except CloudRefused as exc:
            found[link.deployment] = exc
    return found


def _is_inbound(rule: dict[str, Any], group: str) -> bool:
    return rule["GroupId"] == group and not rule["IsEgress"] and "CidrIpv4" in rule


@dataclass(frozen=True)
class _Networks:
    vpcs: dict[str, Any]
    internet_gateways: list[Any]
    subnets: list[Any]
    route_tables: list[Any]


def _networks(vpcs: Sequence[str]) -> _Networks:
    return _Networks(
        {one["VpcId"]: one for one in _all("describe_vpcs", "Vpcs", "vpc-id", vpcs)},
        _all("describe_internet_gateways", "InternetGateways", "attachment.vpc-id", vpcs),
        _all("describe_subnets", "Subnets", "vpc-id", vpcs),
        _all("describe_route_tables", "RouteTables", "vpc-id", vpcs),
    )


def _network(id: str, found: _Networks) -> dict[str, Any]:
    vpc = _one(found.vpcs, id, VPC)
    blocks = [
        one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"] if one["CidrBlockState"]["State"] == "associated"
    ]
    attached = (
        one["InternetGatewayId"]
        for one in found.internet_gateways
        if any(attachment["VpcId"] == id for attachment in one["Attachments"])
    )
    return {
        "cidrs": tuple(sorted(IPv4Network(block) for block in blocks)),
        "internet_gateway": next(attached, None),
        "subnets": tuple(
            facts.Subnet(id=one["SubnetId"], zone=one["AvailabilityZone"], cidr=IPv4Network(one["CidrBlock"]))
            for one in found.subnets
            if one["VpcId"] == id
        ),
        "route_tables": tuple(ec2_facts.route_table(one) for one in found.route_tables if one["VpcId"] == id),
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
