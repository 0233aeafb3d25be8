"""Looks at the AWS side of one link or of many, and returns it as facts. Changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.clouds import ec2_facts, memory
from lambdas.clouds.ec2_batches import Answer, describe, ec2
from lambdas.clouds.errors import code, translated
from lambdas.settings import Settings
from link import aws_errors, facts
from link.errors import CloudRefused

if TYPE_CHECKING:
    pass


VPC = "the VPC"
# What an answer of a shape that nothing here thought of raises where it is read.
UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, IndexError)


def elastic_ip(settings: Settings) -> facts.ElasticIp:
    """The link's address and the interface that has it."""
    found = _addresses((settings,)).checked(settings.elastic_ip_allocation)
    return _elastic_ip(settings, _by(found, "AllocationId"))


def _addresses(links: Sequence[Settings]) -> Answer:
    """DescribeAddresses has no pages: EC2 answers with all at once."""
    return describe("describe_addresses", "Addresses", "allocation-id", [link.elastic_ip_allocation for link in links])


def _by(items: Sequence[Any], key: str) -> dict[str, Any]:
    return {item[key]: item for item in items if key in item}


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
    found, answer = _instances((settings,))
    answer.checked(settings.deployment)
    items = found[settings.deployment]
    known = memory.recall_one(settings.table, [item["InstanceId"] for item in items])
    return _read("the link's instances", lambda: _gateways(items, known))


def _gateways(items: Sequence[Any], known: memory.Remembered) -> tuple[facts.Gateway, ...]:
    return tuple(ec2_facts.gateway(item, known.boots[item["InstanceId"]]) for item in items)


def _instances(links: Sequence[Settings]) -> tuple[dict[str, list[Any]], Answer]:
    """By deployment."""
    found: dict[str, list[Any]] = {link.deployment: [] for link in links}
    answer = describe("describe_instances", "Reservations", "tag:causeway-deployment", list(found))
    for reservation in answer.items:
        for item in reservation.get("Instances", []):
            deployment = ec2_facts.tags(item).get("causeway-deployment", "")
            if deployment in found and "InstanceId" in item and ec2_facts.state(item) != "terminated":
                found[deployment].append(item)
    return found, answer


def instance(id: str) -> Any:
    """EC2's description of an instance, also for about an hour after its end. None: EC2 does not show it."""
    found = describe("describe_instances", "Reservations", "instance-id", [id]).checked(id)
    return next((item for reservation in found for item in reservation.get("Instances", [])), None)


def link_of_instance(id: str) -> str | None:
    """The link that an instance is or was a gateway of."""
    found = instance(id)
    return ec2_facts.tags(found).get("causeway-link") if found else None


def look(settings: Settings, *, deployed: bool = True) -> facts.AwsFacts:
    """One look at everything of AWS that the link depends on. Raises CloudBusy or CloudRefused.

    Before the stack is deployed nothing of ours exists; the customer's part is there to be looked at all the same.
    """
    if not deployed:
        vpc = settings.spec.aws.vpc
        network = _read(f"{VPC} {vpc}", lambda: _network(vpc, _networks((vpc,))))
        return facts.AwsFacts(**network, **_NOTHING_OF_OURS)
    found = look_at_all((settings,))[settings.deployment]
    if isinstance(found, CloudRefused):
        raise found
    return found.aws


@dataclass(frozen=True)
class Looked:
    """A link's AWS side, and all that its table remembers."""

    aws: facts.AwsFacts
    remembered: memory.Remembered


@dataclass(frozen=True)
class _Seen:
    """What all links share of one look."""

    networks: "_Networks"
    rules: Answer
    addresses: Answer
    instances: tuple[dict[str, list[Any]], Answer]
    remembered: dict[str, memory.Remembered | CloudRefused]
    by_allocation: dict[str, Any]
    by_group: dict[str, list[Any]]


def look_at_all(links: Sequence[Settings]) -> dict[str, Looked | CloudRefused]:
    """By deployment. The number of calls does not depend on the number of links but by pages.

    What is refused or unreadable of one link is answered for by an error of its own. Raises CloudBusy.
    """
    networks = _networks([link.spec.aws.vpc for link in links])
    groups = [link.security_group for link in links]
    rules = describe("describe_security_group_rules", "SecurityGroupRules", "group-id", groups)
    addresses, instances = _addresses(links), _instances(links)
    ids = {link.table: [item["InstanceId"] for item in instances[0][link.deployment]] for link in links}
    by_group: dict[str, list[Any]] = defaultdict(list)
    for rule in rules.items:
        by_group[rule.get("GroupId", "")].append(rule)
    by_allocation = _by(addresses.items, "AllocationId")
    seen = _Seen(networks, rules, addresses, instances, memory.recall(ids), by_allocation, by_group)
    return {link.deployment: _looked(link, seen) for link in links}


def _looked(link: Settings, seen: _Seen) -> Looked | CloudRefused:
    known = seen.remembered[link.table]
    refused = _refused(link, seen)
    if isinstance(known, CloudRefused) or refused:
        return refused or known  # type: ignore[return-value]  # one of them is an error
    try:
        return _read(f"link {link.spec.name}", lambda: Looked(_facts(link, seen, known), known))
    except CloudRefused as exc:
        return exc


def _refused(link: Settings, seen: _Seen) -> CloudRefused | None:
    """Why EC2 refused to show a part of this link."""
    parts = (
        (seen.networks.answers, link.spec.aws.vpc),
        ((seen.rules,), link.security_group),
        ((seen.addresses,), link.elastic_ip_allocation),
        ((seen.instances[1],), link.deployment),
    )
    return next((answer.refused[id] for answers, id in parts for answer in answers if id in answer.refused), None)


def _facts(link: Settings, seen: _Seen, known: memory.Remembered) -> facts.AwsFacts:
    return facts.AwsFacts(
        **_network(link.spec.aws.vpc, seen.networks),
        rules=tuple(ec2_facts.rule(one) for one in seen.by_group[link.security_group] if _is_inbound(one)),
        gateways=_gateways(seen.instances[0][link.deployment], known),
        elastic_ip=_elastic_ip(link, seen.by_allocation),
        own_routes=known.own_routes,
        published_version=known.published_version,
        established_in=known.established.vpc,
        azure_side=known.azure_side,
        launched_zones=known.launched_zones,
    )


def _read[T](what: str, read: Callable[[], T]) -> T:
    """Raises CloudRefused for an answer of a shape that nothing here thought of."""
    try:
        return read()
    except UNREADABLE as exc:
        raise CloudRefused(f"EC2's answer about {what} cannot be read: {type(exc).__name__}: {exc}") from exc


def _is_inbound(rule: dict[str, Any]) -> bool:
    return not rule.get("IsEgress") and "CidrIpv4" in rule


@dataclass(frozen=True)
class _Networks:
    vpcs: dict[str, Any]
    internet_gateways: dict[str, list[Any]]
    subnets: dict[str, list[Any]]
    route_tables: dict[str, list[Any]]
    answers: tuple[Answer, ...]


def _networks(vpcs: Sequence[str]) -> _Networks:
    found = describe("describe_vpcs", "Vpcs", "vpc-id", vpcs)
    attached = describe("describe_internet_gateways", "InternetGateways", "attachment.vpc-id", vpcs)
    subnets = describe("describe_subnets", "Subnets", "vpc-id", vpcs)
    tables = describe("describe_route_tables", "RouteTables", "vpc-id", vpcs)
    gateways: dict[str, list[Any]] = defaultdict(list)
    for one in attached.items:
        for attachment in one.get("Attachments", []):
            gateways[attachment.get("VpcId", "")].append(one)
    return _Networks(
        _by(found.items, "VpcId"),
        gateways,
        _of_vpcs(subnets.items),
        _of_vpcs(tables.items),
        (found, attached, subnets, tables),
    )


def _of_vpcs(items: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        found[item.get("VpcId", "")].append(item)
    return found


def _network(id: str, found: _Networks) -> dict[str, Any]:
    vpc = _one(found.vpcs, id, VPC)
    blocks = [
        one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"] if one["CidrBlockState"]["State"] == "associated"
    ]
    return {
        "cidrs": tuple(sorted(IPv4Network(block) for block in blocks)),
        "internet_gateway": next((one["InternetGatewayId"] for one in found.internet_gateways.get(id, [])), None),
        # A subnet of IPv6 alone has no IPv4 range, and no gateway can stand in it.
        "subnets": tuple(
            facts.Subnet(id=one["SubnetId"], zone=one["AvailabilityZone"], cidr=IPv4Network(one["CidrBlock"]))
            for one in found.subnets.get(id, [])
            if one.get("CidrBlock")
        ),
        "route_tables": tuple(ec2_facts.route_table(one) for one in found.route_tables.get(id, [])),
    }


_NOTHING_OF_OURS: dict[str, Any] = {
    "rules": (),
    "gateways": (),
    "elastic_ip": facts.NOT_ALLOCATED,
    "own_routes": frozenset(),
    "published_version": None,
}


def _console(instance: str) -> str:
    """The present output, where the type has it (Nitro); else EC2's buffer, which may be stale (GetConsoleOutput)."""
    try:
        return ec2().get_console_output(InstanceId=instance, Latest=True).get("Output", "")
    except ClientError as exc:
        if code(exc) not in aws_errors.CONSOLE_NOT_LATEST:
            raise
        return ec2().get_console_output(InstanceId=instance).get("Output", "")


def console_end(instance: str, characters: int = 1500) -> str:
    """The end of the instance's console output, for a gateway that cannot speak for itself. botocore has decoded it."""
    with translated("reading the console"):
        output = _console(instance)
    printable = "".join(char for char in output if char.isprintable() or char == "\n")
    return printable[-characters:].strip() or "the console is empty"
