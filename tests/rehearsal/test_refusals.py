"""What the stand-ins for AWS refuse, and in which words, without an emulator."""

import time
from typing import Any

import pytest

from rehearsal.emulator.causeway_emulator import orders, refusals

MANY = [f"i-{number:017x}" for number in range(201)]
ROLE = "arn:aws:sts::000000000000:assumed-role/causeway-demo-Watch/demo"
TABLE = "arn:aws:dynamodb:eu-west-1:000000000000:table/two"


@pytest.mark.parametrize(
    ("call", "params", "code"),
    [
        ("ec2.DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": MANY}]}, "FilterLimitExceeded"),
        (
            "ec2.DescribeVpcs",
            {"Filters": [{"Name": "vpc-id", "Values": MANY[:101]}, {"Name": "state", "Values": MANY[:100]}]},
            "FilterLimitExceeded",
        ),
        (
            "dynamodb.BatchGetItem",
            {"RequestItems": {"one": {"Keys": [{}] * 50}, "two": {"Keys": [{}] * 51}}},
            "ValidationException",
        ),
        ("dynamodb.BatchWriteItem", {"RequestItems": {"one": [{}] * 26}}, "ValidationException"),
    ],
)
def test_a_request_beyond_a_limit_is_refused(call: str, params: dict[str, Any], code: str) -> None:
    refusal = refusals.by_limit(call, params)
    assert refusal is not None
    assert (refusal.code, refusal.status) == (code, 400)


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("ec2.DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": MANY[:200]}]}),
        ("ec2.DescribeInstances", {"InstanceIds": MANY}),
        ("dynamodb.BatchGetItem", {"RequestItems": {"one": {"Keys": [{}] * 100}}}),
        ("dynamodb.BatchWriteItem", {"RequestItems": {"one": [{}] * 25}}),
        ("servicequotas.GetServiceQuota", {}),
    ],
)
def test_a_request_at_its_limit_is_not_refused(call: str, params: dict[str, Any]) -> None:
    assert refusals.by_limit(call, params) is None


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 400), ("UnauthorizedOperation", 403)])
def test_a_denial_names_the_caller_the_action_and_the_resource(code: str, status: int) -> None:
    refusal = refusals.ordered(code, ROLE, "dynamodb:BatchGetItem", TABLE)
    assert refusal.status == status
    assert f"User: {ROLE} is not authorized to perform: dynamodb:BatchGetItem on resource: {TABLE}" in refusal.message


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("InsufficientInstanceCapacity", 500, "sufficient t3.small capacity in the Availability Zone you requested"),
        ("InsufficientFreeAddressesInSubnet", 400, "not enough free addresses in subnet 'subnet-1'"),
        ("Unsupported", 400, r"\(t3.small\) is not supported in your requested Availability Zone \(eu-west-1a\)"),
    ],
)
def test_a_zone_without_room_answers_in_ec2s_words(code: str, status: int, words: str) -> None:
    refusal = refusals.without_room(code, "eu-west-1a", ["eu-west-1b"], "subnet-1", "t3.small")
    assert (refusal.code, refusal.status) == (code, status)
    with pytest.raises(ValueError, match=words):
        raise ValueError(refusal.message)


def test_the_route_beyond_the_quota_is_refused() -> None:
    assert refusals.route_beyond(49, 50) is None
    refusal = refusals.route_beyond(50, 50)
    assert refusal is not None
    assert refusal.code == "RouteLimitExceeded"


def test_an_order_is_for_its_call_and_what_the_call_holds_and_for_so_many_calls() -> None:
    book = orders.Book()
    book.add({"kind": "refuse", "target": "ec2.X", "code": "C", "holding": "table/two", "calls": 1, "seconds": None})
    assert book.take("refuse", "ec2.Y", text="table/two") is None
    assert book.take("refuse", "ec2.X", text="table/one") is None
    assert book.take("refuse", "ec2.X", text="table/two") is not None
    assert book.take("refuse", "ec2.X", text="table/two") is None
    assert [(one["kind"], one["target"], one["code"]) for one in book.done] == [("refuse", "ec2.X", "C")]


def test_an_order_ends_with_its_time_or_with_clear() -> None:
    book = orders.Book()
    book.add({"kind": "full", "target": "eu-west-1a", "code": "C", "seconds": 0})
    book.add({"kind": "full", "target": "eu-west-1b", "code": "C"})
    time.sleep(0.001)
    assert book.take("full", "eu-west-1a") is None
    assert book.take("full", "eu-west-1b") is not None
    book.clear()
    assert book.take("full", "eu-west-1b") is None
    assert book.done == []


def test_the_quota_that_was_set_last_counts() -> None:
    book = orders.Book()
    assert book.value("vpc/L-93826ACB") is None
    for value in (5, 3):
        book.add({"kind": "quota", "target": "vpc/L-93826ACB", "value": value})
    assert book.value("vpc/L-93826ACB") == 3
