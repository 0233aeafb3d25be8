"""The AWS states over an in-process AWS: from nothing to the whole AWS side, again without a change, and away again."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.clouds import apply, aws, ec2_batches, table
from lambdas.handlers import adjust_routes, attach_elastic_ip, launch_gateway, preflight, remove_routes, retire_gateway
from link import steps
from link.condition import Condition
from link.errors import CloudBusy, CloudRefused, Refused
from link.facts import AwsFacts
from link.reading import Booted
from link.steps import State
from tests import worlds
from tests.lambdas.conftest import World


class Context:
    """What Powertools reads of Lambda's context."""

    function_name = "f"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    aws_request_id = "r"


def _event(wanted: str = "up", **more: Any) -> dict[str, Any]:
    found = {"azure": worlds.azure().model_dump(mode="json"), "established": False, "serving": None}
    return {"walk": {"link": "prod", "wanted": wanted, "found": found, **more}, "execution": "walk-1"}


def _build(world: World) -> AwsFacts:
    for state in (launch_gateway, attach_elastic_ip, adjust_routes):
        state.handler(_event(), Context())
    return aws.look(world.settings)


def test_the_states_build_the_aws_side_and_a_second_walk_changes_nothing(world: World) -> None:
    built = _build(world)
    (gateway,) = built.gateways
    (private,) = (one for one in built.route_tables if one.id == world.private_table)
    assert built.elastic_ip.interface == gateway.interface
    assert not gateway.source_dest_check
    assert [str(route.destination) for route in private.routes if route.target == gateway.interface] == ["10.0.0.0/16"]
    assert built.own_routes == {(world.private_table, worlds.AZURE_PREFIX)}
    for state in (launch_gateway, attach_elastic_ip, adjust_routes):
        assert state.handler(_event(), Context()) == []
    assert aws.look(world.settings) == built


def test_the_gateway_is_launched_in_the_public_subnet_with_what_a_gateway_needs(world: World) -> None:
    _build(world)
    (instance,) = boto3.client("ec2").describe_instances()["Reservations"][0]["Instances"]
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert instance["SubnetId"] == world.public_subnet
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    (interface,) = instance["NetworkInterfaces"]
    assert [group["GroupId"] for group in interface["Groups"]] == [world.settings.security_group]
    assert (tags["causeway-link"], tags["causeway-deployment"]) == ("prod", worlds.DEPLOYMENT)


def test_the_inbound_rules_are_exactly_the_wanted_ones(world: World) -> None:
    group = world.settings.security_group
    boto3.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    rules = _build(world).rules
    assert {(rule.protocol, rule.from_port, str(rule.cidr)) for rule in rules} == {
        ("udp", 500, "203.0.113.4/32"),
        ("udp", 4500, "203.0.113.4/32"),
        ("-1", None, "10.101.0.0/16"),
    }


def test_the_published_configuration_holds_no_secret_and_is_what_the_agent_reads(world: World) -> None:
    _build(world)
    item = boto3.resource("dynamodb").Table("link").get_item(Key={"id": "configuration"})["Item"]
    assert set(item) == {"id", "version", "document"}
    assert worlds.PSK_SECRET in str(item["document"])
    assert "PSK" not in str(item["document"])


def test_going_down_leaves_nothing_of_ours_and_all_that_was_there(world: World) -> None:
    before = aws.look(world.settings)
    _build(world)
    (removed,) = remove_routes.handler(_event("down"), Context())
    assert (removed["step"], removed["reason"]) == ("DeleteRoute", "LinkNotWanted")
    while retire_gateway.handler(_event("down"), Context())["left"]:
        pass
    after = aws.look(world.settings)
    assert after.gateways == ()
    assert after.route_tables == before.route_tables
    assert after.elastic_ip == before.elastic_ip
    assert after.own_routes == frozenset()


def test_a_booted_gateway_is_told_from_one_that_is_not(world: World) -> None:
    (gateway,) = _build(world).gateways
    assert not gateway.booted
    table.hear_boot("link", Booted(link="prod", instance=gateway.id, version="v1"))
    (gateway,) = aws.gateways(world.settings)
    assert gateway.booted


def test_preflight_refuses_by_name_and_changes_nothing(world: World) -> None:
    before = aws.look(world.settings)
    basic = worlds.azure(gateway=worlds.vpn_gateway(sku="Basic")).model_dump(mode="json")
    with pytest.raises(Refused, match="GatewaySkuBasic: vpn-gateway has SKU Basic"):
        preflight.handler(_event(found={"azure": basic, "established": False, "serving": None}), Context())
    assert aws.look(world.settings) == before


def test_preflight_hands_on_where_to_launch_and_what_it_could_not_check(world: World) -> None:
    handed_on = preflight.handler(_event(), Context())
    assert handed_on["zones"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    said = " ".join(handed_on["warnings"])  # moto knows no quota of EC2, and has no function to ask
    assert "NotChecked: the vCPU quota for t3.small" in said
    assert "NotChecked: the permissions of the acting roles" in said


def test_an_error_of_aws_keeps_its_cause_and_only_what_ec2_may_not_show_yet_is_retried(world: World) -> None:
    broken = world.settings.model_copy(update={"elastic_ip_allocation": "eipalloc-gone"})
    with pytest.raises(CloudRefused, match="the link's Elastic IP eipalloc-gone does not exist"):
        aws.look(broken)
    with pytest.raises(CloudBusy, match=r"reading the console: .*InvalidInstanceID.NotFound") as caught:
        aws.console_end("i-0123456789abcdef0")
    assert caught.value.__cause__ is not None


def test_an_elastic_ip_that_is_elsewhere_is_moved(world: World) -> None:
    launch_gateway.handler(_event(), Context())
    image = world.settings.spec.aws.image or ""
    other = ec2_batches.ec2().run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=world.public_subnet)
    allocation = world.settings.elastic_ip_allocation
    ec2_batches.ec2().associate_address(AllocationId=allocation, InstanceId=other["Instances"][0]["InstanceId"])
    attach_elastic_ip.handler(_event(), Context())
    found = aws.look(world.settings)
    assert found.elastic_ip.interface == found.gateways[0].interface


def test_a_route_that_somebody_makes_between_look_and_act_stays_theirs(world: World) -> None:
    launch_gateway.handler(_event(), Context())
    (gateway,) = aws.gateways(world.settings)
    create = steps.CreateRoute(world.private_table, worlds.AZURE_PREFIX, gateway.interface)
    step = steps.Step(State.ADJUST_ROUTES, create, Condition(reason="RouteMissing", message=""))
    image = world.settings.spec.aws.image or ""
    theirs = ec2_batches.ec2().run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=world.public_subnet)
    interface = theirs["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2_batches.ec2().create_route(
        RouteTableId=world.private_table, DestinationCidrBlock=str(worlds.AZURE_PREFIX), NetworkInterfaceId=interface
    )
    with Stubber(ec2_batches.ec2()) as stub:  # moto makes a route twice
        stub.add_client_error("create_route", "RouteAlreadyExists")
        with pytest.raises(CloudBusy, match="has got a route to"):
            apply.apply(step, world.settings, "walk-1")
    assert table.own_routes("link") == frozenset()
    with pytest.raises(Refused, match="RouteTaken"):
        adjust_routes.handler(_event(), Context())


def test_a_route_table_that_its_owner_deleted_is_forgotten(world: World) -> None:
    launch_gateway.handler(_event(), Context())
    adjust_routes.handler(_event(), Context())
    table.own_route("link", "rtb-0deleted", worlds.AZURE_PREFIX)
    adjust_routes.handler(_event(), Context())
    assert table.own_routes("link") == {(world.private_table, worlds.AZURE_PREFIX)}
