"""Turns of a task against fakes: convergence, removal, redelivery, and every way to end otherwise."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from azure_functions import turn
from azure_functions.edges import Edges
from azure_functions.task import Task
from link import errors
from link.wanted import AzureWork
from tests.azure_functions import fakes

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """Both clouds and the queue."""

    arm: fakes.FakeArm = field(default_factory=fakes.FakeArm)
    aws: fakes.FakeAws = field(default_factory=fakes.FakeAws)
    queue: fakes.FakeQueue = field(default_factory=fakes.FakeQueue)

    @property
    def edges(self) -> Edges:
        return Edges(self.arm, self.aws, self.queue)

    def ask(self, work: AzureWork) -> None:
        self.aws.waits = True
        self.queue.send(Task(work=work, first_at=NOW), 0)

    def take_one(self, now: datetime | None = None) -> None:
        task = self.queue.receive()
        turn.take(self.edges, task, now or NOW + self.queue.waited)

    def run(self, between: Callable[[], None] = lambda: None) -> None:
        """Until no message waits any more; operations end between the turns."""
        for _ in range(200):
            if not self.queue.sent:
                return
            self.take_one()
            self.arm.settle()
            between()
        raise AssertionError("the task never ended")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def linked(world: World) -> World:
    """The Azure side stands."""
    world.ask(fakes.WORK)
    world.run()
    world.aws.outputs.clear()
    return world


def test_from_nothing_the_azure_side_is_made_and_the_state_machine_answered(world: World) -> None:
    world.ask(fakes.WORK)
    world.run()
    assert world.arm.local is not None and world.arm.local.address == fakes.WANTED.address
    assert world.arm.connection is not None and world.arm.connection.policy == fakes.WANTED.policy
    assert world.arm.key == fakes.PSK
    (output,) = world.aws.outputs
    assert json.loads(output)["connection"]["key_matches"] is True


def test_what_already_holds_is_answered_at_once(linked: World) -> None:
    linked.ask(fakes.WORK)
    linked.take_one()
    assert len(linked.aws.outputs) == 1 and not linked.queue.sent


def test_removal_leaves_nothing_of_ours(linked: World) -> None:
    linked.ask(fakes.REMOVAL)
    linked.run()
    assert (linked.arm.local, linked.arm.connection, len(linked.aws.outputs)) == (None, None, 1)


def test_a_changed_key_is_set_again(linked: World) -> None:
    linked.aws.psk = "AnotherKey"
    linked.ask(fakes.WORK)
    linked.run()
    assert linked.arm.key == "AnotherKey"


def test_every_message_delivered_twice_ends_in_the_same_state_and_one_answer(world: World) -> None:
    world.ask(fakes.WORK)
    for _ in range(50):
        if not world.queue.sent:
            break
        twice = world.queue.receive()
        turn.take(world.edges, twice, NOW)
        sent = list(world.queue.sent)
        turn.take(world.edges, twice, NOW)
        world.queue.sent = sent  # the twin's chain ends like the first one; following one is enough
        world.arm.settle()
    assert world.arm.key == fakes.PSK and len(world.aws.outputs) == 1


@pytest.mark.parametrize("turns", range(1, 8))
def test_a_restart_that_forgets_every_turn_so_far_is_harmless(world: World, turns: int) -> None:
    world.ask(fakes.WORK)
    first = world.queue.sent[0]
    for _ in range(turns):
        if world.queue.sent:
            world.take_one()
    world.queue.sent = [first]
    world.run()
    assert world.arm.key == fakes.PSK and len(world.aws.outputs) == 1


def test_a_task_that_nobody_waits_for_changes_nothing(world: World) -> None:
    world.ask(fakes.WORK)
    world.aws.waits = False
    world.take_one()
    assert world.arm.local is None and not world.queue.sent


def test_an_operation_that_runs_is_looked_at_again_soon_and_not_begun_twice(world: World) -> None:
    world.ask(fakes.WORK)
    world.take_one()
    world.take_one()
    ((text, delay_s),) = world.queue.sent
    assert delay_s == turn.SOON_S and json.loads(text)["begun"] == {"LocalNetworkGatewayMissing": 1}


def test_looks_slow_down_when_azure_takes_long(world: World) -> None:
    world.arm.gateway = fakes.GATEWAY.model_copy(update={"provisioning_state": "Updating"})
    turn.take(world.edges, Task(work=fakes.WORK, first_at=NOW, looks=turn.SOON_LOOKS), NOW)
    assert world.queue.sent[0][1] == turn.LATER_S


def test_a_busy_cloud_is_asked_again_later(world: World) -> None:
    world.arm.raises = errors.CloudBusy("read the VPN gateway: TooManyRequests: slow down")
    world.ask(fakes.WORK)
    world.take_one()
    assert world.queue.sent[0][1] == turn.BUSY_S and not world.aws.causes


def test_a_refusal_fails_the_task_in_azures_words(world: World) -> None:
    world.arm.raises = errors.CloudRefused("write the connection: AuthorizationFailed: no permission")
    world.ask(fakes.WORK)
    world.run()
    assert world.aws.causes == ["write the connection: AuthorizationFailed: no permission"]


def test_a_foreign_connection_fails_the_task_and_stays(linked: World) -> None:
    assert linked.arm.connection is not None
    foreign = linked.arm.connection.model_copy(update={"ours": False, "mode": "Default"})
    linked.arm.connection = foreign
    linked.ask(fakes.WORK)
    linked.run()
    assert linked.aws.causes[0].startswith("ForeignConnection: ") and linked.arm.connection == foreign


def test_an_operation_that_failed_once_is_corrected(world: World) -> None:
    world.arm.failures = [{"code": "InternalServerError", "message": "an error occurred"}]
    world.ask(fakes.WORK)
    world.run()
    assert len(world.aws.outputs) == 1


def test_an_operation_that_keeps_failing_fails_the_task_in_azures_words(world: World) -> None:
    world.arm.failures = [{"code": "GatewayBroken", "message": f"attempt {n}"} for n in range(20)]
    world.ask(fakes.WORK)
    world.run()
    (cause,) = world.aws.causes
    assert cause.startswith("LocalNetworkGatewayFailed: ")
    assert cause.endswith(f"after {turn.ATTEMPTS} attempts; Azure says GatewayBroken: attempt {turn.ATTEMPTS}")


def test_a_key_that_never_matches_ends_the_task(linked: World) -> None:
    def meddle() -> None:
        linked.arm.key = "somebody else's"

    meddle()
    linked.ask(fakes.WORK)
    linked.run(between=meddle)
    assert linked.aws.causes[0].startswith("SharedKeyChanged: ")


def test_azure_that_is_never_done_is_given_up_with_what_was_seen_last(world: World) -> None:
    world.ask(fakes.WORK)
    world.take_one()
    world.take_one(NOW + turn.LIMIT + timedelta(seconds=1))
    assert world.aws.causes[0].startswith("AzureTooSlow: ") and "LocalNetworkGatewayMissing" in world.aws.causes[0]


def test_a_task_of_which_aws_says_nothing_is_dropped_at_last(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(work: object) -> bool:
        raise errors.CloudBusy("take the role: AccessDenied: it is gone")

    monkeypatch.setattr(world.aws, "heartbeat", refuse)
    world.ask(fakes.WORK)
    world.take_one(NOW + turn.LIMIT)
    assert len(world.queue.sent) == 1
    world.take_one(NOW + turn.LIMIT + timedelta(seconds=1))
    assert not world.queue.sent
    assert [record.msg for record in caplog.records if record.levelname == "ERROR"] == ["task dropped"]


def test_neither_the_key_nor_the_token_leaves_its_place(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    queued: list[str] = []
    world.ask(fakes.WORK)
    world.run(between=lambda: queued.extend(text for text, _ in world.queue.sent))
    logged = str([vars(record) for record in caplog.records])
    assert caplog.records and fakes.PSK not in logged and fakes.TOKEN not in logged
    assert queued and fakes.PSK not in str(queued) and fakes.PSK not in str(world.aws.outputs)
