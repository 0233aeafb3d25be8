"""Whether AWS would let the gateway be launched, and packets reach it. Pure."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from link import choose, plan
from link.facts import AwsFacts, Facts
from link.finding import Check, Finding, refused, unknown, warned
from link.spec import LinkSpec
from link.survey import NetworkAcl, Survey

_UDP = ("-1", "17")  # network ACLs name protocols by IANA's number; -1 is all


def _network_acl(spec: LinkSpec, facts: Facts, survey: Survey) -> Iterator[Finding]:
    if survey.network_acls is None:
        yield unknown("the network ACL of the gateway's subnet", survey.unread.get("network_acls"))
        return
    active = choose.serving(facts.aws.gateways, facts.aws.elastic_ip.interface)
    subnet = active.subnet if active else _subnet(spec, facts.aws, survey)
    acl = next((acl for acl in survey.network_acls if subnet in acl.subnets), None)
    if acl is None or facts.azure.gateway is None:
        return
    for egress in (False, True):
        for port in plan.IKE_PORTS:
            dropped = [peer for peer in sorted(facts.azure.gateway.addresses) if not _passes(acl, egress, port, peer)]
            if dropped:
                direction = "outbound to" if egress else "inbound from"
                path = f"UDP {port} {direction} {', '.join(map(str, dropped))}"
                message = f"{acl.id} of {subnet} drops {path}"
                remedy = "add a rule that allows it before the one that denies it"
                yield refused("NetworkAclDrops", message, remedy, f"{acl.id} {direction[:3]} {port}")


def _passes(acl: NetworkAcl, egress: bool, port: int, peer: IPv4Address) -> bool:
    """The first rule by number that fits decides; without one the packet is dropped (VPC user guide, network ACLs).

    Both ends speak from the port that they listen on, so the destination port is the same both ways.
    """
    for entry in sorted(acl.entries, key=lambda entry: entry.number):
        if entry.egress is not egress or entry.protocol not in _UDP or peer not in entry.cidr:
            continue
        if entry.from_port is None or entry.to_port is None or entry.from_port <= port <= entry.to_port:
            return entry.allow
    return False


def _subnet(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> str | None:
    """Where a gateway would be launched first, if anywhere."""
    found = next(iter(choose.places(spec, facts, "", survey.offering_zones)), None)
    return found.id if found else None


def _instance_type(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> Iterator[Finding]:
    zones, kind = survey.offering_zones, spec.aws.instance_type
    if zones is None:
        yield unknown(f"where {kind} is offered", survey.unread.get("offering_zones"))
        return
    zone_of = {subnet.id: subnet.zone for subnet in facts.subnets}
    subnet = _subnet(spec, facts, survey)
    if not zones:
        message = f"{kind} does not exist in {spec.aws.region}"
        yield refused("InstanceTypeNotOffered", message, "correct aws.instance_type", kind)
    elif subnet in zone_of and zone_of[subnet] not in zones:
        offered = ", ".join(sorted(zones))
        message = f"{zone_of[subnet]}, where {subnet} is, does not offer {kind}"
        remedy = f"make a public subnet in {offered}, or choose another aws.instance_type or aws.gateway_subnet"
        yield refused("InstanceTypeNotOffered", message, remedy, kind)


def _exists(survey: Survey) -> bool:
    """Of a type that is offered nowhere nothing else is worth saying."""
    return survey.offering_zones != frozenset()


def _image(spec: LinkSpec, survey: Survey) -> Iterator[Finding]:
    declared = spec.aws.image_or_default
    if survey.images is None:
        yield unknown(f"the image {declared}", survey.unread.get("images"))
        return
    image = next(iter(survey.images), None)
    if image is None or image.state != "available":
        is_there = f"is {image.state}" if image else f"does not exist in {spec.aws.region}"
        remedy = "correct aws.image, or leave it out for Debian's newest"
        yield refused("ImageMissing", f"{declared} {is_there}", remedy, declared)
    elif not _exists(survey):
        return
    elif survey.instance_type is None:
        yield unknown(f"whether {declared} runs on {spec.aws.instance_type}", survey.unread.get("instance_type"))
    elif image.architecture not in survey.instance_type.architectures:
        runs = " or ".join(survey.instance_type.architectures)
        message = f"{image.id} is for {image.architecture}, {spec.aws.instance_type} runs {runs}"
        yield refused("ImageArchitecture", message, "correct aws.image or aws.instance_type", declared)


def _vcpus(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> Iterator[Finding]:
    kind = spec.aws.instance_type
    if not _exists(survey):
        return
    if survey.vcpus is None or survey.instance_type is None:
        why = survey.unread.get("vcpus") or survey.unread.get("instance_type")
        yield unknown(f"the vCPU quota for {kind}", why)
        return
    limit, used, needed = survey.vcpus.limit, survey.vcpus.used, survey.instance_type.vcpus
    if used + needed > limit:
        message = f"{kind} needs {needed} vCPUs, and {used} of {limit} are in use"
        remedy = f"raise quota {survey.vcpus.code} in Service Quotas for {spec.aws.region} or stop instances"
        # With a gateway there, nothing need be launched now; only a replacement would lack room beside it.
        there = any(gateway.state in choose.ALIVE for gateway in facts.gateways)
        yield (warned if there else refused)("VcpuLimit", message, remedy, survey.vcpus.code)


# AWS's own key for EBS, which every principal of the account may use through EC2. EC2 names it by this alias as long as
# no other key was made the default (GetEbsDefaultKmsKeyId).
_AWS_MANAGED = "alias/aws/ebs"
KEY_ACTIONS = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def _ebs_key(spec: LinkSpec, survey: Survey) -> Iterator[Finding]:
    """A launch without these permissions ends in pending, and no dry run shows it. A declared key is granted them."""
    if spec.aws.kms_key:
        return
    if survey.ebs_key is None:
        yield unknown("the account's default key for EBS", survey.unread.get("ebs_key"))
    elif not survey.ebs_key.endswith(_AWS_MANAGED):
        message = (
            f"the default key for EBS in {spec.aws.region} is {survey.ebs_key}, and the gateway's volume is encrypted "
            "with it"
        )
        remedy = (
            f"declare it by aws.kms_key, or have its policy allow the role causeway-{spec.name}-LaunchGateway "
            f"{', '.join(KEY_ACTIONS)} through EC2"
        )
        yield warned("EbsKeyUnusable", message, remedy, survey.ebs_key)


def elastic_ips(spec: LinkSpec, survey: Survey) -> Check:
    """Whether one more Elastic IP can be had. Only before the first deployment: the stack allocates the link's."""
    title, quota = "Elastic IP quota", survey.elastic_ips
    if quota is None:
        return Check.of(title, [unknown("the Elastic IP quota", survey.unread.get("elastic_ips"))])
    message = f"{quota.used} of {quota.limit} Elastic IPs are in use"
    remedy = f"raise quota {quota.code} in Service Quotas for {spec.aws.region} or release one"
    full = quota.used >= quota.limit
    return Check.of(title, [refused("ElasticIpLimit", message, remedy, quota.code)] if full else [])


def alone(spec: LinkSpec, facts: AwsFacts, survey: Survey) -> tuple[Check, ...]:
    """What the launch of a gateway needs, whatever is behind Azure."""
    return (
        Check.of("instance type", _instance_type(spec, facts, survey)),
        Check.of("image", _image(spec, survey)),
        Check.of("vCPU quota", _vcpus(spec, facts, survey)),
        Check.of("key of the gateway's volume", _ebs_key(spec, survey)),
    )


def network_acl(spec: LinkSpec, facts: Facts, survey: Survey) -> Check:
    """Whether the Azure gateway's packets reach the subnet, and the gateway's get out."""
    return Check.of("network ACL of the gateway's subnet", _network_acl(spec, facts, survey))
