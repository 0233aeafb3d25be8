"""Runs the synthesised state machine in this process: its own states, the real handlers, moto, and an Azure in memory.

Only what the machine uses of Amazon States Language is understood; anything else raises KeyError. Waits take no time.
"""

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas import settings
from link.errors import CloudRefused
from link.spec import LinkSpec
from link.steps import State
from tests.lambdas.test_walk import Context
from tests.stacks import machines
from tests.walks.clouds import Clouds, Killed

TURNS = 40  # of the Function, after which a task that is not answered counts as one that never will be
IDLE = 2  # of them are given to a gateway that boots while the Function has nothing to do
TRIES = 2  # of one state: what has not changed by then does not change without a clock
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


@dataclass
class Outcome:
    """How a walk ended, and the states that it went through."""

    status: str
    document: dict[str, Any]
    way: list[str]
    error: str = ""
    cause: str = ""


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


def change(clouds: Clouds, monkeypatch: pytest.MonkeyPatch, **declared: str | None) -> None:
    """What `cdk deploy` does before the walk: the functions get the new link. A dotted name would be no keyword."""
    names = {
        "instance_type": "aws.instance_type",
        "image": "aws.image",
        "probe": "probe.address",
        "policy": "policy.pfs_group",
    }
    document = clouds.settings.spec.model_dump(mode="json")
    for name, value in declared.items():
        part, key = names[name].split(".")
        document[part] = {**(document[part] or {}), key: value}
    spec = LinkSpec.model_validate(document)
    clouds.settings = clouds.settings.model_copy(update={"spec": spec})
    monkeypatch.setenv("CAUSEWAY_SPEC", spec.model_dump_json())
    settings.load.cache_clear()
