"""Healing is the same walk on other facts: what the watch starts it with, what it mends, what it leaves for a look."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Network

import boto3
import pytest

from lambdas import azure_looks, watch
from lambdas.clouds import alerts, aws, dynamo, function, locks, memory, registry, table
from lambdas.handlers import deploy_link
from link import aws_errors, facts
from link.condition import Condition
from link.errors import FunctionUnreachable
from link.healing_state import HealingState, Notification
from link.reading import Observation
from link.steps import State
from tests import worlds
from tests.lambdas.test_walk import Context
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner


def _document(*, reset: bool = False) -> dict[str, object]:
    why = {"trigger": "Scheduled Event", "reason": "GatewayMissing", "message": "it is gone"}
    return {"link": "prod", "wanted": "up", "answer": None, "why": why, "reset": reset}


def _look() -> watch.Outcome:
    """The watch's own look at the link."""
    (outcome,) = watch.look_at(registry.links(), azure_looks.Asked("Scheduled Event", datetime.now(UTC), "topic"))
    return outcome


def test_a_link_that_was_verified_is_watched_and_nothing_is_wrong_with_it(established: Clouds) -> None:
    (link,) = registry.links()
    assert link == established.settings
    assert _look().reason == "Well"
    assert established.stepfunctions.started == []


def test_a_gateway_that_was_terminated_is_replaced_and_nothing_differs_afterwards(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    boto3.client("ec2").terminate_instances(InstanceIds=[old.id])
    assert _look().reason == "GatewayMissing"
    ((name, _),) = established.stepfunctions.started
    ended = Runner(established, execution=name).run(_document())
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    (new,) = aws.gateways(established.settings)
    assert aws.elastic_ip(established.settings).interface == new.interface
    assert _look().reason == "Well"


def test_a_condemned_gateway_serves_until_another_has_booted_and_then_goes(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    table.condemn("link", old.id, Condition(reason="GatewayDead", message="it has not reported"))
    ended = Runner(established).run(_document())
    assert ended.status == "SUCCEEDED"
    assert runner.reasons(ended, State.LAUNCH_GATEWAY) == ["GatewayDead"]
    (new,) = aws.gateways(established.settings)
    assert new.id != old.id


def test_a_condemned_gateway_stays_when_no_other_boots(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    table.condemn("link", old.id, Condition(reason="GatewayDead", message="it has not reported"))
    established.boots = False
    ended = Runner(established).run(_document())
    assert ended.status == "FAILED"
    assert [one.id for one in aws.gateways(established.settings)] == [old.id]
    assert aws.elastic_ip(established.settings).interface == old.interface


def test_a_connection_is_reset_once_and_only_when_asked(established: Clouds) -> None:
    assert Runner(established, execution="heal-1").run(_document()).status == "SUCCEEDED"
    assert established.arm.resets == 0
    assert Runner(established, execution="heal-2").run(_document(reset=True)).status == "SUCCEEDED"
    assert established.arm.resets == 1


def test_a_wish_during_a_walk_leads_to_one_more_look_and_none_to_none(established: Clouds) -> None:
    assert Runner(established, execution="heal-1").run(_document()).status == "SUCCEEDED"
    assert established.wishes == []

    def wish() -> None:
        table.ask_look("link")

    Runner(established, execution="heal-2", before={"AdjustRoutes": wish, "Verify": wish}).run(_document())
    assert established.wishes == [("prod", "walk")]
    assert locks.holder("link") is None


def test_a_link_that_goes_is_no_longer_watched_even_while_it_goes(established: Clouds) -> None:
    fields = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")
    deploy_link.handler({"RequestType": "Delete", **dict.fromkeys(fields, "Link")}, Context())
    assert registry.links() == ()
    assert Runner(established, execution="Link").run(runner.document("down")).status == "SUCCEEDED"
    assert registry.links() == ()


def test_what_was_tried_is_forgotten_when_the_link_has_been_well(
    established: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted = Notification(reason="TunnelDown", subject="", at=worlds.NOW, absent_since=worlds.NOW)
    table.keep_healing("link", HealingState(since={Observation.DOWN: worlds.NOW}, notified=(alerted,)))
    told: list[str] = []
    monkeypatch.setattr(alerts, "tell", lambda topic, message: told.append(message.subject))
    _look()
    assert told == ["Causeway link prod is well again"]
    assert memory.recall_one("link").healing == HealingState()


def _silence(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The Function answers nothing from now on. Returns what it was asked for nevertheless."""
    asked: list[str] = []

    def post(side: object, path: str, body: str, patience_s: float = 0) -> bytes:
        asked.append(path.rpartition("/")[2])
        raise FunctionUnreachable("https://causeway.azurewebsites.net did not answer")

    monkeypatch.setattr(function, "_post", post)
    return asked


def _ended(link: Clouds) -> None:
    (old,) = aws.gateways(link.settings)
    boto3.client("ec2").terminate_instances(InstanceIds=[old.id])


def _route_deleted(link: Clouds) -> None:
    ((route_table, destination),) = table.own_routes("link")
    boto3.client("ec2").delete_route(RouteTableId=route_table, DestinationCidrBlock=str(destination))


def _address_moved(link: Clouds) -> None:
    ec2 = boto3.client("ec2")
    (found,) = ec2.describe_addresses(AllocationIds=[link.settings.elastic_ip_allocation])["Addresses"]
    ec2.disassociate_address(AssociationId=found["AssociationId"])


def _rule_removed(link: Clouds) -> None:
    ec2, group = boto3.client("ec2"), link.settings.security_group
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules = [one for one in found["IpPermissions"] if one["IpProtocol"] == "udp"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)


BREAKS = [_ended, _route_deleted, _address_moved, _rule_removed]


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda one: one.__name__.strip("_"))
def test_while_the_function_is_silent_the_aws_side_heals_and_azure_is_not_written_to(
    established: Clouds, monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Clouds], None]
) -> None:
    before = established.listing()["azure"]
    breaks(established)
    asked = _silence(monkeypatch)
    assert _look().action == "remedy"
    ((name, _),) = established.stepfunctions.started
    ended = Runner(established, execution=name).run(_document())
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    (gateway,) = aws.gateways(established.settings)
    assert aws.elastic_ip(established.settings).interface == gateway.interface
    assert _look().reason == "FunctionUnreachable"  # and nothing differs
    assert "work" not in asked
    assert established.listing()["azure"] == before


def test_a_link_that_was_never_verified_needs_azure(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    before = clouds.listing()
    _silence(monkeypatch)
    assert Runner(clouds).run(runner.document()).error == "FunctionUnreachable"
    assert clouds.listing() == before


def _foreign_route(link: Clouds) -> None:
    """A part of what is behind Azure goes elsewhere, by another team's hand."""
    ((route_table, _),) = table.own_routes("link")
    subnet = boto3.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [link.settings.spec.aws.vpc]}])
    made = boto3.client("ec2").create_network_interface(SubnetId=subnet["Subnets"][0]["SubnetId"])
    boto3.client("ec2").create_route(
        RouteTableId=route_table,
        DestinationCidrBlock="10.0.128.0/17",
        NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"],
    )


def _overlap(link: Clouds) -> None:
    """A network with a part of the VPC's range is let use the Azure gateway."""
    peered = facts.Peered(id="/vnet/new", prefixes=(IPv4Network("10.101.128.0/17"),))
    link.arm.network = link.arm.network.model_copy(update={"transit": (peered,)})


def _not_attached(link: Clouds) -> None:
    assert link.arm.gateway is not None
    link.arm.gateway = link.arm.gateway.model_copy(update={"virtual_network": "/vnet/another"})


def _basic(link: Clouds) -> None:
    assert link.arm.gateway is not None
    link.arm.gateway = link.arm.gateway.model_copy(update={"sku": "Basic"})


def _no_azure_gateway(link: Clouds) -> None:
    link.arm.gateway = None


def _no_addresses(link: Clouds) -> None:
    assert link.arm.gateway is not None
    link.arm.gateway = link.arm.gateway.model_copy(update={"addresses": ()})


def _foreign_connection(link: Clouds) -> None:
    assert link.arm.connection is not None
    link.arm.connection = link.arm.connection.model_copy(update={"ours": False})


def _table_full(link: Clouds) -> None:
    """One prefix more, for which the table has no room."""
    link.refusing.set_quota("vpc", "L-93826ACB", 4)
    more = (*link.arm.network.prefixes, IPv4Network("10.7.0.0/16"), IPv4Network("10.8.0.0/16"))
    link.arm.network = link.arm.network.model_copy(update={"prefixes": more})


def _acl_drops(link: Clouds) -> None:
    ec2 = boto3.client("ec2")
    found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [link.settings.spec.aws.vpc]}])
    ec2.create_network_acl_entry(
        NetworkAclId=found["NetworkAcls"][0]["NetworkAclId"],
        RuleNumber=90,
        Protocol="17",
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 500, "To": 4500},
    )


STANDING = {
    "RouteTaken": _foreign_route,
    "OverlappingRanges": _overlap,
    "VirtualNetworkNotAttached": _not_attached,
    "GatewaySkuBasic": _basic,
    "VpnGatewayMissing": _no_azure_gateway,
    "GatewayWithoutAddress": _no_addresses,
    "ForeignConnection": _foreign_connection,
    "RouteLimit": _table_full,
    "NetworkAclDrops": _acl_drops,
}


@pytest.mark.parametrize("reason", STANDING)
def test_a_finding_is_told_while_the_link_works_and_keeps_no_gateway_from_being_replaced(
    established: Clouds, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(alerts, "tell", lambda topic, message: told.append(message.text))
    STANDING[reason](established)
    theirs = _foreign_routes(established)
    asked = azure_looks.Asked("operator", datetime.now(UTC), "topic", surveys=True)
    watch.look_at(registry.links(), asked)
    assert any(reason in text for text in told), told
    for name, _ in established.stepfunctions.started:
        locks.release("link", name)
    established.stepfunctions.started.clear()
    _ended(established)
    assert _look().action == "remedy"
    ((name, _),) = established.stepfunctions.started
    Runner(established, execution=name).run(_document())
    (new,) = aws.gateways(established.settings)
    assert (new.booted, new.source_dest_check) == (True, False)
    assert aws.elastic_ip(established.settings).interface == new.interface
    routes = {
        (one.id, str(route.destination)): route.target
        for one in aws.look(established.settings).route_tables
        for route in one.routes
    }
    assert [target for (_, to), target in routes.items() if to == str(worlds.AZURE_PREFIX)] == [new.interface]
    assert _foreign_routes(established) == theirs


def _foreign_routes(link: Clouds) -> set[tuple[str, str, str]]:
    """Routes to interfaces that are no gateway's."""
    found = aws.look(link.settings)
    own = {destination for _, destination in found.own_routes}
    return {
        (one.id, str(route.destination), route.target)
        for one in found.route_tables
        for route in one.routes
        if route.destination not in own and route.destination not in (IPv4Network("10.7.0.0/16"),)
    }


def _second_zone(link: Clouds) -> str:
    """A public subnet in another zone of the VPC."""
    ec2, vpc = boto3.client("ec2"), link.settings.spec.aws.vpc
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.101.2.0/24", AvailabilityZone="eu-west-1b")["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    public = next(
        one for one in tables if any(route.get("GatewayId", "").startswith("igw-") for route in one["Routes"])
    )
    ec2.associate_route_table(SubnetId=made, RouteTableId=public["RouteTableId"])
    return str(made)


@pytest.mark.parametrize("code", sorted(aws_errors.NO_ROOM))
def test_when_the_zone_is_full_the_gateway_comes_up_in_another(established: Clouds, code: str) -> None:
    second = _second_zone(established)
    established.refusing.fill_zone("eu-west-1a", code)
    _ended(established)
    assert Runner(established).run(_document()).status == "SUCCEEDED"
    (new,) = aws.gateways(established.settings)
    assert new.subnet == second


def test_when_every_zone_is_full_it_is_said_with_ec2s_words_and_told_after_the_first_walk(
    established: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(alerts, "tell", lambda topic, message: told.append(message.text))
    established.refusing.fill_zone("eu-west-1a")
    _ended(established)
    _look()
    ((name, _),) = established.stepfunctions.started
    ended = Runner(established, execution=name).run(_document())
    assert (ended.status, ended.error) == ("FAILED", "NoCapacity")
    assert "InsufficientInstanceCapacity" in ended.cause
    _look()
    assert any("no zone has room" in text for text in told)


def test_a_zone_whose_gateway_died_is_tried_after_the_others(established: Clouds) -> None:
    second = _second_zone(established)
    _ended(established)
    assert Runner(established).run(_document()).status == "SUCCEEDED"
    (new,) = aws.gateways(established.settings)
    assert new.subnet == second


@pytest.mark.parametrize("call", ["ec2.CreateRoute", "ec2.RevokeSecurityGroupIngress"])
def test_a_step_that_aws_refuses_holds_back_no_other(established: Clouds, call: str) -> None:
    established.refusing.refuse(call, "UnauthorizedOperation")
    _route_deleted(established)
    boto3.client("ec2").authorize_security_group_ingress(
        GroupId=established.settings.security_group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="192.0.2.1/32"
    )
    _ended(established)
    ended = Runner(established).run(_document())
    assert ended.status == "SUCCEEDED"
    (new,) = aws.gateways(established.settings)
    assert aws.elastic_ip(established.settings).interface == new.interface
    report = memory.recall_one("link").report
    assert report is not None and any("UnauthorizedOperation" in warning for warning in report.warnings)


@pytest.mark.parametrize("call", ["ec2.DisassociateAddress", "ec2.RevokeSecurityGroupIngress"])
def test_on_the_way_down_the_instance_ends_whatever_else_is_refused(established: Clouds, call: str) -> None:
    established.refusing.refuse(call, "UnauthorizedOperation")
    ended = Runner(established).run(runner.document("down"))
    assert ended.status == "FAILED" and "UnauthorizedOperation" in ended.cause
    assert aws.gateways(established.settings) == ()


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"", b"null"])
def test_an_answer_of_the_function_that_cannot_be_read_is_silence(
    established: Clouds, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    _ended(established)
    monkeypatch.setattr(function, "_post", lambda *_: answer)
    assert _look().action == "remedy"
    ((name, _),) = established.stepfunctions.started
    assert Runner(established, execution=name).run(_document()).status == "SUCCEEDED"


LOOKS = ("DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeSecurityGroupRules")


@pytest.mark.parametrize("call", LOOKS)
def test_on_the_way_down_the_instance_ends_whatever_look_is_refused(established: Clouds, call: str) -> None:
    established.refusing.refuse(f"ec2.{call}", "UnauthorizedOperation")
    Runner(established).run(runner.document("down"))
    established.refusing.book.clear()
    assert aws.gateways(established.settings) == ()


def test_a_route_that_aws_refused_is_not_the_links(established: Clouds) -> None:
    more = (*established.arm.network.prefixes, IPv4Network("10.7.0.0/16"))
    established.arm.network = established.arm.network.model_copy(update={"prefixes": more})
    established.refusing.refuse("ec2.CreateRoute", "UnauthorizedOperation")
    before = table.own_routes("link")
    assert Runner(established).run(_document()).status == "SUCCEEDED"
    assert table.own_routes("link") == before


@pytest.mark.parametrize("item", ["known", "findings"])
def test_an_observation_that_cannot_be_kept_keeps_no_gateway_from_being_replaced(
    established: Clouds, item: str
) -> None:
    dynamo.delete("link", item)
    _ended(established)
    established.refusing.refuse("dynamodb.PutItem", "AccessDeniedException", holding=f'"S": "{item}"')
    assert _look().action == "remedy"
    ((name, _),) = established.stepfunctions.started
    assert Runner(established, execution=name).run(_document()).status == "SUCCEEDED"
