"""Every call that a walk makes of a cloud passes here: it is written down, and one of them meets a fault.

The calls are those that the program makes, as it makes them; nothing lists them beforehand. A fault stands for what is
left of one after the library's own attempts, or for the end of the process at that call.
"""

import functools
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from azure_functions import edges
from lambdas.clouds import function, walks, watching
from link.errors import CloudBusy, FunctionUnreachable
from tests.walks.clouds import Clouds, Killed

# What names a call that has no effect; it can meet no fault "after its effect".
LOOKS = re.compile(r"\.(Describe|Get|List|Scan|Query|BatchGet|find_|read_|describe_|look)")
MADE = re.compile(r"\b(?:i|eni|eipassoc)-[0-9a-f]{8,}")
NOT_FOUND = {
    "i": "InvalidInstanceID.NotFound",
    "eni": "InvalidNetworkInterfaceID.NotFound",
    "eipassoc": "InvalidAssociationID.NotFound",
}


class Fault(StrEnum):
    """What can become of one call."""

    THROTTLED = "throttled"
    BROKEN = "500"
    RESET = "reset before the effect"
    RESET_AFTER = "reset after the effect"
    REPEATED = "sent again by the library after a reset"
    UNSEEN = "not found yet"
    KILLED = "killed before the effect"
    KILLED_AFTER = "killed after the effect"
    LASTING = "throttled until the state ends"


@dataclass(frozen=True)
class Call:
    """One call: its number in the walk, the state that made it, and its service and operation."""

    number: int
    state: str
    name: str

    @property
    def looks(self) -> bool:
        """It has no effect."""
        return LOOKS.search(self.name) is not None


@dataclass(frozen=True)
class Case:
    """One call that meets one fault."""

    call: Call
    fault: Fault

    def __str__(self) -> str:
        return f"{self.call.number} {self.call.state} {self.call.name} {self.fault}"


Raised = Callable[[Fault, str], Exception]


def _refusal(code: str, status: int, name: str) -> Exception:
    answer: Any = {"Error": {"Code": code, "Message": "the test"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, name.partition(".")[2])


def _of_aws(fault: Fault, name: str) -> Exception:
    match fault:
        case Fault.THROTTLED | Fault.LASTING:
            return _refusal("ThrottlingException", 400, name)
        case Fault.BROKEN:
            return _refusal("InternalError", 500, name)
        case Fault.RESET:
            return EndpointConnectionError(endpoint_url="https://aws.example")
        case _:
            return ConnectionClosedError(endpoint_url="https://aws.example")


def _of_translated(fault: Fault, name: str) -> Exception:
    """As the Function's edges translate it (tests/azure_functions/test_arm.py, test_aws.py), and lambdas/clouds."""
    return CloudBusy(f"{name}: {fault}")


def _of_function(fault: Fault, name: str) -> Exception:
    """As lambdas/clouds/function.py translates it (tests/lambdas/test_answers.py)."""
    return FunctionUnreachable(f"{name}: {fault}")


def _of_http(fault: Fault, name: str) -> Exception:
    return ConnectionResetError(f"{name}: {fault}")


@dataclass
class Wire:
    """`meets` is asked at each call for the faults that it could meet, and answers with the one that it does."""

    meets: Callable[[Call, list[Fault]], Fault | None] = lambda call, faults: None
    calls: list[Call] = field(default_factory=list)
    state: Callable[[], str] = lambda: ""
    _quiet: int = 0
    _lasting: tuple[str, str] | None = None
    _last: dict[str, Any] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Calls that nothing of ours makes."""
        self._quiet += 1
        yield
        self._quiet -= 1

    def passes[T](self, name: str, do: Callable[[], T], raised: Raised, given: object) -> T:
        """One call. `given` are its arguments."""
        if self._quiet:
            return do()
        call = Call(len(self.calls), self.state(), name)
        self.calls.append(call)
        if self._lasting == (call.state, name):
            raise raised(Fault.LASTING, name)
        text = json.dumps(given, sort_keys=True, default=str)
        return self._looks(call, do, raised, text) if call.looks else self._acts(call, do, raised, text)

    def _looks[T](self, call: Call, do: Callable[[], T], raised: Raised, given: str) -> T:
        """An eventually consistent look answers what it answered last time."""
        answer, key = do(), f"{call.name} {given}"
        old = self._last.get(key, answer)
        self._last[key] = answer
        faults = [Fault.THROTTLED, Fault.BROKEN, Fault.RESET, Fault.KILLED, Fault.LASTING]
        if '"ConsistentRead": true' not in given and _plain(old) != _plain(answer):
            faults.append(Fault.UNSEEN)
        match self.meets(call, faults):
            case None:
                return answer
            case Fault.UNSEEN:
                return old  # type: ignore[no-any-return]
            case fault:
                raise self._error(call, fault, raised)

    def _acts[T](self, call: Call, do: Callable[[], T], raised: Raised, given: str) -> T:
        ids = MADE.findall(given) if call.name.startswith("ec2.") else ()
        unseen = next((NOT_FOUND[id.split("-")[0]] for id in ids if id in self._made), None)
        faults = [fault for fault in Fault if fault is not Fault.UNSEEN or unseen]
        fault = self.meets(call, faults)
        match fault:
            case None:
                answer = do()
            case Fault.REPEATED:
                do()
                answer = do()
            case Fault.RESET_AFTER | Fault.KILLED_AFTER:
                do()
                raise self._error(call, fault, raised)
            case Fault.UNSEEN:
                raise _refusal(unseen or "", 400, call.name)
            case _:
                raise self._error(call, fault, raised)
        self._made |= set(MADE.findall(json.dumps(answer, default=str)))
        return answer

    def _error(self, call: Call, fault: Fault, raised: Raised) -> BaseException:
        if fault in (Fault.KILLED, Fault.KILLED_AFTER):
            return Killed(str(call))
        if fault is Fault.LASTING:
            self._lasting = (call.state, call.name)
        return raised(fault, call.name)


def _plain(answer: Any) -> Any:
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"} if isinstance(answer, dict) else answer


class Tapped:
    """An edge of the Function, or a client that no library has, whose calls pass over the wire."""

    def __init__(self, wire: Wire, name: str, real: Any, raised: Raised, methods: set[str]) -> None:
        self._wire, self._name, self._real, self._raised, self._methods = wire, name, real, raised, methods

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name not in self._methods:
            return real

        @functools.wraps(real)
        def passing(*args: Any, **given: Any) -> Any:
            do = lambda: real(*args, **given)  # noqa: E731
            return self._wire.passes(f"{self._name}.{name}", do, self._raised, (args, given))

        return passing

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            setattr(self._real, name, value)


def _public(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def tap(clouds: Clouds, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way out of the program leads over the wire."""
    call, post, put = vars(BaseClient)["_make_api_call"], clouds.post, clouds.cloudformation

    def api_call(client: Any, operation: str, given: dict[str, Any]) -> Any:
        name = f"{client.meta.service_model.service_name}.{operation}"
        return wire.passes(name, lambda: call(client, operation, given), _of_aws, given)

    def posted(side: object, path: str, body: str, *patience: float) -> bytes:
        name = f"function.{path.rpartition('/')[2]}"
        return wire.passes(name, lambda: post(side, path, body), _of_function, body)

    def answered(request: Any, timeout: int) -> Any:
        return wire.passes("cloudformation.answer", lambda: put(request, timeout), _of_http, request.full_url)

    steps = {name for name in vars(type(clouds.stepfunctions)) if "_execution" in name or name.startswith("send_")}
    stepfunctions = Tapped(wire, "stepfunctions", clouds.stepfunctions, _of_aws, steps)
    monkeypatch.setattr(BaseClient, "_make_api_call", api_call)
    monkeypatch.setattr(function, "_post", posted)
    monkeypatch.setattr(urllib.request, "urlopen", answered)
    monkeypatch.setattr(walks, "_stepfunctions", lambda: stepfunctions)
    ask = watching.ask
    monkeypatch.setattr(
        watching,
        "ask",
        lambda link, why: wire.passes("lambda.Invoke", lambda: ask(link, why), _of_translated, (link, why)),
    )
    clouds.unwatched = wire.quiet
    clouds.arm = Tapped(wire, "arm", clouds.arm, _of_translated, _public(edges.ArmEdge))  # type: ignore[assignment]
    clouds.aws = Tapped(wire, "function's aws", clouds.aws, _of_translated, _public(edges.AwsEdge))  # type: ignore[assignment]
    clouds.queue = Tapped(wire, "queue", clouds.queue, _of_translated, _public(edges.QueueEdge))  # type: ignore[assignment]
