"""How Azure Resource Manager really behaves, met by the Function's turns with the real azure-mgmt-network client.

Each test names where the behaviour is described. The server is the rehearsal's; its operations end by `settle`.
"""

import gc
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import models

from azure_functions import arm, task, turn
from azure_functions.edges import Edges
from link import azure_plan
from link.wanted import AzureWork
from rehearsal import faults, places
from tests.azure_functions import fakes
from tests.azure_functions.conftest import Cloud

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LOCAL, CONNECTION = fakes.REF.local_network_gateway_id, f"{fakes.GROUP}/connections/{fakes.REF.name}"
LONG_S = 3600.0
# azure-core does not read an answer after which it tries again, so nobody gives that connection back.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl:pytest.PytestUnraisableExceptionWarning")


@dataclass
class Function:
    """A Function app with its queue. Each turn is a new process: nothing is kept but the message."""

    cloud: Cloud
    aws: fakes.FakeAws = field(default_factory=fakes.FakeAws)
    queue: fakes.FakeQueue = field(default_factory=fakes.FakeQueue)

    def ask(self, work: AzureWork = fakes.WORK) -> None:
        self.aws.waits = True
        self.queue.sent = []
        self.queue.send(task.Task(work=work, first_at=NOW + self.queue.waited), 0)

    @property
    def task(self) -> task.Task:
        """The message that waits."""
        return task.Task.model_validate_json(self.queue.sent[0][0])

    def turn(self) -> None:
        fresh = arm.Arm(self.cloud.server.endpoint, ManagedIdentityCredential())
        turn.take(Edges(fresh, self.aws, self.queue), self.queue.receive(), NOW + self.queue.waited)
        fresh.close()

    def finish(self) -> None:
        """Turns until the state machine is answered; what Azure was asked for has ended before each."""
        for _ in range(150):
            if not self.queue.sent:
                return
            self.cloud.settle()
            self.turn()
        raise AssertionError(f"the task never ended: {self.task.last}")

    def until(self, reason: str) -> None:
        """Turns until a step was begun for this reason."""
        for _ in range(20):
            self.cloud.settle()
            self.turn()
            if reason in self.task.begun:
                return
        raise AssertionError(f"{reason} never came: {self.task}")

    def done(self) -> list[str]:
        """The operations that Azure has ended, in their order."""
        log = self.cloud.server.state / "operations.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [f"{one['op']} {one['resource'].split('/')[-2]}" for one in lines if fakes.REF.name in one["resource"]]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long the process would have slept."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.fixture
def function(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> Iterator[Function]:
    monkeypatch.setattr(places, "ARM_URL", cloud.server.endpoint)
    monkeypatch.setattr(places, "TLS", tmp_path)
    yield Function(cloud)
    faults.arm_clear()
    gc.collect()  # or those connections are found in another test


@pytest.fixture
def linked(function: Function) -> Function:
    """The Azure side stands."""
    function.ask()
    function.finish()
    function.aws.outputs.clear()
    return function


# learn.microsoft.com, "Request limits and throttling": a request before Retry-After has passed is not processed.
def test_a_long_retry_after_is_waited_for_in_the_queue_and_nothing_is_asked_before(
    function: Function, slept: list[float]
) -> None:
    faults.arm_refuse(429, LONG_S, retry_after_s=90, path="localNetworkGateways")
    function.ask()
    function.turn()
    assert (len(faults.arm_faults()), slept, function.queue.sent[0][1]) == (1, [], turn.LONGEST_S)
    function.turn()  # a sign of life only
    assert (len(faults.arm_faults()), function.queue.sent[0][1]) == (1, 30)
    assert function.aws.heartbeats == 2
    function.turn()
    assert len(faults.arm_faults()) == 2
    faults.arm_clear()
    function.finish()
    assert len(function.aws.outputs) == 1


def test_a_short_retry_after_is_slept_and_the_turn_goes_on(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        faults.arm_clear()

    monkeypatch.setattr(time, "sleep", sleep)
    faults.arm_refuse(429, LONG_S, retry_after_s=1)
    function.ask()
    function.turn()
    assert slept == [1] and function.task.begun == {"LocalNetworkGatewayMissing": 1}


def test_a_retry_after_beyond_the_limit_ends_the_task_in_azures_words(function: Function) -> None:
    faults.arm_refuse(429, LONG_S, retry_after_s=7200)
    function.ask()
    function.finish()
    (cause,) = function.aws.causes
    assert cause.startswith("AzureTooSlow: ") and "TooManyRequests" in cause


@pytest.mark.parametrize(
    ("status", "code"),
    [
        # "Request limits and throttling": 429 also says that the target is locked by another operation.
        (429, "RetryableErrorDueToAnotherOperation"),
        # github.com/Azure/azure-rest-api-specs issue 14473; ARM, "Common deployment errors"
        (409, "AnotherOperationInProgress"),
        (409, "Conflict"),
        # github.com/kubernetes-sigs/cloud-provider-azure issue 9729: changed by somebody else just now
        (412, "PreconditionFailed"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
        # github.com/Azure-Samples/azuresandbox issue 329: the gateway began to change after our look
        (400, "ReferencedResourceNotProvisioned"),
    ],
)
def test_what_may_pass_is_tried_again_later_and_is_no_attempt(function: Function, status: int, code: str) -> None:
    faults.arm_refuse(status, LONG_S, path="localNetworkGateways", method="PUT", code=code)
    function.ask()
    for _ in range(turn.ATTEMPTS + 1):
        function.turn()
    assert function.task.begun == {} and code in function.task.last and not function.aws.causes
    assert function.queue.sent[0][1] == turn.BUSY_S
    faults.arm_clear()
    function.finish()
    assert len(function.aws.outputs) == 1 and function.done().count("PUT localNetworkGateways") == 1


# terraform-provider-azurerm issue 17478: a management lock answers 409 as well, until somebody removes the lock.
def test_a_lock_is_told_at_once(linked: Function) -> None:
    faults.arm_refuse(409, LONG_S, path="connections", method="DELETE", code="ScopeLocked")
    linked.ask(fakes.REMOVAL)
    linked.finish()
    assert linked.aws.causes == ["remove the connection: ScopeLocked: Ordered by a drill."]


# github.com/Azure/azure-rest-api-specs issue 10148: 404 after a creation whose operation has ended.
@pytest.mark.parametrize("kind", ["localNetworkGateways", "connections"])
def test_what_was_created_may_be_missing_for_a_while_and_is_created_once(function: Function, kind: str) -> None:
    function.ask()
    function.until({"localNetworkGateways": "LocalNetworkGatewayMissing", "connections": "ConnectionMissing"}[kind])
    faults.arm_refuse(404, LONG_S, path=f"{kind}/{fakes.REF.name}", method="GET")
    for _ in range(15):  # a second each
        function.cloud.settle()
        function.turn()
    faults.arm_clear()
    function.finish()
    assert len(function.aws.outputs) == 1 and function.done().count(f"PUT {kind}") == 1


def test_what_stays_missing_is_given_up(function: Function) -> None:
    faults.arm_refuse(404, LONG_S, path="localNetworkGateways", method="GET")
    function.ask()
    function.finish()
    (cause,) = function.aws.causes
    assert cause.startswith("LocalNetworkGatewayMissing: ") and f"after {turn.ATTEMPTS} attempts" in cause
    assert function.queue.waited >= timedelta(minutes=1)


# ARM, "Track asynchronous operations": the resource says Failed, its operation says why. A PUT of the same corrects it.
@pytest.mark.parametrize("missing", ["LocalNetworkGatewayMissing", "ConnectionMissing"])
def test_a_failed_resource_is_written_again_at_once_and_then_after_a_pause(function: Function, missing: str) -> None:
    function.ask()
    function.until(missing)
    function.cloud.store.failures += [{"code": "InternalServerError", "message": "an error occurred"}] * 2
    began = function.queue.waited
    function.finish()
    assert len(function.aws.outputs) == 1
    assert timedelta(seconds=20) <= function.queue.waited - began < timedelta(seconds=30)


def test_a_connection_that_keeps_failing_ends_the_task_in_azures_words(function: Function) -> None:
    function.ask()
    function.until("ConnectionMissing")
    function.cloud.store.failures += [{"code": "GatewayBroken", "message": "it is broken"}] * 9
    function.finish()
    (cause,) = function.aws.causes
    assert cause.startswith("ConnectionFailed: ") and cause.endswith("Azure says GatewayBroken: it is broken")


# ARM, "Track asynchronous operations": a gateway's operations take minutes, a Function may run for less.
def test_an_operation_that_outlasts_its_function_is_resumed_and_not_begun_twice(function: Function) -> None:
    function.ask()
    faults.arm_stick(f"connections/{fakes.REF.name}")
    function.until("ConnectionMissing")
    for _ in range(turn.SOON_LOOKS):
        function.turn()
    assert function.queue.sent[0][1] == turn.LATER_S and function.task.begun["ConnectionMissing"] == 1
    faults.arm_clear()
    function.finish()
    assert len(function.aws.outputs) == 1 and function.done().count("PUT connections") == 1


def _edit(function: Function, id: str, **body: object) -> None:
    """Somebody writes one of the resources."""
    known = function.cloud.store.resources[id.lower()].body
    function.cloud.store.put(id, {**known, **body})
    function.cloud.settle()


# Tags are all that tells whose a resource is: names are free to anybody in the resource group (ours).
def test_a_resource_of_ours_that_nobody_remembers_is_adopted_and_corrected(linked: Function) -> None:
    inner = linked.cloud.store.resources[CONNECTION.lower()].body["properties"]
    _edit(linked, CONNECTION, properties={**inner, "connectionMode": "Default"})
    linked.ask()  # a first task: nothing is known of the one that made it
    linked.finish()
    found = linked.cloud.arm.find_connection(fakes.REF)
    assert found is not None and found.mode == fakes.WANTED.mode and len(linked.aws.outputs) == 1
    assert "DELETE connections" not in linked.done()


@pytest.mark.parametrize(("id", "word"), [(LOCAL, "ForeignLocalNetworkGateway"), (CONNECTION, "ForeignConnection")])
def test_a_foreign_resource_is_refused_and_neither_written_nor_removed(linked: Function, id: str, word: str) -> None:
    _edit(linked, id, tags={"owner": "somebody"})
    linked.ask()
    linked.finish()
    assert linked.aws.causes[0].startswith(f"{word}: ")
    before = linked.done()
    linked.ask(fakes.REMOVAL)
    linked.finish()
    assert linked.cloud.store.find(id).body["tags"] == {"owner": "somebody"}
    assert not [one for one in linked.done()[len(before) :] if id.split("/")[-2] in one]


# REST reference, Local Network Gateways - Delete: one that a connection uses is refused.
def test_the_connection_is_gone_before_its_local_network_gateway_is_asked_for(linked: Function) -> None:
    linked.ask(fakes.REMOVAL)
    linked.turn()
    linked.turn()  # the connection is still Deleting
    assert "LocalNetworkGatewayUnwanted" not in linked.task.begun
    linked.finish()
    assert linked.done()[-2:] == ["DELETE connections", "DELETE localNetworkGateways"]
    assert len(linked.aws.outputs) == 1


# github.com/Azure/azure-rest-api-specs issue 1233: what is deleted and answers 404 may hold its dependants for a while.
def test_what_is_still_in_use_by_something_gone_is_removed_later(linked: Function) -> None:
    code = "InUseLocalNetworkGatewayCannotBeDeleted"
    faults.arm_refuse(400, LONG_S, path="localNetworkGateways", method="DELETE", code=code)
    linked.ask(fakes.REMOVAL)
    linked.until("LocalNetworkGatewayUnwanted")
    assert code in linked.task.last
    faults.arm_clear()
    linked.finish()
    assert linked.cloud.arm.find_local_network_gateway(fakes.REF) is None and len(linked.aws.outputs) == 1


def test_what_stays_in_use_is_given_up_in_azures_words(linked: Function) -> None:
    code = "InUseLocalNetworkGatewayCannotBeDeleted"
    faults.arm_refuse(400, LONG_S, path="localNetworkGateways", method="DELETE", code=code)
    linked.ask(fakes.REMOVAL)
    linked.finish()
    assert linked.aws.causes == [f"remove the local network gateway: {code}: Ordered by a drill."]


# Azure VPN gateway, "About gateway settings": a change of SKU or mode takes up to 45 minutes, and refuses others.
def test_a_gateway_that_somebody_else_changes_is_waited_for(function: Function) -> None:
    gateway = f"{fakes.GROUP}/virtualNetworkGateways/vpn-gateway"
    function.cloud.store.put(gateway, function.cloud.store.resources[gateway.lower()].body)
    function.ask()
    for _ in range(3):
        function.turn()
    assert function.task.begun == {} and function.task.last.startswith("VpnGatewayUpdating: ")
    function.finish()
    assert len(function.aws.outputs) == 1


# github.com/Azure/azure-rest-api-specs issues 14473 and 26660: 200, and the connection is Updating for a while.
def test_the_key_call_that_returned_is_waited_for(function: Function) -> None:
    function.ask()
    function.until("SharedKeyChanged")
    for _ in range(3):
        function.turn()
    assert function.task.last.startswith("ConnectionUpdating: ") and not function.aws.outputs
    function.finish()
    assert function.done().count("PUT sharedkey connections") == 1
    assert len(function.aws.outputs) == 1


# "Request limits and throttling" again: a key that could not be compared now is not a key that differs.
def test_a_throttled_look_at_the_key_writes_no_key(linked: Function) -> None:
    before = linked.done()
    faults.arm_refuse(429, LONG_S, retry_after_s=30, path="sharedKey", method="GET")
    linked.ask()
    linked.turn()
    assert linked.task.begun == {} and linked.queue.sent[0][1] == 30
    faults.arm_clear()
    linked.finish()
    assert linked.done() == before and len(linked.aws.outputs) == 1


def test_every_running_word_of_arm_is_known() -> None:
    """The library's ProvisioningState: the words that are no end."""
    ends = {"Succeeded", "Failed", "Canceled"}
    assert {one.value for one in models.ProvisioningState} - ends == azure_plan.RUNNING
