"""What preflight alone needs to know of AWS, as it was found. Plain values: no judgement, no client, no wish."""

from ipaddress import IPv4Network

from link.record import Record


class AclEntry(Record):
    """One IPv4 rule of a network ACL. `protocol` is a number of IANA's or "-1"; ports are None for all."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    cidr: IPv4Network


class NetworkAcl(Record):
    """A network ACL of the VPC, with the subnets that it guards."""

    id: str
    subnets: tuple[str, ...]
    entries: tuple[AclEntry, ...]


class InstanceType(Record):
    """The declared instance type. `architectures` are EC2's words (x86_64, arm64)."""

    vcpus: int
    architectures: tuple[str, ...]


class Image(Record):
    """A machine image. `architecture` and `state` are EC2's words."""

    id: str
    architecture: str
    state: str


class Quota(Record):
    """A limit of the account in the region, and how much of it is used."""

    code: str
    limit: int
    used: int


class SecurityGroup(Record):
    """A security group of the VPC, with the IPv4 ranges that it admits on some port.

    `opaque` says that it also admits by prefix list, whose ranges were not looked up.
    """

    id: str
    admits: tuple[IPv4Network, ...]
    opaque: bool = False


class Workload(Record):
    """One combination of security groups that interfaces in a subnet bear."""

    subnet: str
    groups: tuple[str, ...]


class Permission(Record):
    """What AWS said to a dry run of an action. `allowed` is None when it said neither yes nor no."""

    action: str
    allowed: bool | None
    said: str


class Survey(Record):
    """What preflight alone needs of AWS, looked at once a walk. None is unknown; `unread` says why, by field.

    `images` is empty when the declared one does not exist. `vcpus` counts what the instance type counts against.
    `ebs_key` is the account's default key for EBS in the region, an alias or an ARN.
    """

    network_acls: tuple[NetworkAcl, ...] | None = None
    offering_zones: frozenset[str] | None = None
    instance_type: InstanceType | None = None
    images: tuple[Image, ...] | None = None
    vcpus: Quota | None = None
    elastic_ips: Quota | None = None
    ebs_key: str | None = None
    security_groups: tuple[SecurityGroup, ...] | None = None
    workloads: tuple[Workload, ...] | None = None
    permissions: tuple[Permission, ...] | None = None
    routes_per_table: int | None = None
    unread: dict[str, str] = {}
