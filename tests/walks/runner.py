"""Runs the synthesised state machine in this process: its own states, the real handlers, moto, and an Azure in memory.

Only what the machine uses of Amazon States Language is understood; anything else raises KeyError. Waits take no time.
"""

import importlib
import json
import re
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from azure_functions import look, turn
from azure_functions.edges import Edges
from azure_functions.task import Task
from lambdas import settings
from lambdas.clouds import aws, table
from lambdas.handlers import hear_gateway
from lambdas.settings import Settings
from link import facts, reading, wanted
from link.errors import CausewayError, CloudBusy, CloudRefused, FunctionUnreachable
from link.spec import LinkSpec
from link.steps import State
from rehearsal import listings
from tests import worlds
from tests.azure_functions.fakes import FakeArm, FakeAws, FakeQueue
from tests.lambdas.test_walk import Context
from tests.stacks import machines

TURNS = 40  # of the Function, after which a task that is not answered counts as one that never will be
IDLE = 2  # of them are given to a gateway that boots while the Function has nothing to do
TRIES = 2  # of one state: what has not changed by then does not change without a clock
IN_MEMORY = ("ec2", "secretsmanager", "iam", "dynamodb")  # of the services that a listing asks, what moto has here
CONNECTED = facts.ConnectionStatus.CONNECTED
Fault = Callable[[], None]
# The states that a first launch goes through until it reports, in their order.
LAUNCH = (
    State.DISCOVER,
    State.PREFLIGHT,
    State.LAUNCH_GATEWAY,
    State.WAIT_FOR_BOOT,
    State.ATTACH_ELASTIC_IP,
    State.ADJUST_ROUTES,
    State.CONNECT_AZURE,
    State.VERIFY,
)
# What a change of the instance goes through as well.
CHANGE = (*LAUNCH, State.REPOINT_GATEWAY)


def fails() -> None:
    """A fault that no retry mends."""
    raise CloudRefused("the test says no")


def snake(name: str) -> str:
    """The module of a state's handler."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class StepFunctions:
    """The calls that the handlers make of Step Functions."""

    def __init__(self) -> None:
        self.running: dict[str, str | datetime] = {}
        self.answers: dict[str, tuple[str, str] | str] = {}
        self.started: list[tuple[str, str]] = []

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:
        self.started.append((name, input))

    def stop_execution(self, executionArn: str, error: str, cause: str) -> None:
        self.running[executionArn.rsplit(":", 1)[-1]] = datetime.now(UTC)

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        found = self.running.get(executionArn.rsplit(":", 1)[-1])
        if found is None:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        ended = isinstance(found, datetime)
        return {"status": "ABORTED", "stopDate": found} if ended else {"status": "RUNNING"}

    def age(self, name: str, seconds: int) -> None:
        """Lets a walk have ended earlier than it did."""
        ended = self.running[name]
        assert isinstance(ended, datetime)
        self.running[name] = ended - timedelta(seconds=seconds)

    def send_task_success(self, taskToken: str, output: str) -> None:
        self.answers[taskToken] = output

    def send_task_failure(self, taskToken: str, error: str, cause: str) -> None:
        self.answers[taskToken] = (error, cause)


@dataclass
class Outcome:
    """How a walk ended, and the states that it went through."""

    status: str
    document: dict[str, Any]
    way: list[str]
    error: str = ""
    cause: str = ""


@dataclass
class Clouds:
    """Both clouds round a walk: what a gateway and the Function would do between two states happens in `tick`."""

    settings: Settings
    stepfunctions: StepFunctions = field(default_factory=StepFunctions)
    arm: FakeArm = field(default_factory=FakeArm)
    aws: FakeAws = field(init=False)
    queue: FakeQueue = field(default_factory=FakeQueue)
    reachable: bool = True
    boots: bool = True
    now: str = ""  # the state that a walk is in
    unwatched: Callable[[], AbstractContextManager[object]] = nullcontext  # for looks that no program of ours makes
    hidden: list[Task] = field(default_factory=list)
    answered: list[tuple[str | None, dict[str, str]]] = field(default_factory=list)
    wishes: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.aws = Answering(self.stepfunctions)

    def post(self, _side: object, path: str, body: str, _patience_s: float = 0) -> bytes:
        """The Function's two routes."""
        if not self.reachable:
            raise FunctionUnreachable("https://causeway.azurewebsites.net did not answer: refused")
        try:
            if path.endswith("/look"):
                ref = wanted.AzureRef.model_validate_json(body)
                return look.find_facts(self.arm, self.aws, ref).model_dump_json().encode()
            work = wanted.AzureWork.model_validate_json(body)
            self.queue.send(Task(work=work, first_at=datetime.now(UTC)), 0)
        except (CloudBusy, Killed) as exc:  # 503 of the program, or 502 of its host
            raise FunctionUnreachable(f"https://causeway.azurewebsites.net answered 50x: {exc}") from exc
        return b""

    def cloudformation(self, request: urllib.request.Request, timeout: int) -> AbstractContextManager[object]:
        """What CloudFormation does with the answer of a custom resource."""
        assert isinstance(request.data, bytes)
        said = json.loads(request.data)
        self.answered.append((said["Reason"] if said["Status"] == "FAILED" else None, said["Data"]))
        return nullcontext()

    def tick(self) -> None:
        """Azure ends its operations, the Function takes a turn, gateways boot and report."""
        self.arm.settle()
        if self.queue.sent:
            self._take_turn(self.queue.receive())
        if self.boots:
            self._boot()

    def _take_turn(self, task: Task) -> None:
        """A message that was not dealt with is seen again: at once, or when its host is gone, after ten minutes."""
        try:
            turn.take(Edges(self.arm, self.aws, self.queue), task, datetime.now(UTC))
        except CausewayError:
            self.queue.send(task, 0)
        except Killed:
            self.hidden.append(task)

    def show_hidden(self) -> None:
        """Azure shows the messages of a dead host to the next one."""
        while self.hidden:
            self.queue.send(self.hidden.pop(), 0)

    def _boot(self) -> None:
        with self.unwatched():
            bearer = aws.elastic_ip(self.settings).interface
            version = table.published_version("link")
            gateways = aws.gateways(self.settings)
        for gateway in gateways:
            if gateway.state != "running" or version is None:
                continue
            if not gateway.booted:
                hear("GatewayBooted", instance=gateway.id, version=version)
            if gateway.interface == bearer and self.arm.connection is not None:
                self.arm.connection = self.arm.connection.model_copy(update={"status": CONNECTED})
                told = worlds.read(instance=gateway.id, version=version, read_at=datetime.now(UTC))
                probe = reading.Observation.UP if self.settings.spec.probe else None
                hear("GatewayReading", **told.model_copy(update={"probe": probe}).model_dump(mode="json"))

    def listing(self) -> listings.Listing:
        """Everything in both clouds. An association has a new id each time it is made, as in EC2."""
        azure = {"gateway": self.arm.gateway, "local": self.arm.local, "connection": self.arm.connection}
        found = {"azure": {name: one.model_dump_json() for name, one in azure.items() if one is not None}}
        calls = [call for call in listings.AWS if call[0] in IN_MEMORY]
        everything = {**dict(listings.of_aws(_everything, calls)), **found}
        return {
            kind: {id: re.sub(r"eipassoc-\w+", "eipassoc", text) for id, text in entries.items()}
            for kind, entries in everything.items()
        }


@cache
def client(service: str) -> Any:
    """Making one takes longer than a walk's state."""
    return boto3.client(service)  # type: ignore[call-overload]  # the name is a variable


def _everything(service: str, call: str, key: str) -> list[Any]:
    return list(getattr(client(service), call)().get(key, []))


def hear(kind: str, **detail: Any) -> None:
    """An event of the gateway's agent. Lambda itself tries an event three times (Lambda, "Asynchronous invocation")."""
    event = {"detail-type": kind, "detail": {"link": "prod", **detail}}
    for _ in range(2):
        with suppress(CausewayError, Killed):
            hear_gateway.handler(event, Context())
            return
    hear_gateway.handler(event, Context())


class Killed(BaseException):
    """The end of a process in the middle of its work. No program of ours can catch it."""


class Answering(FakeAws):
    """The Function's AWS, answering the walk's own tokens."""

    def __init__(self, stepfunctions: StepFunctions) -> None:
        super().__init__()
        self._stepfunctions = stepfunctions

    def heartbeat(self, work: wanted.AzureWork) -> bool:
        return work.task_token not in self._stepfunctions.answers

    def succeed(self, work: wanted.AzureWork, output: str) -> bool:
        self._stepfunctions.send_task_success(work.task_token, output)
        return True

    def fail(self, work: wanted.AzureWork, cause: str) -> bool:
        self._stepfunctions.send_task_failure(work.task_token, "AzureFailed", cause)
        return True


class StateFailed(Exception):
    """A state's error, as the machine sees it."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


@dataclass
class Runner:
    """One execution. `before` and `after` hold a fault for a state: raised in place of its work, or once it is done."""

    clouds: Clouds
    execution: str = "walk-1"
    before: dict[str, Fault] = field(default_factory=dict)
    after: dict[str, Fault] = field(default_factory=dict)
    _tokens: int = 0

    def run(self, start: dict[str, Any], until: str | None = None) -> Outcome:
        """To the end, or until a state is about to begin: then as if the walk had been left there."""
        self.clouds.stepfunctions.running[self.execution] = "RUNNING"
        states = machines.states()
        name, document, way = machines.definition()["StartAt"], json.loads(json.dumps(start)), []
        while name != until:
            way.append(name)
            self.clouds.now = name
            state = states[name]
            match state["Type"]:
                case "Task":
                    name, document = self._task(name, state, document)
                case "Choice":
                    name = next(
                        (one["Next"] for one in state["Choices"] if _holds(one, document)), state.get("Default")
                    )
                case "Wait":
                    name = state["Next"]
                case "Succeed":
                    return self._end("SUCCEEDED", document, way)
                case "Fail":
                    error, cause = _at(document, state["ErrorPath"]), _at(document, state["CausePath"])
                    return self._end("FAILED", document, way, error, cause)
                case other:
                    raise KeyError(other)
            if name == State.VERIFY:
                self.clouds.tick()
        return Outcome("RUNNING", document, way)

    def _end(self, status: str, document: dict[str, Any], way: list[str], *why: str) -> Outcome:
        self.clouds.stepfunctions.running[self.execution] = datetime.now(UTC)
        return Outcome(status, document, way, *why)

    def _task(self, name: str, state: dict[str, Any], document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        tries: dict[int, int] = {}
        while True:
            try:
                result = self._once(name, state, document)
            except StateFailed as failed:
                retry = _first(state.get("Retry", []), failed.error)
                if retry is not None and tries.get(id(retry), 0) < min(retry["MaxAttempts"], TRIES):
                    tries[id(retry)] = tries.get(id(retry), 0) + 1
                    continue
                catch = _first(state.get("Catch", []), failed.error)
                if catch is None:
                    raise
                error = {"Error": failed.error, "Cause": failed.cause}
                return catch["Next"], _put(document, catch["ResultPath"], error)
            return state["Next"], _put(document, state["ResultPath"], result)

    def _once(self, name: str, state: dict[str, Any], document: dict[str, Any]) -> Any:
        waits = state["Resource"].endswith(".waitForTaskToken")
        given = state["Parameters"]["Payload"] if waits else state["Parameters"]
        self._tokens += 1
        token = f"{self.execution}-token-{self._tokens}"
        known = {"$": document, "$$.Execution.Name": self.execution, "$$.Task.Token": token}
        payload = {key.removesuffix(".$"): known[path] for key, path in given.items()}
        result = self._invoke(name, json.loads(json.dumps(payload)))
        if not waits:
            return result
        for turns in range(TURNS):
            if token in self.clouds.stepfunctions.answers or (turns > IDLE and not self.clouds.queue.sent):
                break
            self.clouds.tick()
        match self.clouds.stepfunctions.answers.get(token):
            case None:
                self.clouds.show_hidden()
                raise StateFailed("States.HeartbeatTimeout" if "HeartbeatSeconds" in state else "States.Timeout", "")
            case (error, cause):
                raise StateFailed(error, cause)
            case output:
                return json.loads(output)

    def _invoke(self, name: str, payload: dict[str, Any]) -> Any:
        handler = importlib.import_module(f"lambdas.handlers.{snake(name)}").handler
        try:
            if name in self.before:
                self.before[name]()
            result = handler(payload, Context())
            if name in self.after:
                self.after[name]()
        except Killed as exc:
            raise StateFailed("Runtime.ExitError", "{}") from exc
        except Exception as exc:
            # As Lambda hands an exception to Step Functions.
            cause = json.dumps({"errorMessage": str(exc), "errorType": type(exc).__name__})
            raise StateFailed(type(exc).__name__, cause) from exc
        return json.loads(json.dumps(result))


def _first(rules: list[dict[str, Any]], error: str) -> dict[str, Any] | None:
    return next((one for one in rules if error in one["ErrorEquals"] or "States.ALL" in one["ErrorEquals"]), None)


def _at(document: Any, path: str) -> Any:
    for part in path.split(".")[1:]:
        document = document[part]
    return document


def _put(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = json.loads(json.dumps(document))
    place = changed
    *parts, last = path.split(".")[1:]
    for part in parts:
        place = place.setdefault(part, {})
    place[last] = value
    return dict(changed)


def _holds(choice: dict[str, Any], document: dict[str, Any]) -> bool:
    if "And" in choice:
        return all(_holds(one, document) for one in choice["And"])
    found = _at(document, choice["Variable"])
    (wanted_value,) = [value for key, value in choice.items() if key.endswith("Equals")]
    return bool(found == wanted_value)


def document(wanted_state: str = "up") -> dict[str, Any]:
    """A walk's input, with a CloudFormation that waits."""
    answer = dict.fromkeys(("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId"), "Link")
    answered = {**answer, "ResponseURL": "https://cloudformation.example/answer"}
    return {"link": "prod", "wanted": wanted_state, "answer": answered}


def tasks(way: list[str]) -> list[str]:
    """The states of a way that are tasks."""
    return [name for name in way if machines.states()[name]["Type"] == "Task"]


def reasons(ended: Outcome, state: State) -> list[str]:
    """Why a state changed what it changed."""
    return [done["reason"] for done in ended.document.get("did", {}).get(state.value, [])]


def change(clouds: Clouds, monkeypatch: pytest.MonkeyPatch, **declared: str) -> None:
    """What `cdk deploy` does before the walk: the functions get the new link. A dotted name would be no keyword."""
    names = {"instance_type": "aws.instance_type", "probe": "probe.address", "policy": "policy.pfs_group"}
    document = clouds.settings.spec.model_dump(mode="json")
    for name, value in declared.items():
        part, key = names[name].split(".")
        document[part] = {**(document[part] or {}), key: value}
    spec = LinkSpec.model_validate(document)
    clouds.settings = clouds.settings.model_copy(update={"spec": spec})
    monkeypatch.setenv("CAUSEWAY_SPEC", spec.model_dump_json())
    settings.load.cache_clear()
