"""Breaks in AWS, made as the customer's administrator could make them."""

from typing import Any

from rehearsal import clients, networks, world
from rehearsal.drills import scene
from rehearsal.drills.scene import Scene

MARK = "causeway-drill"  # the name of what a drill makes for itself
OPENED = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": scene.ANYWHERE}]}


def _ec2() -> Any:
    return clients.aws("ec2")


def power_off(now: Scene) -> None:
    _ec2().stop_instances(InstanceIds=[now.instance["InstanceId"]])


def terminate(now: Scene) -> None:
    _ec2().terminate_instances(InstanceIds=[now.instance["InstanceId"]])


def disassociate(now: Scene) -> None:
    _ec2().disassociate_address(AssociationId=now.address["AssociationId"])


def associate_elsewhere(now: Scene) -> None:
    _ec2().associate_address(
        AllocationId=now.address["AllocationId"], NetworkInterfaceId=_other_interface(), AllowReassociation=True
    )


def make_interface(now: Scene) -> None:
    """An interface of the customer's, which no machine has."""
    subnet = now.instance["SubnetId"]
    _ec2().create_network_interface(SubnetId=subnet, TagSpecifications=_marked("network-interface"))


def delete_interface(_: Scene) -> None:
    _ec2().delete_network_interface(NetworkInterfaceId=_other_interface())


def _other_interface() -> str:
    [found] = _ec2().describe_network_interfaces(Filters=[_BY_MARK])["NetworkInterfaces"]
    return str(found["NetworkInterfaceId"])


def _marked(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": MARK}]}]


_BY_MARK = {"Name": "tag:Name", "Values": [MARK]}


def _route(now: Scene) -> dict[str, Any]:
    """The route that the private host's packets take."""
    table = now.host_table()["RouteTableId"]
    return {"RouteTableId": table, "DestinationCidrBlock": str(now.link.vnet.cidr)}


def delete_route(now: Scene) -> None:
    _ec2().delete_route(**_route(now))


def delete_routes(now: Scene) -> None:
    """In every private table."""
    for table in now.private_tables:
        _ec2().delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=str(now.link.vnet.cidr))


def point_route_elsewhere(now: Scene) -> None:
    _ec2().replace_route(**_route(now), NetworkInterfaceId=_other_interface())


def route_to_other_interface(now: Scene, destination: str) -> None:
    """The private host's packets to this destination go to an interface without a machine."""
    table = now.host_table()["RouteTableId"]
    _ec2().create_route(RouteTableId=table, DestinationCidrBlock=destination, NetworkInterfaceId=_other_interface())


def delete_route_to(now: Scene, destination: str) -> None:
    _ec2().delete_route(RouteTableId=now.host_table()["RouteTableId"], DestinationCidrBlock=destination)


def new_route_table(now: Scene) -> None:
    """The private host's subnet gets a table of its own, without a way to Azure."""
    vpc = now.vpc["VpcId"]
    made = _ec2().create_route_table(VpcId=vpc, TagSpecifications=_marked("route-table"))["RouteTable"]
    _ec2().replace_route_table_association(
        AssociationId=_association(now.host_table()), RouteTableId=made["RouteTableId"]
    )


def without_new_route_table(before: Scene) -> None:
    [made] = _ec2().describe_route_tables(Filters=[_BY_MARK])["RouteTables"]
    former = before.host_table()["RouteTableId"]
    _ec2().replace_route_table_association(AssociationId=_association(made), RouteTableId=former)
    _ec2().delete_route_table(RouteTableId=made["RouteTableId"])


def _association(table: dict[str, Any]) -> str:
    return str(next(one["RouteTableAssociationId"] for one in table["Associations"] if "SubnetId" in one))


def check_source_and_destination(now: Scene) -> None:
    _ec2().modify_network_interface_attribute(NetworkInterfaceId=now.interface, SourceDestCheck={"Value": True})


def revoke_rule(now: Scene) -> None:
    """What lets the Azure gateway in."""
    rules = [one for one in now.group["IpPermissions"] if one["IpProtocol"] == "udp"]
    _ec2().revoke_security_group_ingress(GroupId=now.group["GroupId"], IpPermissions=rules)


def open_to_the_world(now: Scene) -> None:
    _ec2().authorize_security_group_ingress(GroupId=now.group["GroupId"], IpPermissions=[OPENED])


def add_cidr(now: Scene) -> None:
    """The VPC gets one more range, with a subnet and a host in it."""
    cidr, vpc = networks.NEW_CIDR, now.vpc["VpcId"]
    _ec2().associate_vpc_cidr_block(VpcId=vpc, CidrBlock=str(cidr))
    subnet = next(cidr.subnets(new_prefix=24))
    made = _ec2().create_subnet(VpcId=vpc, CidrBlock=str(subnet), TagSpecifications=_marked("subnet"))["Subnet"]
    _ec2().associate_route_table(RouteTableId=now.host_table()["RouteTableId"], SubnetId=made["SubnetId"])


def without_cidr(before: Scene) -> None:
    [subnet] = _ec2().describe_subnets(Filters=[_BY_MARK])["Subnets"]
    [table] = _ec2().describe_route_tables(RouteTableIds=[before.host_table()["RouteTableId"]])["RouteTables"]
    for one in table["Associations"]:
        if one.get("SubnetId") == subnet["SubnetId"]:
            _ec2().disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    _ec2().delete_subnet(SubnetId=subnet["SubnetId"])
    [vpc] = _ec2().describe_vpcs(VpcIds=[before.vpc["VpcId"]])["Vpcs"]
    for block in vpc["CidrBlockAssociationSet"]:
        if block["CidrBlock"] == str(networks.NEW_CIDR) and scene.is_there(block):
            _ec2().disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])


def to_new_cidr(link: world.Link) -> tuple[networks.Host, networks.Host]:
    """From the other cloud: nothing can be sent by a host that is not there yet."""
    return link.vnet.host, networks.NEW_HOST
