"""What a region's stack holds: every trigger, and no more than the watch needs."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from link import region
from link.cost import claim
from stacks.watch_stack import WatchStack
from tests import worlds
from tests.stacks import machines, policies

_ASSET = Path(__file__).resolve().parents[2] / "lambdas"


@cache
def template() -> Template:
    """The template of the tests' region."""
    links = (worlds.spec(), worlds.spec(name="second"))
    return Template.from_stack(WatchStack(App(), "eu-west-1", links, ("network@example.com",), _ASSET))


def _found(kind: str) -> list[dict[str, Any]]:
    return [dict(one["Properties"]) for one in template().find_resources(kind).values()]


def test_it_looks_each_minute_and_by_every_event_that_tells_of_a_link() -> None:
    rules = _found("AWS::Events::Rule")
    assert [rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule] == ["rate(1 minute)"]
    kinds = {kind for rule in rules for kind in rule.get("EventPattern", {}).get("detail-type", [])}
    assert kinds == {
        "EC2 Instance State-change Notification",
        "GatewayTunnelLost",
        "GatewayTunnelBack",
        "GatewayConfigurationApplied",
        "GatewayBootFailed",
        "CloudWatch Alarm State Change",
        "Step Functions Execution Status Change",
    }


def test_the_table_forgets_claims_of_mails_that_are_over() -> None:
    (table,) = _found("AWS::DynamoDB::Table")
    assert table["TimeToLiveSpecification"] == {"AttributeName": claim.EXPIRES, "Enabled": True}


def test_humans_are_told_when_the_watch_itself_fails_or_does_not_run() -> None:
    alarms = {one["AlarmName"]: one for one in _found("AWS::CloudWatch::Alarm")}
    assert set(alarms) == {"CausewayWatch-Fails", "CausewayWatch-Silent"}
    assert alarms["CausewayWatch-Silent"]["TreatMissingData"] == "breaching"
    (topic,) = template().find_resources("AWS::SNS::Topic")
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms.values())
    assert [one["Endpoint"] for one in _found("AWS::SNS::Subscription")] == ["network@example.com"]


def test_the_topic_hears_nobody_without_tls_and_the_accounts_alarms_still() -> None:
    (policy,) = _found("AWS::SNS::TopicPolicy")
    denied, allowed = policy["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_watch_may_change_no_part_of_a_link_but_its_memory() -> None:
    (role,) = [one for one in _found("AWS::IAM::Role") if one.get("RoleName") == region.stack("eu-west-1")]
    actions = {
        action
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    writes = {one for one in actions if not one.split(":")[1].startswith(("Describe", "Get", "BatchGet", "Scan"))}
    assert writes == {
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "states:StartExecution",
        "states:SendTaskFailure",
        "sns:Publish",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    (tokens,) = [
        one for one in policies.of(template().to_json())[region.stack("eu-west-1")] if "sts:" in one.actions[0]
    ]
    assert tokens.conditions == {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ["https://causeway.azurewebsites.net"]},
        "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
    }
    text = json.dumps(role["Policies"])
    assert "causeway-prod-Table*" in text
    assert "causeway-second-Table*" in text


def test_a_link_has_the_alarms_that_ring_for_the_watch() -> None:
    names = {one["Properties"]["AlarmName"] for one in machines.resources("AWS::CloudWatch::Alarm").values()}
    assert names == {"causeway-prod-AgentSilent", "causeway-prod-TunnelDown", "causeway-prod-WalkFailed"}


def test_no_link_can_have_the_name_of_what_a_region_has() -> None:
    assert not region.stack("eu-west-1").startswith("causeway-")
    assert not region.WATCH.startswith("causeway-")
