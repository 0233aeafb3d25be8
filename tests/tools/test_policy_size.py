"""The size of inline policies, as IAM counts it."""

from typing import Any

import pytest

from tools import policy_size
from tools.synthesis import Stack, example_stacks

NAME = "causeway-one-Table-1A2B3C4D5E6F"  # as CloudFormation makes it: stack, logical id, twelve characters
TABLE = {"Type": "AWS::DynamoDB::Table"}


def _stack(**resources: Any) -> Stack:
    return Stack("causeway-one", "eu-west-1", resources)


def _role(*documents: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "a name is not counted", "PolicyDocument": one} for one in documents]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Table"}, NAME),
        ({"Ref": "Psk"}, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:Psk-1A2B3C4D5E6F-AbCdEf"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, f"arn:aws:dynamodb:eu-west-1:123456789012:table/{NAME}"),
        ({"Fn::GetAtt": ["Logs", "Arn"]}, "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/one:*"),
        ({"Fn::GetAtt": ["Group", "GroupId"]}, "sg-0123456789abcdef0"),
        ({"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, {"Ref": "Table"}]]}, f"arn:aws:{NAME}"),
        ([{"on": {"Ref": "AWS::Region"}}, "*"], [{"on": "eu-west-1"}, "*"]),
    ],
)
def test_a_reference_is_as_long_as_in_an_account(reference: Any, text: Any) -> None:
    stack = _stack(
        Table=TABLE,
        Psk={"Type": "AWS::SecretsManager::Secret"},
        Logs={"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/one"}},
        Group={"Type": "AWS::EC2::SecurityGroup"},
    )
    assert policy_size.resolve(stack, reference) == text


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue"),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, "StreamArn"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "AWS::SQS::Queue"),
        ({"Ref": "Queue"}, "AWS::SQS::Queue"),
    ],
)
def test_a_reference_that_is_not_known_is_named(reference: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        policy_size.resolve(_stack(Table=TABLE, Queue={"Type": "AWS::SQS::Queue"}), reference)


def test_all_inline_policies_of_a_role_add_up_wherever_they_are_declared() -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": {"Ref": "AWS::Partition"}}]}
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Two"}]},
    }
    stack = _stack(One=_role(document), Two=_role(document, document), More=attached, Three=_role())
    once = len('{"Statement":[{"Effect":"Allow","Action":"a:B","Resource":"aws"}]}')
    assert policy_size.by_role(stack) == {"One": once, "Two": 3 * once, "Three": 0}
    assert policy_size.largest((_stack(One=_role(document)), stack)) == 3 * once


def test_every_reference_of_the_products_policies_is_known() -> None:
    stacks = example_stacks(1)
    sizes = [size for stack in stacks for size in policy_size.by_role(stack).values()]
    assert len(sizes) == sum(len(stack.of_type("AWS::IAM::Role")) for stack in stacks)
    assert min(sizes) > 0
