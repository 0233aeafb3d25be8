"""The customer's world: an Azure gateway with one address, or an active-active one with two."""

from typing import Any

import boto3
import moto
import pytest

from rehearsal import arm_validate, clients, networks, world

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/vnet-1/subnets/GatewaySubnet"


@pytest.mark.parametrize(("link", "active_active"), [(world.REHEARSAL, False), (world.ACTIVE_ACTIVE, True)])
def test_a_gateway_has_an_address_for_each_of_its_instances(link: world.Link, active_active: bool) -> None:
    addresses = [str(address) for address in link.gateway_addresses]
    body = world.gateway(SUBNET, addresses)
    fronts = [one["properties"]["publicIPAddress"]["id"] for one in body["properties"]["ipConfigurations"]]
    assert fronts == ["203.0.113.4", "203.0.113.5"][: 2 if active_active else 1]
    assert body["properties"]["activeActive"] is active_active
    assert arm_validate.faults("virtualnetworkgateways", body) == []


@moto.mock_aws
def test_a_vpc_has_a_public_and_a_private_subnet_in_each_of_two_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2: Any = boto3.client("ec2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(clients, "aws", lambda service: ec2)
    vpc = world._vpc(networks.VPC_A)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = {one["SubnetId"]: one for one in ec2.describe_subnets(Filters=of_vpc)["Subnets"]}
    found = set()
    for table in ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]:
        public = any(route.get("GatewayId", "").startswith("igw-") for route in table["Routes"])
        for one in table["Associations"]:
            if "SubnetId" in one:
                subnet = subnets[one["SubnetId"]]
                found.add((subnet["CidrBlock"], subnet["AvailabilityZone"], public))
    assert found == {
        ("10.101.0.0/24", "eu-west-1a", True),
        ("10.101.1.0/24", "eu-west-1a", False),
        ("10.101.2.0/24", "eu-west-1b", False),
        ("10.101.3.0/24", "eu-west-1b", True),
    }
    assert str(networks.VPC_A.host.address) == "10.101.1.10"
