"""The handlers, as the Functions host calls them, with fakes behind them."""

import json
from typing import Any

import azure.functions as func
import pytest

from link import errors
from link.facts import AzureFacts
from tests.azure_functions import fakes
from tests.azure_functions.app import App

REF = fakes.REF.model_dump(mode="json")
WORK = fakes.WORK.model_dump(mode="json")


def test_a_look_answers_facts(app: App) -> None:
    status, body = app.post("look_at_link", REF)
    facts = AzureFacts.model_validate(body)
    assert status == 200 and facts.gateway == fakes.GATEWAY and facts.connection is None


def test_work_is_accepted_and_waits_in_the_queue(app: App) -> None:
    assert app.post("accept_work", WORK) == (202, {"accepted": "prod"})
    assert app.queue.receive().work == fakes.WORK


@pytest.mark.parametrize(
    ("handler", "body", "line"),
    [
        ("look_at_link", b"", "body: Invalid JSON"),
        ("look_at_link", b"{", "body: Invalid JSON"),
        ("look_at_link", {k: v for k, v in REF.items() if k != "subscription"}, "subscription: Field required"),
        ("look_at_link", {**REF, "link": "../x"}, "link: "),
        ("look_at_link", {**REF, "psk_secret": "arn:aws:iam::1:role/x"}, "psk_secret: "),
        ("accept_work", {**WORK, "task_token": 7}, "task_token: Input should be a valid string"),
        ("accept_work", {**WORK, "wanted": {**WORK["wanted"], "address": "x"}}, "wanted.address: "),
        (
            "accept_work",
            {**WORK, "wanted": {**WORK["wanted"], "prefixes": ["10.0.0.1/8"]}},
            "wanted.prefixes.0: ",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(app: App, handler: str, body: Any, line: str) -> None:
    status, answer = app.post(handler, body)
    assert status == 400 and answer["error"].startswith(line) and "\n" not in answer["error"]
    assert not app.queue.sent


@pytest.mark.parametrize(
    ("error", "status"),
    [(errors.CloudBusy("read: TooManyRequests: wait"), 503), (errors.CloudRefused("read: Forbidden: no"), 424)],
)
def test_a_look_that_failed_says_so(app: App, error: Exception, status: int) -> None:
    app.arm.raises = error
    assert app.post("look_at_link", REF) == (status, {"error": str(error)})


def test_a_message_takes_one_turn(app: App) -> None:
    app.post("accept_work", WORK)
    text, _ = app.queue.sent.pop()
    app.module.take_turn(func.QueueMessage(body=text.encode()))
    assert app.arm.local is not None and len(app.queue.sent) == 1


def test_a_message_that_cannot_be_parsed_is_logged_without_its_content(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    without_wanted = {name: value for name, value in WORK.items() if name != "wanted"}
    broken = json.dumps({"work": without_wanted, "first_at": "2026-11-23T12:00:00Z"})
    with pytest.raises(ValueError, match="message cannot be parsed") as caught:
        app.module.take_turn(func.QueueMessage(id="m-1", body=broken.encode()))
    logged = str([vars(record) for record in caplog.records])
    assert "work.wanted" in logged and fakes.TOKEN not in logged
    assert caught.value.__suppress_context__
