"""What the cost mail's stack holds: an hourly function that reads what it must, and mails from one address."""

import json
from functools import cache
from pathlib import Path

from aws_cdk import App
from aws_cdk.assertions import Template

from app import declare
from link.cost.wanted import CostMail
from stacks.cost_stack import CostStack
from tests import worlds
from tests.stacks import machines, policies

_ASSET = Path(__file__).resolve().parents[2] / "lambdas"
LINKS = (worlds.spec(), worlds.spec(**{"name": "far", "aws.region": "us-east-1"}))
MAIL = CostMail.model_validate(
    {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1", "budget": "49.90"}
)


@cache
def template() -> Template:
    """The template of a mail about links of two regions."""
    return Template.from_stack(CostStack(App(), MAIL, LINKS, _ASSET))


def test_it_wakes_each_hour_and_says_when_it_fails() -> None:
    (rule,) = template().find_resources("AWS::Events::Rule").values()
    assert rule["Properties"]["ScheduleExpression"] == "cron(5 * * * ? *)"
    (alarm,) = template().find_resources("AWS::CloudWatch::Alarm").values()
    assert alarm["Properties"]["AlarmName"] == "CausewayCosts-Fails"
    assert machines.text(alarm["Properties"]["AlarmActions"][0]).endswith(":CausewayAlerts")


def test_the_function_is_told_what_was_declared_and_where_links_are() -> None:
    (function,) = template().find_resources("AWS::Lambda::Function").values()
    told = function["Properties"]["Environment"]["Variables"]
    assert CostMail.model_validate_json(told["CAUSEWAY_COST_MAIL"]) == MAIL
    assert told["CAUSEWAY_REGIONS"] == "eu-west-1,us-east-1"


def test_it_reads_in_every_region_and_writes_in_its_own() -> None:
    (statements,) = policies.of(template().to_json()).values()
    reads = {
        (
            action,
            machines.text(resource).partition(":dynamodb:")[2].split(":")[0],
            machines.text(resource).rpartition("/")[2],
        )
        for one in statements
        for action in one.actions
        for resource in one.resources
        if action.startswith("dynamodb:")
    }
    assert {one for one in reads if one[0] == "dynamodb:Scan"} == {
        ("dynamodb:Scan", "eu-west-1", "CausewayLinks"),
        ("dynamodb:Scan", "us-east-1", "CausewayLinks"),
    }
    assert ("dynamodb:BatchGetItem", "us-east-1", "causeway-far-Table*") in reads
    assert {one[1:] for one in reads if one[0] == "dynamodb:PutItem"} == {("eu-west-1", "CausewayLinks")}


def test_it_mails_from_the_declared_sender_alone() -> None:
    (statements,) = policies.of(template().to_json()).values()
    (mails,) = [one for one in statements if "ses:SendEmail" in one.actions]
    assert mails.conditions == {"StringEquals": {"ses:FromAddress": "causeway@example.com"}}


def test_there_is_a_stack_only_where_a_mail_is_declared_and_it_comes_after_the_watches() -> None:
    for mail, expected in ((None, 0), (MAIL, 1)):
        app = App()
        declare(app, LINKS, (), mail, _ASSET)
        found = [one for one in app.node.children if isinstance(one, CostStack)]
        assert len(found) == expected
        if found:
            needs = {one.stack_name for one in found[0].dependencies}
            assert needs == {"CausewayWatch-eu-west-1", "CausewayWatch-us-east-1"}


def test_money_is_text_on_the_way_to_the_function() -> None:
    assert json.loads(MAIL.model_dump_json(exclude_defaults=True))["budget"] == "49.90"
