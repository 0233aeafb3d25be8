"""When the agent reads the configuration and the key: a new version, or somebody anxious while a tunnel is down."""

import time
from dataclasses import dataclass

import pytest

from gateway.agent import cloud, feed
from gateway.agent.fault import Fault
from tests.gateway import documents


@dataclass
class Line:
    """The two calls, and the time, as values."""

    now: float = 100.0
    key: str = "first"
    asked: int = 0

    def published(self) -> cloud.Published:
        return cloud.Published("v1", documents.document().model_dump_json())

    def psk(self, _secret: str) -> str:
        self.asked += 1
        if not self.key:
            raise Fault("PskUnreadable", "no")
        return self.key


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def fed(line: Line, monkeypatch: pytest.MonkeyPatch) -> feed.Feed:
    monkeypatch.setattr(feed.Feed, "_run", lambda _: None)
    monkeypatch.setattr(time, "monotonic", lambda: line.now)
    fed = feed.Feed(line)  # type: ignore[arg-type]
    fed.look()
    return fed


def secrets(fed: feed.Feed) -> str:
    assert fed.newest
    return fed.newest.secrets


def test_a_changed_key_is_read_while_somebody_is_anxious_and_not_else(fed: feed.Feed, line: Line) -> None:
    line.key = "second"
    line.now = 200
    fed.look()
    assert '"first"' in secrets(fed)
    fed.anxious = True
    fed.look()
    assert '"second"' in secrets(fed)


def test_the_key_is_not_read_more_often_than_every_five_seconds(fed: feed.Feed, line: Line) -> None:
    fed.anxious = True
    for second in range(101, 161):
        line.now = second
        fed.look()
    assert line.asked == 1 + 60 // 5


def test_a_key_that_cannot_be_read_is_a_fault_each_time_and_the_old_one_stays(fed: feed.Feed, line: Line) -> None:
    line.key, fed.anxious = "", True
    for second in (110, 112, 114):
        line.now = second
        with pytest.raises(Fault, match="PskUnreadable"):
            fed.look()
    assert '"first"' in secrets(fed)
