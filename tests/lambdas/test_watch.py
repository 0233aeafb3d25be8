"""The watch over an in-process AWS: what a look costs, what it starts, what an event adds, whom it tells."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.sns.models import sns_backends

from lambdas import azure_looks as looks
from lambdas.clouds import (
    aws,
    azure_samples,
    dynamo,
    ec2_batches,
    function,
    locks,
    memory,
    registry,
    survey,
    table,
    walks,
)
from lambdas.handlers import watch
from lambdas.settings import Settings
from link import region
from link.cost.witness import AzureSample
from link.errors import CausewayError, CloudRefused, FunctionUnreachable
from link.facts import AzureFacts
from link.finding import refused
from link.healing_state import HealingState
from link.reading import Observation
from link.wanted import AzureRef
from tests import worlds
from tests.lambdas.conftest import World, make_table
from tests.lambdas.test_walk import Context
from tests.refusing_aws import Refusing

SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event"}


@dataclass
class Outside:
    """What the watch reaches: walks that it starts, and the Azure side."""

    azure: AzureFacts | CausewayError = field(default_factory=worlds.azure)
    of_link: dict[str, Callable[[], AzureFacts]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    ended: dict[str, datetime] = field(default_factory=dict)

    def look(self, _side: object, ref: AzureRef, *_: object) -> AzureFacts:
        self.asked.append(ref.link)
        if ref.link in self.of_link:
            return self.of_link[ref.link]()
        if isinstance(self.azure, CausewayError):
            raise self.azure
        return self.azure

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:
        if json.loads(input)["link"] in self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "StartExecution")
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
    monkeypatch.setattr(looks, "unanswered", {})
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
        ec2_batches.ec2().run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        for _ in range(2)
    )
    ec2_batches.ec2().create_tags(Resources=[ours], Tags=[{"Key": "causeway-link", "Value": "prod"}])
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

    clients = (ec2_batches.ec2(), dynamo.client())
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


BAD, GOOD = "bad", "prod"


def _register(world: World, name: str = BAD, **changes: Any) -> Settings:
    """One more link, whose VPC is the first one's and whose Function is its own."""
    url = f"https://causeway-{name}.azurewebsites.net"
    spec = worlds.spec(name=name, **{"aws.vpc": world.settings.spec.aws.vpc, "azure.function_url": url})
    made = world.settings.model_copy(
        update={"spec": spec, "deployment": f"1/eu/{name}", "table": f"table-{name}", **changes}
    )
    if made.table == f"table-{name}":
        make_table(made.table)
    registry.register(made)
    return made


def _write_row(text: str) -> None:
    dynamo.put(region.LINKS, BAD, settings=text)


def _age_region(minutes: int) -> None:
    """As when what the watch remembers of the region is so much older."""
    aged = {
        name: state.model_copy(
            update={
                "since": {one: at - timedelta(minutes=minutes) for one, at in state.since.items()},
                "notified": tuple(
                    one.model_copy(update={"absent_since": one.absent_since - timedelta(minutes=minutes)})
                    for one in state.notified
                    if one.absent_since
                ),
            }
        )
        for name, state in registry.rows().healing.items()
    }
    registry.keep_healing(aged)


def test_a_row_that_cannot_be_read_is_told_once_and_changes_no_other_links_look(world: World, outside: Outside) -> None:
    alone = _look(SCHEDULE)
    locks.release("link", outside.started.pop()[0])
    table.keep_healing("link", HealingState())
    other = world.settings.model_dump_json()
    for text in ("{", "{}", "[]", '{"spec": 7}', other.replace("vpc-", "no-"), other):
        _write_row(text)
        (outcome,) = _look(SCHEDULE)
        assert (outcome["reason"], outcome["action"]) == (alone[0]["reason"], alone[0]["action"])
        locks.release("link", outside.started.pop()[0])
        table.keep_healing("link", HealingState())
    (message,) = _said()
    assert "RowUnreadable" in message and BAD in message
    registry.strike(BAD)
    _look(SCHEDULE)
    _age_region(6)
    _look(SCHEDULE)
    assert "looked at again" in _said()[-1] and BAD in _said()[-1]


def test_what_another_version_wrote_is_read_with_its_unknown_fields_ignored(world: World, outside: Outside) -> None:
    row = json.loads(world.settings.model_dump_json())
    row |= {"standby": True}
    row["spec"] |= {"region_of_tomorrow": {}}
    row["spec"]["aws"] |= {"standby": True}
    dynamo.put(region.LINKS, GOOD, settings=json.dumps(row))
    dynamo.put("link", "report", document='{"link": "prod", "outcome": 7}')
    dynamo.put("link", "remedies", document='{"tried": {"a": 1}, "told": {}, "of_tomorrow": 1}')
    dynamo.put("link", "pause", document="nonsense")
    assert [one["reason"] for one in _look(SCHEDULE)] == ["InboundRuleMissing"]


@pytest.mark.parametrize("broken", ["missing", "denied", "unreadable", "nameless"])
def test_a_table_that_is_refused_or_unreadable_is_its_own_links_trouble(
    world: World, outside: Outside, refusing: Refusing, broken: str
) -> None:
    bad = _register(world, table={"missing": "gone", "nameless": ""}.get(broken, f"table-{BAD}"))
    if broken == "denied":
        refusing.refuse("dynamodb.BatchGetItem", "AccessDeniedException", holding=f'"{bad.table}"')
    if broken == "unreadable":
        dynamo.put(bad.table, "looks", asked="many")
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {BAD: "LinkNotLooked", GOOD: "InboundRuleMissing"}
    assert _said() == []
    _age_region(6)
    _look(SCHEDULE)
    _look(SCHEDULE)
    (message,) = _said()
    assert "LinkNotLooked" in message and BAD in message


def test_a_write_that_is_refused_for_one_link_ends_no_other_links_look(
    world: World, outside: Outside, refusing: Refusing
) -> None:
    bad = _register(world)
    refusing.refuse("dynamodb.PutItem", "AccessDeniedException", holding=bad.table)
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {BAD: "LinkNotLooked", GOOD: "InboundRuleMissing"}


def test_a_walk_that_cannot_be_started_ends_no_other_links_look(world: World, outside: Outside) -> None:
    _register(world)
    outside.refused.add(BAD)
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {BAD: "LinkNotLooked", GOOD: "InboundRuleMissing"}
    assert [document["link"] for _, document in outside.started] == [GOOD]


def test_an_answer_of_a_function_that_nothing_thought_of_is_its_own_links_trouble(
    world: World, outside: Outside
) -> None:
    def defect() -> AzureFacts:
        raise KeyError("WebIdentityToken")

    _register(world)
    outside.of_link[BAD] = defect
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {BAD: "FunctionUnreachable", GOOD: "InboundRuleMissing"}
    answer = worlds.azure().model_dump() | {"of_tomorrow": {"deep": []}}
    outside.of_link[BAD] = lambda: AzureFacts.model_validate(answer)
    assert {one["reason"] for one in _look(SCHEDULE)} == {"InboundRuleMissing", "WalkAtWork"}


def test_a_function_that_hangs_delays_no_other_links_decision(
    world: World, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = Event()

    def hang() -> AzureFacts:
        released.wait(30)
        raise FunctionUnreachable("too late")

    for name, seconds in (("PATIENCE_S", 0.3), ("URGENT_S", 0.1)):
        monkeypatch.setattr(looks, name, seconds)
    _register(world)
    outside.of_link[BAD] = hang
    try:
        outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
        assert not released.is_set()
    finally:
        released.set()
    assert outcomes == {BAD: "FunctionUnreachable", GOOD: "InboundRuleMissing"}


def test_a_function_that_has_not_answered_is_asked_for_one_link_a_tick(world: World, outside: Outside) -> None:
    outside.azure = FunctionUnreachable("away")
    _register_many(world, 12)
    _look(SCHEDULE)
    assert looks.BROKEN_AFTER <= len(outside.asked) <= looks.BROKEN_AFTER + looks.AT_ONCE_A_FUNCTION
    outside.asked.clear()
    assert {one["reason"] for one in _look(SCHEDULE)} == {"FunctionUnreachable"}
    assert len(outside.asked) == 1
    outside.azure = worlds.azure()
    _look(SCHEDULE)
    outside.asked.clear()
    _look(SCHEDULE)
    assert len(outside.asked) == 12


@pytest.mark.parametrize("field", ["VpcId", "CidrBlockAssociationSet", "Main", "RouteTableId"])
def test_an_answer_of_ec2_that_lacks_a_field_is_one_links_trouble_or_nobodys(
    world: World, outside: Outside, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    other = ec2_batches.ec2().create_vpc(CidrBlock="10.102.0.0/16")["Vpc"]["VpcId"]
    bad = _register(world)
    spec = bad.spec.model_copy(update={"aws": bad.spec.aws.model_copy(update={"vpc": other})})
    registry.register(bad.model_copy(update={"spec": spec}))
    real = ec2_batches.pages

    def without(operation: str, key: str, name: str, values: Any) -> list[Any]:
        return [
            _lacking(one, field) if one.get("VpcId") == other else one for one in real(operation, key, name, values)
        ]

    monkeypatch.setattr(ec2_batches, "pages", without)
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes[GOOD] == "InboundRuleMissing"
    assert outcomes[BAD] in ("LinkNotLooked", "InboundRuleMissing")


def _lacking(item: Any, field: str) -> Any:
    if isinstance(item, dict):
        return {name: _lacking(inner, field) for name, inner in item.items() if name != field}
    return [_lacking(one, field) for one in item] if isinstance(item, list) else item


def test_more_links_than_a_filter_has_values_are_looked_at(world: World, outside: Outside) -> None:
    """EC2 refuses a filter of more than 200 (tests/refusing_aws.py does)."""
    made = [
        world.settings.model_copy(
            update={"deployment": f"1/eu/{n}", "elastic_ip_allocation": f"eipalloc-{n:017d}", "table": "link"}
        )
        for n in range(201)
    ]
    found = aws.look_at_all([*made, world.settings])
    assert isinstance(found[world.settings.deployment], aws.Looked)
    assert all(isinstance(found[one.deployment], CloudRefused) for one in made)


def test_a_batch_that_ec2_refuses_is_asked_value_by_value(world: World, outside: Outside, refusing: Refusing) -> None:
    _register(world, security_group="sg-malformed")
    refusing.refuse("ec2.DescribeSecurityGroupRules", "InvalidGroup.NotFound", holding="sg-malformed")
    outcomes = {one["link"]: one["reason"] for one in _look(SCHEDULE)}
    assert outcomes == {BAD: "LinkNotLooked", GOOD: "InboundRuleMissing"}


def _finding_stands(world: World) -> None:
    table.keep_findings("link", (refused("NetworkAclDrops", "acl-1 drops", "add a rule"),), datetime.now(UTC))


def test_an_alert_that_could_not_be_published_is_published_at_the_next_look_and_then_no_more(
    world: World, outside: Outside, refusing: Refusing
) -> None:
    _finding_stands(world)
    table.pause("link", datetime.now(UTC) + timedelta(minutes=5), "so that no walk is at work")
    refusing.refuse("sns.Publish", "ThrottlingException", calls=2)
    for _ in range(4):
        _look(SCHEDULE)
    (message,) = _said()
    assert "NetworkAclDrops" in message


def test_while_the_function_is_silent_a_walk_is_started_by_what_was_seen_last(world: World, outside: Outside) -> None:
    _look(SCHEDULE)
    locks.release("link", outside.started.pop()[0])
    table.keep_healing("link", HealingState())
    outside.azure = FunctionUnreachable("away")
    (outcome,) = _look(SCHEDULE)
    assert (outcome["reason"], len(outside.started)) == ("InboundRuleMissing", 1)
    kept = memory.recall_one("link").healing
    assert Observation.UNKNOWN in kept.since


def test_a_look_that_an_operator_asks_for_surveys_and_keeps_what_it_refuses(world: World, outside: Outside) -> None:
    outside.azure = worlds.azure(gateway=worlds.vpn_gateway(sku="Basic"))
    _look({"link": GOOD})
    found = memory.recall_one("link").findings
    assert found is not None and "GatewaySkuBasic" in [one.reason for one in found.findings]
    assert "GatewaySkuBasic" in _said()[0]


def test_a_denied_permission_stays_found_at_a_look_that_surveys_and_tries_none(
    world: World, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a person would hear each hour that it is over, and a minute later that it is there."""
    denied = refused("MissingPermission", "ec2:CreateRoute is denied", "lift it", "ec2:CreateRoute")
    table.keep_findings("link", (denied,), datetime.now(UTC))
    monkeypatch.setattr(survey, "look", lambda *_: worlds.surveyed(permissions=None))
    _look({"link": world.settings.spec.name})  # by an operator: it surveys
    assert "MissingPermission" in "".join(_said())
    kept = memory.recall_one("link").findings
    assert kept is not None and denied in kept.findings
