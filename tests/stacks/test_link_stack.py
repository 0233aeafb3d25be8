"""What the template holds, and what it must not."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from azure_functions.callers import STATES
from lambdas.clouds.function import TOKEN_S
from link import plan
from link.steps import State
from stacks.link_stack import LinkStack
from tests import worlds
from tests.stacks import machines, policies


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    policies = role["Properties"].get("Policies", [])
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _roles() -> dict[str, dict[str, Any]]:
    found = machines.resources("AWS::IAM::Role").values()
    return {role["Properties"]["RoleName"]: role for role in found if "RoleName" in role["Properties"]}


def test_no_inbound_rule_is_in_the_template() -> None:
    (group,) = machines.resources("AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group["Properties"]


def test_only_an_item_that_says_when_it_expires_leaves_the_table_by_itself() -> None:
    (table,) = machines.resources("AWS::DynamoDB::Table").values()
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_the_psk_is_generated_of_letters_and_digits() -> None:
    (secret,) = machines.resources("AWS::SecretsManager::Secret").values()
    assert secret["Properties"]["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}


def test_every_function_has_a_role_of_its_own_with_a_name_that_can_be_foretold() -> None:
    functions = machines.resources("AWS::Lambda::Function").values()
    roles = [json.dumps(function["Properties"]["Role"]) for function in functions]
    assert len(set(roles)) == len(roles) == len(State) + 3
    assert {f"causeway-prod-{state.value}" for state in State} <= set(_roles())


def _names(resources: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    """The physical names that the template gives, by type."""
    keys = ("RoleName", "FunctionName", "LogGroupName", "StateMachineName")
    properties = [(found["Type"], found.get("Properties", {})) for found in resources.values()]
    return {(kind, given[key]) for kind, given in properties for key in keys if isinstance(given.get(key), str)}


def test_links_share_no_name_and_the_longest_name_is_short_enough() -> None:
    longest = "prod-azure-0123456789012"  # 24 characters, and it begins as the other link's role for Azure does
    one = _names(machines.template().to_json()["Resources"])
    other = _names(machines.synthesise(worlds.spec(name=longest)).to_json()["Resources"])
    assert len(one) == len(other) == 2 * (len(State) + 3) + len(State) + 3 + 3 + 1  # functions, logs, roles, machine
    assert not one & other
    assert max(len(name) for kind, name in other if kind != "AWS::Logs::LogGroup") <= 64  # IAM and Lambda


def test_the_function_takes_the_role_that_the_stack_makes_for_it() -> None:
    ref = plan.azure_ref(worlds.spec(), worlds.DEPLOYED)
    assert ref.aws_role == "arn:aws:iam::000000000000:role/causeway-prod-azure"
    assert "causeway-prod-azure" in _roles()


def test_no_role_may_do_everything_of_a_service() -> None:
    for role in _roles().values():
        for statement in _statements(role):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("*" in action for action in actions)


def test_no_function_of_the_controller_may_read_the_psk() -> None:
    (secret,) = machines.resources("AWS::SecretsManager::Secret")
    readers = {name for name, role in _roles().items() if secret in json.dumps(_statements(role))}
    assert readers == {"causeway-prod-gateway", "causeway-prod-azure"}


def test_the_link_is_made_after_all_that_its_walk_needs_and_so_deleted_first() -> None:
    (link,) = machines.resources("Custom::CausewayLink").values()
    needed = [
        *machines.resources("AWS::Lambda::Function"),
        *machines.resources("AWS::StepFunctions::StateMachine"),
        *machines.resources("AWS::Events::Rule"),
        *machines.resources("AWS::IAM::InstanceProfile"),
    ]
    assert set(needed) <= set(link["DependsOn"])


def test_a_changed_wish_changes_the_custom_resource() -> None:
    changed = machines.synthesise(worlds.spec(**{"probe.address": "10.0.1.4"}))
    (before,) = machines.resources("Custom::CausewayLink").values()
    (after,) = changed.find_resources("Custom::CausewayLink").values()
    assert before["Properties"]["SpecDigest"] != after["Properties"]["SpecDigest"]


def test_another_version_of_this_program_changes_the_custom_resource(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("")
    other = Template.from_stack(LinkStack(App(), worlds.spec(), tmp_path))
    (before,) = machines.resources("Custom::CausewayLink").values()
    (after,) = other.find_resources("Custom::CausewayLink").values()
    assert before["Properties"]["SpecDigest"] == after["Properties"]["SpecDigest"]
    assert before["Properties"]["CodeDigest"] != after["Properties"]["CodeDigest"]


def test_the_environment_of_a_function_stays_below_the_limit_of_four_kilobytes() -> None:
    for function in machines.resources("AWS::Lambda::Function").values():
        assert len(json.dumps(function["Properties"]["Environment"]["Variables"])) < 3000


def test_what_is_ours_bears_our_tags() -> None:
    for kind in ("AWS::EC2::EIP", "AWS::EC2::SecurityGroup", "AWS::Lambda::Function", "AWS::SecretsManager::Secret"):
        for found in machines.resources(kind).values():
            keys = {tag["Key"] for tag in found["Properties"]["Tags"]}
            assert {"causeway-link", "causeway-deployment"} <= keys


def test_who_calls_the_function_may_be_named_to_it_alone_and_nobody_else_is_named_to_anybody() -> None:
    found = {
        name: statement
        for name, statements in policies.of(machines.template().to_json()).items()
        for statement in statements
        if "sts:GetWebIdentityToken" in statement.actions
    }
    callers = [state for states in STATES.values() for state in states]
    assert set(found) == {f"causeway-prod-{state}" for state in callers}
    for statement in found.values():
        assert statement.actions == ("sts:GetWebIdentityToken",)
        assert statement.conditions == {
            "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ["https://causeway.azurewebsites.net"]},
            "NumericLessThanEquals": {"sts:DurationSeconds": str(TOKEN_S)},
        }


def test_preflight_may_have_the_two_acting_functions_try_themselves_and_no_other() -> None:
    (invoke,) = (
        statement
        for statement in _statements(_roles()["causeway-prod-Preflight"])
        if "lambda:InvokeFunction" in statement["Action"]
    )
    named = {json.dumps(resource).rpartition("causeway-prod-")[2].partition('"')[0] for resource in invoke["Resource"]}
    assert named == {"LaunchGateway", "AdjustRoutes"}
