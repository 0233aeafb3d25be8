"""Whatever a walk has to say, CloudFormation takes the answer, and gets what matters most."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from link import cloudformation

# The longest that CloudFormation makes or takes: a physical id of 1,024 bytes, each of them escaped in JSON.
IDENTIFIERS = {
    "PhysicalResourceId": '"' * 1024,
    "StackId": f"arn:aws-us-gov:cloudformation:ap-southeast-2:123456789012:stack/{'s' * 128}/{'u' * 36}",
    "RequestId": "r" * 128,
    "LogicalResourceId": "L" * 255,
}
SHORT = {name: value[:9] for name, value in IDENTIFIERS.items()}
WHERE = "item report of table causeway-prod-TableCD117FA1-1ABCDEFGHIJKL, or the log of causeway-prod-Report"
WORDS = st.sampled_from(["a", " ", '"', "\\", "\n", "\x00", "é", "漢", "😀", "\ud800"])
TEXTS = st.lists(WORDS, max_size=30).map("".join).flatmap(lambda one: st.integers(1, 400).map(lambda n: one * n))
DATA = st.fixed_dictionaries(dict.fromkeys(("Reason", "Message", "Warnings"), TEXTS))


def _body(identifiers: dict[str, str], failure: Any = (), data: Any = ()) -> dict[str, Any]:
    encoded = cloudformation.body(identifiers, failure, dict(data), WHERE)
    assert len(encoded) <= cloudformation.LIMIT
    found: dict[str, Any] = json.loads(encoded.decode("utf-8"))
    return found


@given(st.sampled_from([SHORT, IDENTIFIERS]), st.lists(TEXTS, max_size=8), DATA)
@example(IDENTIFIERS, ['"' * 9000, "😀" * 9000], {})
@example(IDENTIFIERS, [], {"Reason": "", "Message": "\n" * 9000, "Warnings": "漢" * 9000})
def test_any_answer_is_one_that_cloudformation_takes(
    identifiers: dict[str, str], failure: list[str], data: dict[str, str]
) -> None:
    body = _body(identifiers, failure, data)
    assert {name: body[name] for name in identifiers} == identifiers
    assert body["Status"] == ("FAILED" if failure else "SUCCESS")
    assert set(body["Data"]) == (set() if failure else set(data))


@pytest.mark.parametrize("length", [10, 1000])
def test_an_answer_that_fits_is_whole(length: int) -> None:
    data = {"Reason": "Verified", "Message": "m" * length, "Warnings": "w" * length}
    assert _body(SHORT, data=data)["Data"] == data
    assert _body(SHORT, ["A: b", "c" * length])["Reason"] == "A: b. " + "c" * length


def test_a_short_value_leaves_its_room_to_a_long_one() -> None:
    data = {"Reason": "Verified", "Message": "it answered", "Warnings": "RouteShadowed; " * 600}
    found = _body(SHORT, data=data)["Data"]
    assert (found["Reason"], found["Message"]) == ("Verified", "it answered")
    assert found["Warnings"].endswith(f"... [more: {WHERE}]")
    assert len(found["Warnings"]) > 3600


def test_of_a_long_failure_the_cause_whole_commands_and_the_way_out_are_kept() -> None:
    left = [f"Left: the route {number}; remove it: aws ec2 delete-route --number {number}" for number in range(600)]
    failure = ["CloudRefused: RemoveRoutes: " + "no " * 200, *left, "Then destroy the stack again"]
    reason = _body(SHORT, failure)["Reason"]
    beginning, _, end = reason.partition(f" ... [more: {WHERE}]")
    assert end == " Then destroy the stack again"
    assert ". ".join(failure).startswith(beginning)
    last = beginning.rpartition(". ")[2]
    assert last in left
    assert len(json.dumps(reason)) > 3500


def test_a_cause_that_is_too_long_is_cut_and_the_way_out_is_kept() -> None:
    reason = _body(SHORT, ["Refused: " + "x" * 9000, "Then destroy the stack again"])["Reason"]
    assert reason.startswith("Refused: xxx")
    assert reason.endswith(f"xxx... ... [more: {WHERE}] Then destroy the stack again")
