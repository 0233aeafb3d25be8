"""The two clouds as the fabric reads them: AWS from an API, Azure from the ARM server's file."""

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import boto3
import moto
import pydantic
import pytest

from rehearsal import aws_view, azure_view
from tests.rehearsal import fabric_world as world

VPC = IPv4Network("10.101.0.0/16")


@moto.mock_aws
def test_a_machine_is_read_with_its_interface_its_elastic_ip_and_its_subnets_route_table() -> None:
    ec2 = boto3.client("ec2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    vpc_id = ec2.create_vpc(CidrBlock=str(VPC))["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.101.0.0/24")["Subnet"]["SubnetId"]
    table_id = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet_id)
    group_id = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc_id)["GroupId"]
    permission = {"IpProtocol": "udp", "FromPort": 500, "ToPort": 500, "IpRanges": [{"CidrIp": "203.0.113.4/32"}]}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])  # type: ignore[list-item]
    image_id = ec2.describe_images()["Images"][0]["ImageId"]
    started = ec2.run_instances(
        ImageId=image_id,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet_id,
        SecurityGroupIds=[group_id],
    )["Instances"][0]
    interface_id = started["NetworkInterfaces"][0]["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface_id)
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="10.0.0.0/16", NetworkInterfaceId=interface_id)

    view = aws_view.read(ec2, [VPC])

    (found,) = view.instances
    assert found.living
    assert found.public_ip == IPv4Address(address["PublicIp"])
    assert (found.interface_id, found.group_ids) == (interface_id, (group_id,))
    (subnet,) = view.subnets
    table = view.table_of(subnet)
    assert table is not None
    assert aws_view.Route(IPv4Network("10.0.0.0/16"), interface_id) in table.routes
    (group,) = [group for group in view.groups if group.group_id == group_id]
    assert group.ingress == (aws_view.Rule("udp", (500, 500), (world.AZURE,), ()),)


@moto.mock_aws
def test_a_subnet_of_a_range_that_was_added_belongs_to_its_vpc() -> None:
    ec2 = boto3.client("ec2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    vpc_id = ec2.create_vpc(CidrBlock=str(VPC))["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.101.0.0/24")
    ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock="10.111.0.0/16")
    ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.111.0.0/24")
    found = {str(subnet.cidr) for subnet in aws_view.read(ec2, [VPC]).subnets}
    assert found == {"10.101.0.0/24", "10.111.0.0/24"}


def test_before_the_arm_servers_first_file_there_is_no_gateway(tmp_path: Path) -> None:
    assert azure_view.read(tmp_path / "peers.json") == ()


def test_a_gateway_is_read_with_its_connections_and_an_unknown_field_is_refused(tmp_path: Path) -> None:
    wanted = {**world.CONNECTION.model_dump(mode="json"), "shared_key": "not-a-secret"}
    gateway = {"gateway_ip": "203.0.113.4", "vnet_prefixes": ["10.0.0.0/16"], "connections": [wanted]}
    path = tmp_path / "peers.json"
    path.write_text(json.dumps([gateway]))
    assert azure_view.read(path) == (world.AZURE_GATEWAY,)
    path.write_text(json.dumps([{**gateway, "sku": "VpnGw1AZ"}]))
    with pytest.raises(pydantic.ValidationError):
        azure_view.read(path)
