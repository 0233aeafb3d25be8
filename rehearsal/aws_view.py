"""What the emulator says of AWS, as frozen values: subnets, machines, security groups and route tables.

One call for each kind of thing, read whole each time, because the fabric is level-triggered. Nothing is changed here.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import botocore.config

from rehearsal import places

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        InstanceTypeDef,
        IpPermissionOutputTypeDef,
        RouteTableTypeDef,
        RouteTypeDef,
        SecurityGroupTypeDef,
    )

type Address = ipaddress.IPv4Address
type Network = ipaddress.IPv4Network

RUNNING = "running"  # the emulator leaves an instance pending only when its launch fails, as one that never boots


@dataclass(frozen=True)
class Subnet:
    subnet_id: str
    vpc_id: str
    cidr: Network

    @property
    def router(self) -> Address:
        """The first address of each subnet is the VPC router's: "Subnet sizing", Amazon VPC user guide."""
        return self.cidr.network_address + 1


@dataclass(frozen=True)
class Instance:
    """One instance and its primary interface."""

    instance_id: str
    state: str
    subnet_id: str
    interface_id: str
    private_ip: Address
    mac: str
    source_dest_check: bool
    public_ip: Address | None
    group_ids: tuple[str, ...]

    @property
    def living(self) -> bool:
        return self.state == RUNNING


@dataclass(frozen=True)
class Rule:
    """One permission of a security group; protocol "-1" is all of them, and so is a missing port range."""

    protocol: str
    ports: tuple[int, int] | None
    networks: tuple[Network, ...]
    group_ids: tuple[str, ...]


@dataclass(frozen=True)
class SecurityGroup:
    group_id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


@dataclass(frozen=True)
class Route:
    """Where a prefix goes: "local", an internet gateway's id, an interface's id, or the id of what nobody emulates."""

    prefix: Network
    target: str


@dataclass(frozen=True)
class RouteTable:
    table_id: str
    vpc_id: str
    main: bool
    subnet_ids: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class View:
    subnets: tuple[Subnet, ...] = ()
    instances: tuple[Instance, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    tables: tuple[RouteTable, ...] = ()

    def table_of(self, subnet: Subnet) -> RouteTable | None:
        """The subnet's own route table, or else its VPC's main one."""
        own = [table for table in self.tables if subnet.subnet_id in table.subnet_ids]
        main = [table for table in self.tables if table.main and table.vpc_id == subnet.vpc_id]
        return next(iter(own + main), None)


def connect() -> "EC2Client":
    """A client that gives up soon: the loop asks again anyhow."""
    return boto3.client(
        "ec2",
        region_name=places.REGION,
        endpoint_url=places.EMULATOR_URL,
        aws_access_key_id=places.ROOT_ACCESS_KEY,
        aws_secret_access_key=places.ROOT_SECRET_KEY,
        config=botocore.config.Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}),
    )


def read(ec2: "EC2Client", vpc_cidrs: Sequence[Network]) -> View:
    """Read everything that lies in VPCs with these ranges; the account's default VPC is nobody's business."""
    every = [
        Subnet(found["SubnetId"], found["VpcId"], ipaddress.IPv4Network(found["CidrBlock"]))
        for found in ec2.describe_subnets()["Subnets"]
    ]
    known = {subnet.vpc_id for subnet in every if any(subnet.cidr.subnet_of(cidr) for cidr in vpc_cidrs)}
    subnets = [subnet for subnet in every if subnet.vpc_id in known]
    ids = {subnet.subnet_id for subnet in subnets}
    reservations = ec2.describe_instances()["Reservations"]
    instances = [_instance(found) for reservation in reservations for found in reservation["Instances"]]
    tables = [_table(found) for found in ec2.describe_route_tables()["RouteTables"]]
    vpcs = {subnet.vpc_id for subnet in subnets}
    return View(
        subnets=tuple(sorted(subnets, key=lambda subnet: subnet.cidr)),
        instances=tuple(found for found in instances if found is not None and found.subnet_id in ids),
        groups=tuple(_group(found) for found in ec2.describe_security_groups()["SecurityGroups"]),
        tables=tuple(table for table in tables if table.vpc_id in vpcs),
    )


def _instance(found: "InstanceTypeDef") -> Instance | None:
    interface = next(iter(found.get("NetworkInterfaces", [])), None)
    if interface is None:  # a terminated instance has lost its interface
        return None
    public = interface.get("Association", {}).get("PublicIp")
    return Instance(
        instance_id=found["InstanceId"],
        state=found["State"]["Name"],
        subnet_id=interface["SubnetId"],
        interface_id=interface["NetworkInterfaceId"],
        private_ip=ipaddress.IPv4Address(interface["PrivateIpAddress"]),
        mac=interface["MacAddress"],
        source_dest_check=interface["SourceDestCheck"],
        public_ip=ipaddress.IPv4Address(public) if public else None,
        group_ids=tuple(sorted(group["GroupId"] for group in interface["Groups"])),
    )


def _group(found: "SecurityGroupTypeDef") -> SecurityGroup:
    ingress, egress = found.get("IpPermissions", []), found.get("IpPermissionsEgress", [])
    return SecurityGroup(found["GroupId"], _rules(ingress), _rules(egress))


def _rules(permissions: "Iterable[IpPermissionOutputTypeDef]") -> tuple[Rule, ...]:
    return tuple(
        Rule(
            protocol=permission["IpProtocol"],
            ports=_ports(permission),
            networks=tuple(ipaddress.IPv4Network(found["CidrIp"]) for found in permission.get("IpRanges", [])),
            group_ids=tuple(found["GroupId"] for found in permission.get("UserIdGroupPairs", [])),
        )
        for permission in permissions
    )


def _ports(permission: "IpPermissionOutputTypeDef") -> tuple[int, int] | None:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    return None if first is None or last is None or first < 0 else (first, last)


def _table(found: "RouteTableTypeDef") -> RouteTable:
    associations = found.get("Associations", [])
    return RouteTable(
        table_id=found["RouteTableId"],
        vpc_id=found["VpcId"],
        main=any(association.get("Main") for association in associations),
        subnet_ids=tuple(sorted(entry["SubnetId"] for entry in associations if "SubnetId" in entry)),
        routes=tuple(
            Route(ipaddress.IPv4Network(route["DestinationCidrBlock"]), _target(route))
            for route in found.get("Routes", [])
            if "DestinationCidrBlock" in route
        ),
    )


def _target(route: "RouteTypeDef") -> str:
    # EC2 also names the instance of an interface; the interface is the target.
    return route.get("NetworkInterfaceId") or route.get("GatewayId") or route.get("InstanceId") or "nowhere"
