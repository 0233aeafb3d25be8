"""What the stand-in for CloudFormation takes as the answer of a custom resource."""

import json

from rehearsal.emulator.causeway_emulator import custom_answers


def body(length: int) -> bytes:
    """An answer of so many bytes."""
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "id", "Data": {"Warnings": ""}}
    answer["Data"] = {"Warnings": "x" * (length - len(json.dumps(answer)))}
    return json.dumps(answer).encode()


def test_an_answer_to_cloudformation_may_have_4096_bytes() -> None:
    assert custom_answers.judge(body(4096), "request", "Create").succeeded


def test_a_longer_answer_fails_the_resource_whatever_it_says() -> None:
    outcome = custom_answers.judge(body(4097), "request", "Create")
    assert (outcome.succeeded, outcome.reason) == (False, "Response object is too long.")


def test_the_limit_of_an_answer_is_in_bytes() -> None:
    answer = {"Status": "FAILED", "Reason": "ü" * 2100, "PhysicalResourceId": "id"}
    outcome = custom_answers.judge(json.dumps(answer, ensure_ascii=False).encode(), "request", "Create")
    assert outcome.reason == "Response object is too long."
