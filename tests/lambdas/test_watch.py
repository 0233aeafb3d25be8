"""The watch over an in-process AWS: what a look costs, what it starts, what an event adds, whom it tells."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.sns.models import sns_backends

from lambdas.clouds import aws, azure_samples, dynamo, function, locks, memory, registry, table, walks
from lambdas.handlers import watch
from lambdas.settings import Settings
from link import region
from link.cost.witness import AzureSample
from link.errors import CausewayError, FunctionUnreachable
from link.facts import AzureFacts
from link.remedy import HealingState
from tests import worlds
from tests.lambdas.conftest import World, make_table
from tests.lambdas.test_walk import Context

SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event"}


@dataclass
class Outside:
    """What the watch reaches: walks that it starts, and the Azure side."""

    azure: AzureFacts | CausewayError = field(default_factory=worlds.azure)
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    ended: dict[str, datetime] = field(default_factory=dict)

    def look(self, *_: object) -> AzureFacts:
        if isinstance(self.azure, CausewayError):
            raise self.azure
        return self.azure

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:
        self.started.append((name, json.loads(input)))
        self.running.add(name)

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        name = executionArn.rsplit(":", 1)[-1]
        if name in self.ended:
            return {"status": "FAILED", "stopDate": self.ended[name]}
        if name not in self.running:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "RUNNING"}


@pytest.fixture
def outside(world: World, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """A registered link without a gateway, and nothing else."""
    made = Outside()
    monkeypatch.setattr(function, "look", made.look)
    monkeypatch.setattr(walks, "_stepfunctions", lambda: made)
    topic = boto3.client("sns").create_topic(Name=region.ALERTS)["TopicArn"]
    monkeypatch.setenv("CAUSEWAY_ALERTS", topic)
    table.establish("link", world.settings.spec.aws.vpc, world.settings.spec.digest())
    registry.register(world.settings)
    return made


def _look(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = watch.handler(event, Context())
    return list(found)


def _said() -> list[str]:
    """The messages that humans got."""
    (topic,) = sns_backends["123456789012"]["eu-west-1"].topics.values()
    return [f"{subject}\n{text}" for _, text, subject, *_ in topic.sent_notifications]


def test_a_difference_starts_one_walk_that_says_why_and_has_the_lock(world: World, outside: Outside) -> None:
    (outcome,) = _look(SCHEDULE)
    ((name, document),) = outside.started
    assert (outcome["walk"], locks.holder("link")) == (name, name)
    assert document["why"]["trigger"] == "Scheduled Event"
    assert document["why"]["reason"] == outcome["reason"] == "InboundRuleMissing"
    assert (document["wanted"], document["answer"], document["reset"]) == ("up", None, False)


def test_while_a_walk_is_at_work_no_other_is_started_and_the_wish_is_counted(world: World, outside: Outside) -> None:
    _look(SCHEDULE)
    (outcome,) = _look({"source": "causeway.gateway.prod", "detail-type": "GatewayTunnelLost", "detail": {}})
    assert (outcome["reason"], len(outside.started)) == ("WalkAtWork", 1)
    assert table.looks_asked("link") == 1


def test_the_lock_of_a_walk_that_died_is_taken_over_when_its_last_function_has_ended(
    world: World, outside: Outside
) -> None:
    locks.take("link", "dead")
    outside.ended["dead"] = datetime.now(UTC) - timedelta(seconds=30)
    assert _look(SCHEDULE)[0]["reason"] == "WalkAtWork"
    outside.ended["dead"] = datetime.now(UTC) - timedelta(seconds=61)
    _look(SCHEDULE)
    ((name, _),) = outside.started
    assert locks.holder("link") == name


def test_of_two_watches_that_see_the_same_one_starts_a_walk(
    world: World, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = memory.recall

    def overtaken(instances: Any) -> Any:
        found = real(instances)
        locks.take("link", "the-other-watch")  # after this one's look
        return found

    monkeypatch.setattr(memory, "recall", overtaken)
    assert _look(SCHEDULE)[0]["walk"] is None
    assert outside.started == []


def test_what_was_tried_is_remembered_so_that_a_second_walk_waits(world: World, outside: Outside) -> None:
    _look(SCHEDULE)
    for name, _ in outside.started:
        locks.release("link", name)
    (again,) = _look(SCHEDULE)
    assert (again["action"], len(outside.started)) == ("wait", 1)


def test_a_function_that_does_not_answer_starts_nothing_and_is_told_when_it_lasts(
    world: World, outside: Outside
) -> None:
    outside.azure = FunctionUnreachable("https://causeway.azurewebsites.net did not answer")
    assert _look(SCHEDULE)[0]["reason"] == "FunctionUnreachable"
    kept = memory.recall_one("link").healing
    earlier = {state: at - timedelta(minutes=6) for state, at in kept.since.items()}
    table.keep_healing("link", kept.model_copy(update={"since": earlier}))
    _look(SCHEDULE)
    _look(SCHEDULE)
    assert outside.started == []
    (message,) = _said()
    for part in ("prod", "FunctionUnreachable", "did not answer", "docs/runbook.md"):
        assert part in message


def test_while_paused_a_link_is_looked_at_and_nothing_is_started(world: World, outside: Outside) -> None:
    (paused,) = _look({"link": "prod", "minutes": 10, "why": "new firewall"})
    assert (paused["action"], paused["reason"]) == ("wait", "InboundRuleMissing")
    assert "new firewall" in paused["why"]
    assert outside.started == []
    (resumed,) = _look({"link": "prod", "resume": True})
    assert (resumed["action"], len(outside.started)) == ("remedy", 1)


def test_who_resumes_a_link_has_what_was_tried_forgotten(world: World, outside: Outside) -> None:
    _look(SCHEDULE)
    _look({"link": "prod", "resume": True})
    assert memory.recall_one("link").healing == HealingState()


def test_an_instance_that_goes_has_its_own_link_looked_at_and_no_other(world: World, outside: Outside) -> None:
    image = world.settings.spec.aws.image or ""
    ours, theirs = (
        aws.ec2().run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"] for _ in range(2)
    )
    aws.ec2().create_tags(Resources=[ours], Tags=[{"Key": "causeway-link", "Value": "prod"}])
    for instance, looked in ((theirs, []), (ours, ["prod"])):
        event = {
            "source": "aws.ec2",
            "detail-type": "EC2 Instance State-change Notification",
            "detail": {"instance-id": instance, "state": "stopped"},
        }
        assert [outcome["link"] for outcome in _look(event)] == looked
    assert outside.started[0][1]["why"]["trigger"] == "EC2 Instance State-change Notification"


@pytest.mark.parametrize(
    "event",
    [
        {"source": "aws.cloudwatch", "detail": {"alarmName": "causeway-prod-TunnelDown"}},
        {
            "source": "aws.states",
            "detail": {"stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:causeway-prod"},
        },
        {"source": "causeway.gateway.prod", "detail": {"link": "another"}},
    ],
)
def test_every_event_finds_its_link(world: World, outside: Outside, event: dict[str, Any]) -> None:
    assert [one["link"] for one in _look({**event, "detail-type": "Something"})] == ["prod"]


def test_an_event_about_no_link_is_nobodys(world: World, outside: Outside) -> None:
    event = {"source": "aws.cloudwatch", "detail-type": "x", "detail": {"alarmName": "causeway-prod-more-TunnelDown"}}
    assert _look(event) == []


def test_a_link_whose_vpc_is_gone_keeps_no_other_from_being_looked_at(world: World, outside: Outside) -> None:
    gone = worlds.spec(name="gone", **{"aws.vpc": "vpc-00000000000000000"})
    make_table("gone")
    registry.register(world.settings.model_copy(update={"spec": gone, "deployment": "1/eu/gone", "table": "gone"}))
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {"gone": "LinkNotLooked", "prod": "InboundRuleMissing"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each AWS operation is called."""
    made: Counter[str] = Counter()

    def count(model: Any, **_: object) -> None:
        made[model.name] += 1

    clients = (aws.ec2(), dynamo.client())
    for client in clients:
        client.meta.events.register("provide-client-params", count, unique_id="count")
    yield made
    for client in clients:
        client.meta.events.unregister("provide-client-params", unique_id="count")


def test_a_look_that_somebody_asks_for_keeps_azures_counters_as_the_hours_first_does(
    world: World, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[dict[str, AzureSample]] = []

    def keep(found: dict[str, AzureSample]) -> dict[str, CausewayError]:
        kept.append(found)
        return {}

    monkeypatch.setattr(azure_samples, "note", keep)
    outside.azure = worlds.azure(connection=worlds.connection(ingress_bytes=7))
    _look({"link": world.settings.spec.name})
    assert [found["link"].aws_to_azure for found in kept] == [7]


def _register_many(world: World, links: int) -> None:
    for number in range(1, links):
        name = f"link-{number}"
        make_table(name)
        named: Settings = world.settings.model_copy(
            update={"spec": worlds.spec(name=name, **{"aws.vpc": world.settings.spec.aws.vpc}), "table": name}
        )
        registry.register(named.model_copy(update={"deployment": f"1/eu/{name}"}))


@pytest.mark.parametrize("links", [1, 10, 100])
def test_a_look_with_nothing_to_do_costs_the_same_calls_for_one_link_as_for_many_but_by_pages(
    world: World, outside: Outside, calls: Counter[str], links: int
) -> None:
    _register_many(world, links)
    outside.azure = FunctionUnreachable("so that nothing is to be done")
    _look(SCHEDULE)  # remembers since when
    calls.clear()
    assert len(_look(SCHEDULE)) == links
    pages = -(-links * len(memory.ITEMS) // dynamo.BATCH)
    assert calls == {
        "Scan": 1,
        "BatchGetItem": pages,
        "DescribeVpcs": 1,
        "DescribeInternetGateways": 1,
        "DescribeSubnets": 1,
        "DescribeRouteTables": 1,
        "DescribeSecurityGroupRules": 1,
        "DescribeAddresses": 1,
        "DescribeInstances": 1,
    }
