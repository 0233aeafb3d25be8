"""How a link fared over a time: the agent's metric of its tunnel, and the walks that healed it. Reads only."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.clouds.errors import translated
from link.cost.statement import Incident

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_stepfunctions.client import SFNClient

# Hours: from 63 days back on CloudWatch keeps nothing finer (CloudWatch user guide, "Metrics retention").
GRAIN = timedelta(hours=1)
POINTS = timedelta(days=60)  # 1,440 points an answer at most (API reference, GetMetricStatistics)
MINUTE = timedelta(minutes=1)  # how often the agent says it (gateway/agent/main.py)


@cache
def _cloudwatch(region: str) -> "CloudWatchClient":
    return boto3.client("cloudwatch", region_name=region)


@cache
def _stepfunctions(region: str) -> "SFNClient":
    return boto3.client("stepfunctions", region_name=region)


def uptime(link: str, region: str, start: datetime, end: datetime) -> tuple[Decimal | None, Decimal]:
    """The share of minutes with a tunnel up, of those that the agent spoke of; and the share that these were of all."""
    with translated(f"reading the metric TunnelUp of {link}"):
        points = list(_points(link, region, start, end))
    said = sum(Decimal(str(point["SampleCount"])) for point in points)
    up = sum(Decimal(str(point["Sum"])) for point in points)
    minutes = Decimal((end - start) // MINUTE)
    return (up / said if said else None), min(said / minutes, Decimal(1))


def _points(link: str, region: str, start: datetime, end: datetime) -> Iterator[Any]:
    while start < end:
        until = min(start + POINTS, end)
        yield from _cloudwatch(region).get_metric_statistics(
            Namespace="Causeway",
            MetricName="TunnelUp",
            Dimensions=[{"Name": "Link", "Value": link}],
            StartTime=start,
            EndTime=until,
            Period=int(GRAIN.total_seconds()),
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        start = until


def incidents(state_machine: str, region: str, start: datetime, end: datetime) -> tuple[Incident, ...]:
    """What walks were started for, oldest first. Step Functions remembers a walk for 90 days."""
    with translated("listing the walks"):
        found = [_incident(region, one) for one in _walks(state_machine, region, start) if one["startDate"] < end]
    return tuple(sorted((one for one in found if one), key=lambda one: one.at))


def walks(state_machine: str, region: str, start: datetime) -> tuple[datetime, ...]:
    """When each walk since `start` began, newest first."""
    with translated("listing the walks"):
        return tuple(one["startDate"] for one in _walks(state_machine, region, start))


def _walks(state_machine: str, region: str, start: datetime) -> Iterator[Any]:
    """Newest first, until they are too old."""
    pages = _stepfunctions(region).get_paginator("list_executions").paginate(stateMachineArn=state_machine)
    for page in pages:
        for one in page["executions"]:
            if one["startDate"] < start:
                return
            yield one


def _incident(region: str, execution: Any) -> Incident | None:
    """None for a walk that nothing had been wrong before: a deployment."""
    wanted = json.loads(
        _stepfunctions(region).describe_execution(executionArn=execution["executionArn"]).get("input") or "{}"
    )
    if not wanted.get("why"):
        return None
    healed = execution["status"] == "SUCCEEDED"
    seconds = round((execution["stopDate"] - execution["startDate"]).total_seconds()) if healed else None
    return Incident(reason=wanted["why"]["reason"], at=execution["startDate"], seconds=seconds)
