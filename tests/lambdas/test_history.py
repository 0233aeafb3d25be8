"""Uptime and incidents, as AWS tells them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lambdas.clouds import history
from link.cost.statement import Incident

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:causeway-main"


class CloudWatch:
    """Has one point for each hour in which it was told something: (minutes up, minutes told)."""

    def __init__(self, hours: list[tuple[int, int]]) -> None:
        self.hours, self.asked = hours, 0

    def get_metric_statistics(self, **given: Any) -> dict[str, Any]:
        self.asked += 1
        assert given["Dimensions"] == [{"Name": "Link", "Value": "main"}]
        assert (given["EndTime"] - given["StartTime"]) / timedelta(seconds=given["Period"]) <= 1440
        inside = [
            {"Sum": float(up), "SampleCount": float(told)}
            for number, (up, told) in enumerate(self.hours)
            if given["StartTime"] <= START + number * timedelta(hours=1) < given["EndTime"]
        ]
        return {"Datapoints": inside}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([(60, 60)] * 24, (Decimal(1), Decimal(1))),
        ([(60, 60)] * 12 + [(30, 60)] * 12, (Decimal("0.75"), Decimal(1))),
        ([(60, 60)] * 6, (Decimal(1), Decimal("0.25"))),
        ([(61, 61)] * 24, (Decimal(1), Decimal(1))),
        ([], (None, Decimal(0))),
    ],
)
def test_uptime_is_of_the_minutes_that_were_told(
    hours: list[tuple[int, int]], expected: tuple[Decimal | None, Decimal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_cloudwatch", lambda _: CloudWatch(hours))
    assert history.uptime("main", "eu-west-1", START, START + DAY) == expected


def test_a_year_is_asked_for_in_answers_of_a_size_that_cloudwatch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    told = CloudWatch([(60, 60)] * 365 * 24)
    monkeypatch.setattr(history, "_cloudwatch", lambda _: told)
    assert history.uptime("main", "eu-west-1", START, START + 365 * DAY) == (Decimal(1), Decimal(1))
    assert told.asked == 7


class Steps:
    """Walks, newest first, in pages of two."""

    def __init__(self, walks: list[tuple[datetime, int, str, str | None]]) -> None:
        self.walks, self.described = sorted(walks, reverse=True), 0

    def get_paginator(self, _: str) -> "Steps":
        return self

    def paginate(self, **given: Any) -> Any:
        assert given == {"stateMachineArn": MACHINE}
        listed = [
            {"executionArn": str(n), "status": status, "startDate": at, "stopDate": at + timedelta(seconds=seconds)}
            for n, (at, seconds, status, _) in enumerate(self.walks)
        ]
        return [{"executions": listed[n : n + 2]} for n in range(0, len(listed), 2)]

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        self.described += 1
        reason = self.walks[int(executionArn)][3]
        return {"input": json.dumps({"wanted": "up", **({"why": {"reason": reason}} if reason else {})})}


def test_incidents_are_the_walks_that_something_was_wrong_before(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(
        [
            (START - DAY, 9, "SUCCEEDED", "BeforeIt"),
            (START + DAY, 12, "SUCCEEDED", "RouteMissing"),
            (START + 2 * DAY, 40, "SUCCEEDED", None),
            (START + 3 * DAY, 70, "FAILED", "GatewayMissing"),
            (START + 31 * DAY, 5, "SUCCEEDED", "AfterIt"),
        ]
    )
    monkeypatch.setattr(history, "_stepfunctions", lambda _: steps)
    assert history.incidents(MACHINE, "eu-west-1", START, START + 30 * DAY) == (
        Incident(reason="RouteMissing", at=START + DAY, seconds=12),
        Incident(reason="GatewayMissing", at=START + 3 * DAY, seconds=None),
    )
    assert steps.described == 3  # what lies outside is not asked for
    assert history.walks(MACHINE, "eu-west-1", START) == tuple(START + days * DAY for days in (31, 3, 2, 1))
