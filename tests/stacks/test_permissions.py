"""No role may do a thing anywhere: each statement names its resource, or says by tag or VPC which are meant.

That no role may do what its function does not do is in tests/walks/test_permissions.py.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from link import preflight_gateway, reading
from tests import worlds
from tests.stacks import machines, policies, test_watch_stack

# Actions that know neither a resource that could be named nor a tag or VPC, with the page of the Service Authorization
# Reference that says so; and the one whose resource nobody knows beforehand.
_EC2 = "Amazon EC2: ec2:Region is all that a Describe call knows"
KNOWS_NEITHER: Mapping[tuple[str, str], str] = {
    ("ec2:GetEbsDefaultKmsKeyId", "*"): _EC2,
    **{
        (f"ec2:Describe{what}", "*"): _EC2
        for what in (
            "Addresses",
            "Images",
            "InstanceTypeOfferings",
            "InstanceTypes",
            "Instances",
            "InternetGateways",
            "NetworkAcls",
            "NetworkInterfaces",
            "RouteTables",
            "SecurityGroupRules",
            "SecurityGroups",
            "Subnets",
            "Vpcs",
        )
    },
    ("ec2:RunInstances", "image"): "Amazon EC2: a parameter's image is known at the launch, and bears its owner's tags",
    ("servicequotas:GetServiceQuota", "*"): "Service Quotas: of late it knows its service, which is what is asked for",
    ("cloudwatch:PutMetricData", "*"): "Amazon CloudWatch: it knows the namespace, which is what is asked for",
}
# The name is all that varies, or the account does.
WILD = re.compile(r"(?:^|:(?P<kind>[a-z-]+)/)\*$|:\*:")
NARROWING = re.compile(r"aws:(Resource|Request)Tag/causeway-link|ec2:Vpc|sts:IdentityTokenAudience")


def _wild(statement: policies.Statement) -> Iterator[tuple[str, str]]:
    """Each action of a statement, with each kind of resource that it may touch all of."""
    keys = [key for block in statement.conditions.values() for key in block]
    if any(NARROWING.fullmatch(key) for key in keys):
        return
    for resource in map(machines.text, statement.resources):
        if found := WILD.search(resource):
            yield from ((action, found["kind"] or "*") for action in statement.actions)


def _statements() -> list[policies.Statement]:
    named = {"aws.image": "ami-0123456789abcdef0", "aws.gateway_subnet": "subnet-0123456789abcdef0"}
    templates = (machines.template(), machines.synthesise(worlds.spec(**named)), test_watch_stack.template())
    return [one for template in templates for role in policies.of(template.to_json()).values() for one in role]


def test_whoever_may_touch_all_of_a_kind_may_touch_only_what_bears_the_links_tag_or_is_in_its_vpc() -> None:
    found = {pair for statement in _statements() for pair in _wild(statement)}
    assert found - KNOWS_NEITHER.keys() == set()
    assert KNOWS_NEITHER.keys() - found == set()


def test_an_image_and_a_subnet_that_are_declared_are_the_only_ones_to_launch_with() -> None:
    named = {"aws.image": "ami-0123456789abcdef0", "aws.gateway_subnet": "subnet-0123456789abcdef0"}
    roles = policies.of(machines.synthesise(worlds.spec(**named)).to_json())
    used = [
        r for one in roles["causeway-prod-LaunchGateway"] if "ec2:RunInstances" in one.actions for r in one.resources
    ]
    ends = {machines.text(resource).rpartition(":")[2] for resource in used if isinstance(resource, dict)}
    assert {end for end in ends if end.startswith(("image/", "subnet/"))} == {
        "image/ami-0123456789abcdef0",
        "subnet/subnet-0123456789abcdef0",
    }


def test_the_launch_may_use_the_key_that_is_declared_and_through_ec2_alone() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
    through_ec2 = {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
    roles = policies.of(machines.synthesise(worlds.spec(**{"aws.kms_key": key})).to_json())
    used, granted = (one for role in roles.values() for one in role if one.actions[0].startswith("kms:"))
    assert [one for one in roles["causeway-prod-LaunchGateway"] if one.actions[0].startswith("kms:")] == [used, granted]
    assert {*used.actions, *granted.actions} == set(preflight_gateway.KEY_ACTIONS)
    assert [*used.resources, *granted.resources] == [key, key]
    assert used.conditions == {"StringEquals": through_ec2}
    assert list(granted.actions) == ["kms:CreateGrant"]
    assert granted.conditions == {"StringEquals": through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_a_gateway_is_launched_as_the_link_declares_it_or_not_at_all() -> None:
    conditions = [
        {key: value for block in one.conditions.values() for key, value in block.items()}
        for one in policies.of(machines.template().to_json())["causeway-prod-LaunchGateway"]
        if "ec2:RunInstances" in one.actions and machines.text(one.resources[0]).endswith("instance/*")
    ]
    assert conditions == [
        {
            "aws:RequestTag/causeway-link": "prod",
            "ec2:InstanceType": "t3.small",
            "ec2:MetadataHttpTokens": "required",
        }
    ]


def test_a_gateway_may_say_what_it_says_and_under_the_name_of_its_own_link_alone() -> None:
    heard = {_source(name): _conditions(name) for name in ("prod", "prod-2")}
    assert set(heard) == {"causeway.gateway.prod", "causeway.gateway.prod-2"}
    for source, conditions in heard.items():
        assert conditions["Null"] == {"events:source": "false", "events:detail-type": "false"}
        asked = conditions["ForAllValues:StringEquals"]
        assert (asked["events:source"], set(asked["events:detail-type"])) == (source, set(reading.GatewayEvent))


def _conditions(link: str) -> Mapping[str, Any]:
    role = policies.of(machines.synthesise(worlds.spec(name=link)).to_json())[f"causeway-{link}-gateway"]
    (conditions,) = (one.conditions for one in role if one.actions == ("events:PutEvents",))
    return conditions


def _source(link: str) -> str:
    """What the link's HearGateway hears."""
    rules = machines.synthesise(worlds.spec(name=link)).find_resources("AWS::Events::Rule").values()
    patterns = [rule["Properties"]["EventPattern"] for rule in rules]
    (pattern,) = (one for one in patterns if "causeway.gateway" in json.dumps(one))
    assert pattern["detail"] == {"link": [link]}
    (source,) = pattern["source"]
    return str(source)
