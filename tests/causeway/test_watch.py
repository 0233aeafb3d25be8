"""The three commands that ask the watch."""

import io
import json
from typing import Any

import boto3
import pytest

from causeway import deployed
from link import region
from tests import worlds
from tests.causeway.conftest import Command


class Lambda:
    """The Lambda service, as far as it is asked here."""

    def __init__(self, said: Any, *, failed: bool = False) -> None:
        self._said, self._failed = said, failed
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.asked.append((FunctionName, json.loads(Payload)))
        error = {"FunctionError": "Unhandled"} if self._failed else {}
        return {"Payload": io.BytesIO(json.dumps(self._said).encode()), **error}


OUTCOME = {
    "link": "prod",
    "action": "wait",
    "reason": "RouteMissing",
    "because": "rtb-1 has no route",
    "why": "paused",
    "walk": None,
}


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """A watch that answers for the link."""
    return _use(monkeypatch, Lambda([OUTCOME]))


def _use(monkeypatch: pytest.MonkeyPatch, made: Lambda) -> Lambda:
    monkeypatch.setattr(deployed, "enter", lambda region: None)
    monkeypatch.setattr(boto3, "client", lambda service: made)
    return made


@pytest.mark.parametrize(
    ("name", "more", "asked"),
    [
        ("look", (), {"link": "prod"}),
        ("resume", (), {"link": "prod", "resume": True}),
        ("pause", ("--minutes", "30"), {"link": "prod", "minutes": 30, "why": "maintenance"}),
        ("pause", ("--minutes", "5", "--why", "cable"), {"link": "prod", "minutes": 5, "why": "cable"}),
    ],
)
def test_each_command_asks_the_regions_watch_and_shows_what_became_of_it(
    command: Command, watched: Lambda, name: str, more: tuple[str, ...], asked: dict[str, Any]
) -> None:
    status, printed = command(name, worlds.spec(), more=more)
    assert watched.asked == [(region.WATCH, asked)]
    assert (status, printed) == (0, "prod: RouteMissing: rtb-1 has no route wait: paused")


@pytest.mark.parametrize("minutes", ["0", "10081", "-3", "soon"])
def test_a_pause_that_is_no_time_is_refused_and_nobody_is_asked(
    command: Command, watched: Lambda, minutes: str
) -> None:
    with pytest.raises(SystemExit):
        command("pause", worlds.spec(), more=("--minutes", minutes))
    assert watched.asked == []


def test_a_link_that_the_watch_does_not_know_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, Lambda([]))
    assert command("look", worlds.spec())[0] == 1


def test_a_watch_that_failed_says_how(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _use(monkeypatch, Lambda({"errorType": "CloudBusy", "errorMessage": "throttled"}, failed=True))
    status, printed = command("look", worlds.spec())
    assert status == 1
    assert "CloudBusy: throttled" in printed
