"""Looks at what preflight alone needs of AWS. Changes nothing, decides nothing; what cannot be read stays unknown."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds import apply, ec2_batches
from lambdas.clouds.errors import code, translated
from link import aws_errors, preflight_aws
from link.errors import CloudBusy, CloudRefused
from link.spec import LinkSpec
from link.survey import (
    AclEntry,
    Image,
    InstanceType,
    NetworkAcl,
    Permission,
    Quota,
    SecurityGroup,
    Survey,
    Workload,
)

# Service Quotas' codes of "Running On-Demand ... instances" by the letters that begin a type's name (EC2 user guide,
# "On-Demand Instance quotas"). All others are standard instances: A, C, D, H, I, M, R, T, Z.
_VCPU_QUOTAS: Mapping[str, str] = {
    "dl": "L-6E869C2A",
    "f": "L-74FC7D96",
    "g": "L-DB2E81BA",
    "vt": "L-DB2E81BA",
    "hpc": "L-F7808C92",
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
    "u": "L-43DA4232",
    "x": "L-7295265B",
}
_STANDARD = "L-1216C47A"
_ELASTIC_IPS = "L-0263D0A3"
# Interfaces that somebody on the other side may address. Endpoints, NAT gateways and functions have words of their own.
_ADDRESSED = frozenset({"interface", "branch", "efa", "load_balancer", "network_load_balancer"})

Ask = Callable[[frozenset[str] | None], tuple[Permission, ...]]


@cache
def _quotas() -> Any:
    return boto3.client("service-quotas")


def _pages(operation: str, key: str, **arguments: Any) -> list[Any]:
    with translated(f"looking with {operation}"):
        paginator = ec2_batches.ec2().get_paginator(operation)  # type: ignore[call-overload]  # the name is a variable
        return [item for page in paginator.paginate(**arguments) for item in page[key]]


def _in_vpc(spec: LinkSpec) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [spec.aws.vpc]}]


def _entry(item: dict[str, Any]) -> AclEntry:
    ports = item.get("PortRange", {})
    return AclEntry(
        number=item["RuleNumber"],
        egress=item["Egress"],
        allow=item["RuleAction"] == "allow",
        protocol=str(item["Protocol"]),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
        cidr=IPv4Network(item["CidrBlock"]),
    )


def _network_acls(spec: LinkSpec) -> tuple[NetworkAcl, ...]:
    return tuple(
        NetworkAcl(
            id=item["NetworkAclId"],
            subnets=tuple(sorted(one["SubnetId"] for one in item["Associations"])),
            entries=tuple(_entry(entry) for entry in item["Entries"] if entry.get("CidrBlock")),
        )
        for item in _pages("describe_network_acls", "NetworkAcls", Filters=_in_vpc(spec))
    )


def _offering_zones(spec: LinkSpec) -> frozenset[str]:
    of_type = [{"Name": "instance-type", "Values": [spec.aws.instance_type]}]
    found = _pages(
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=of_type,
    )
    return frozenset(item["Location"] for item in found)


def _instance_type(spec: LinkSpec) -> InstanceType:
    found = _pages("describe_instance_types", "InstanceTypes", InstanceTypes=[spec.aws.instance_type])[0]
    return InstanceType(
        vcpus=found["VCpuInfo"]["DefaultVCpus"],
        architectures=tuple(sorted(found["ProcessorInfo"]["SupportedArchitectures"])),
    )


def _images(spec: LinkSpec) -> tuple[Image, ...]:
    try:
        image = apply.image_id(spec.aws.image_or_default)
        with translated(f"looking up the image {image}"):
            found = ec2_batches.ec2().describe_images(ImageIds=[image])["Images"]
    except CloudRefused as exc:
        if isinstance(exc.__cause__, ClientError) and code(exc.__cause__) in aws_errors.IMAGE_MISSING:
            return ()
        raise
    return tuple(Image(id=one["ImageId"], architecture=one["Architecture"], state=one["State"]) for one in found)


def _limit(quota: str) -> int:
    with translated(f"reading the quota {quota}"):
        return int(_quotas().get_service_quota(ServiceCode="ec2", QuotaCode=quota)["Quota"]["Value"])


def vcpu_quota(instance_type: str) -> str:
    """Service Quotas' code of the quota against which the type's vCPUs count."""
    letters = re.match(r"[a-z]+", instance_type)
    return _VCPU_QUOTAS.get(letters[0], _STANDARD) if letters else _STANDARD


def _vcpus(spec: LinkSpec) -> Quota:
    """Spot instances and capacity blocks have quotas of their own; they alone have a lifecycle."""
    quota = vcpu_quota(spec.aws.instance_type)
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = _pages("describe_instances", "Reservations", Filters=alive)
    counted = [
        item.get("CpuOptions", {})
        for one in reservations
        for item in one["Instances"]
        if not item.get("InstanceLifecycle") and vcpu_quota(item["InstanceType"]) == quota
    ]
    used = sum(cpu.get("CoreCount", 0) * cpu.get("ThreadsPerCore", 0) for cpu in counted)
    return Quota(code=quota, limit=_limit(quota), used=used)


def _routes_per_table(_: LinkSpec) -> int:
    with translated("looking at the quota of routes"):
        answer = _quotas().get_service_quota(ServiceCode="vpc", QuotaCode=preflight_aws.ROUTES_QUOTA)
    return int(answer["Quota"]["Value"])


def _ebs_key(_: LinkSpec) -> str:
    with translated("looking at the default key for EBS"):
        return ec2_batches.ec2().get_ebs_default_kms_key_id()["KmsKeyId"]


def _elastic_ips(_: LinkSpec) -> Quota:
    with translated("looking at the Elastic IPs"):
        used = len(ec2_batches.ec2().describe_addresses()["Addresses"])
    return Quota(code=_ELASTIC_IPS, limit=_limit(_ELASTIC_IPS), used=used)


def _security_groups(spec: LinkSpec) -> tuple[SecurityGroup, ...]:
    return tuple(
        SecurityGroup(
            id=item["GroupId"],
            admits=tuple(
                sorted({IPv4Network(one["CidrIp"]) for rule in item["IpPermissions"] for one in rule["IpRanges"]})
            ),
            opaque=any(rule.get("PrefixListIds") for rule in item["IpPermissions"]),
        )
        for item in _pages("describe_security_groups", "SecurityGroups", Filters=_in_vpc(spec))
    )


def _workloads(spec: LinkSpec) -> tuple[Workload, ...]:
    found = _pages("describe_network_interfaces", "NetworkInterfaces", Filters=_in_vpc(spec))
    kinds = {
        (item["SubnetId"], tuple(sorted(group["GroupId"] for group in item["Groups"])))
        for item in found
        if item.get("InterfaceType") in _ADDRESSED and item["Groups"] and not _is_gateways(item)
    }
    return tuple(Workload(subnet=subnet, groups=groups) for subnet, groups in sorted(kinds))


def _is_gateways(interface: dict[str, Any]) -> bool:
    return any(tag["Key"] == "causeway-link" for tag in interface.get("TagSet", []))


_LOOKS: Mapping[str, Callable[[LinkSpec], Any]] = {
    "offering_zones": _offering_zones,
    "network_acls": _network_acls,
    "instance_type": _instance_type,
    "images": _images,
    "vcpus": _vcpus,
    "routes_per_table": _routes_per_table,
    "ebs_key": _ebs_key,
    "security_groups": _security_groups,
    "workloads": _workloads,
}


def look(spec: LinkSpec, ask: Ask | None = None) -> Survey:
    """One look, its calls side by side. `ask` is given in a walk: it has the acting roles say what they may do.

    Without it this is a look before the first deployment, which still has its Elastic IP to allocate.
    """
    for client in (ec2_batches.ec2, apply.ssm, _quotas):
        client()  # threads may share a client, but not make one (boto3, "Multithreading with clients")
    looks = {**_LOOKS, **({} if ask else {"elastic_ips": _elastic_ips})}
    with ThreadPoolExecutor(max_workers=len(looks) + 1) as pool:
        futures: dict[str, Future[Any]] = {name: pool.submit(one, spec) for name, one in looks.items()}
        if ask:
            futures["permissions"] = pool.submit(lambda: ask(_known(futures["offering_zones"])))
    failed = {name: error for name, future in futures.items() if (error := future.exception())}
    seen = {name: future.result() for name, future in futures.items() if name not in failed}
    return Survey(**seen, unread={name: _words(error) for name, error in failed.items()})


def _words(error: BaseException) -> str:
    """An answer of a shape that nothing here thought of is unread too."""
    known = isinstance(error, CloudBusy | CloudRefused)
    return str(error) if known else f"the answer cannot be read: {type(error).__name__}: {error}"


def _known(zones: Future[frozenset[str]]) -> frozenset[str] | None:
    return None if zones.exception() else zones.result()
