"""Both clouds round a walk in this process: moto, an Azure in memory, and what happens by itself between two states."""

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
from botocore.exceptions import ClientError

from azure_functions import look, turn
from azure_functions.edges import Edges
from azure_functions.task import Task
from lambdas.clouds import aws, table
from lambdas.handlers import hear_gateway
from lambdas.settings import Settings
from link import facts, reading, wanted
from link.errors import CausewayError, CloudBusy, FunctionUnreachable
from rehearsal import listings
from rehearsal.emulator.causeway_emulator import custom_answers
from tests import worlds
from tests.azure_functions.fakes import FakeArm, FakeAws, FakeQueue
from tests.lambdas.test_walk import Context
from tests.refusing_aws import Refusing

IN_MEMORY = ("ec2", "secretsmanager", "iam", "dynamodb")  # of the services that a listing asks, what moto has here
CONNECTED = facts.ConnectionStatus.CONNECTED


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
class Clouds:
    """Both clouds round a walk: what a gateway and the Function would do between two states happens in `tick`."""

    settings: Settings
    refusing: Refusing = field(default_factory=Refusing)
    stepfunctions: StepFunctions = field(default_factory=StepFunctions)
    arm: FakeArm = field(default_factory=FakeArm)
    aws: FakeAws = field(init=False)
    queue: FakeQueue = field(default_factory=FakeQueue)
    reachable: bool = True
    boots: bool = True
    now: str = ""  # the state that a walk is in
    unwatched: Callable[[], AbstractContextManager[object]] = nullcontext  # for calls that no program of ours makes
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
            self.queue.send(Task(work=work, first_at=self._clock()), 0)
        except (CloudBusy, Killed) as exc:  # 503 of the program, or 502 of its host
            raise FunctionUnreachable(f"https://causeway.azurewebsites.net answered 50x: {exc}") from exc
        return b""

    def cloudformation(self, request: urllib.request.Request, timeout: int) -> AbstractContextManager[object]:
        """What CloudFormation does with the answer of a custom resource."""
        assert isinstance(request.data, bytes)
        said = json.loads(request.data)
        if len(request.data) > custom_answers.MOST_BYTES:
            self.answered.append((custom_answers.TOO_LONG, {}))
        else:
            self.answered.append((said["Reason"] if said["Status"] == "FAILED" else None, said["Data"]))
        return nullcontext()

    def tick(self) -> None:
        """Azure ends its operations, the Function takes a turn, gateways boot and report."""
        self.arm.settle()
        self.refusing.settle()
        if self.queue.sent:
            self._take_turn(self.queue.receive())
        if self.boots:
            self._boot()

    def _take_turn(self, task: Task) -> None:
        """A message that was not dealt with is seen again: at once, or when its host is gone, after ten minutes."""
        try:
            turn.take(Edges(self.arm, self.aws, self.queue), task, self._clock())
        except CausewayError:
            with self.unwatched():
                self.queue.send(task, 0)
        except Killed:
            self.hidden.append(task)

    def _clock(self) -> datetime:
        """The Function's time, in which the delays of its queue have passed."""
        return datetime.now(UTC) + self.queue.waited

    def show_hidden(self) -> None:
        """Azure shows the messages of a dead host to the next one."""
        while self.hidden:
            with self.unwatched():
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
    """An event of the gateway's agent."""
    deliver(hear_gateway.handler, {"detail-type": kind, "detail": {"link": "prod", **detail}})


def deliver(handler: Callable[[dict[str, Any], object], object], event: dict[str, Any]) -> None:
    """Lambda tries an event three times, and then it is lost (Lambda developer guide, "Asynchronous invocation")."""
    for _ in range(3):
        with suppress(CausewayError, Killed):
            handler(event, Context())
            return


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
