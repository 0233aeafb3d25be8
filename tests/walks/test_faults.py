"""Whatever becomes of one call of a walk, the walk ends converged or rolled back: nothing orphaned, nothing twice.

`make test` proves a spread of the cases, `make prove` every one.
"""

import json
import os
import re
import traceback
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdas.clouds import aws, dry_run, locks, survey, table
from lambdas.handlers import answer_for_walk
from rehearsal import listings
from tests.stacks import machines
from tests.walks import clouds as both
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.forks import Forks
from tests.walks.runner import Runner, StateFailed
from tests.walks.wire import Call, Case, Fault, Wire, tap

EVERY = int(os.environ.get("PROVE_EVERY", "80"))  # of so many cases, one is run
JOBS = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count() or 1
# What EC2 makes up: ids, client tokens, keys, hardware addresses and times.
GENERATED = re.compile(
    r"\b(i|eni|vol|r|eipassoc|eni-attach|sgr|rtbassoc|iip-assoc)-[0-9a-f]{8,}|[0-9a-f]{64}"
    r"|\w{8}(-\w{4}){3}-\w{12}|(\w\w:){5}\w\w|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d+:Z]*"
)
# Of the walk itself, and of the gateway's life: no part of what a walk makes.
OF_THE_WALK = ("report", "reading", "boot#", "lock", "looks")
WELL = "well"
Walk = tuple[Clouds, str]


@pytest.fixture
def launch(clouds: Clouds) -> Walk:
    return clouds, "up"


@pytest.fixture
def change(established: Clouds, monkeypatch: pytest.MonkeyPatch) -> Walk:
    runner.change(established, monkeypatch, instance_type="t3.medium")
    return established, "up"


@pytest.fixture
def heal(established: Clouds) -> Walk:
    (gateway,) = aws.gateways(established.settings)
    boto3.client("ec2").terminate_instances(InstanceIds=[gateway.id])
    return established, "up"


@pytest.fixture
def down(established: Clouds) -> Walk:
    return established, "down"


def _everything(clouds: Clouds, known: str) -> listings.Listing:
    """Both clouds and the link's table, with one name for each kind of thing that was made since `known`."""
    items = both.client("dynamodb").scan(TableName="link")["Items"]
    kept = {item["id"]["S"]: json.dumps(item) for item in items if not item["id"]["S"].startswith(OF_THE_WALK)}
    everything = {**clouds.listing(), "table": kept}

    def named(text: str) -> str:
        return GENERATED.sub(lambda id: id[0] if id[0] in known and id[1] else f"{id[1]}-new", text)

    return {kind: {named(id): named(text) for id, text in entries.items()} for kind, entries in everything.items()}


def _launched(known: str) -> int:
    reservations = both.client("ec2").describe_instances()["Reservations"]
    return sum(1 for one in reservations for found in one["Instances"] if found["InstanceId"] not in known)


def _run(clouds: Clouds, wanted: str, name: str) -> tuple[str, str]:
    start = runner.document(wanted)
    try:
        ended = Runner(clouds, name).run(start)
    except StateFailed as failed:
        clouds.stepfunctions.running[name], clouds.now = datetime.now(UTC), "no state"
        # As EventBridge tells it of an execution that ended before it could say how.
        detail = {"status": "FAILED", "error": failed.error, "cause": failed.cause, "input": json.dumps(start)}
        both.deliver(answer_for_walk.handler, {"detail": detail})
        return "UNCAUGHT", f"{failed.error}: {failed.cause}"
    return ended.status, ended.cause


@dataclass
class Proof:
    """One walk, and what is known of it: the world before, and how it ends without a fault."""

    clouds: Clouds
    wanted: str
    wire: Wire
    known: str
    before: listings.Listing
    well: listings.Listing = field(default_factory=dict)
    case: Case | None = None

    def end_well(self) -> str:
        """The walk without a fault, and then another one, which changes nothing. Returns what it leaves, as JSON."""
        first, second = self._walk("walk-1"), self._walk("walk-2")
        assert first[:2] == second[:2] == ("SUCCEEDED", "")
        assert first[2] == second[2]
        return json.dumps(first[2])

    def end(self) -> str:
        """The walk, and what is wrong with how it ended."""
        status, cause, left = self._walk("walk-1")
        # A healing walk that fails has no old gateway to give the link back to: it leaves it with the new one.
        rolled_back = self._lasting(left) in (self._lasting(self.before), self._lasting(self.well))
        wrong = []
        if status != "SUCCEEDED" and not self._lasts():
            wrong.append(f"{status}: {cause}")
        if status == "FAILED" and not rolled_back and "Left: " not in cause:
            wrong.append(f"not rolled back ({cause}): {_differences(self._lasting(self.before), self._lasting(left))}")
        if status == "SUCCEEDED" and left != self.well and "RetireGateway" not in self._warnings():
            wrong.append(f"not converged: {_differences(self.well, left)}")
        with self.wire.quiet():
            wrong += self._traces(status)
        if left != self.well:
            wrong += self._next(status)
        return "; ".join(wrong) or WELL

    def _walk(self, name: str) -> tuple[str, str, listings.Listing]:
        status, cause = _run(self.clouds, self.wanted, name)
        with self.wire.quiet():
            return status, cause, _everything(self.clouds, self.known)

    def _lasting(self, found: listings.Listing) -> listings.Listing:
        """What would outlive a stack that is rolled back. Its table goes with it, and at its end its security group."""
        records = {id: text for id, text in found["table"].items() if id == table.ROUTES and '"own"' in text}
        groups = dict(found["ec2 SecurityGroups"])
        if self.wanted == "down":
            del groups[self.clouds.settings.security_group]
        return {**found, "table": records, "ec2 SecurityGroups": groups}

    def _lasts(self) -> bool:
        """One that passes is no reason to give up."""
        return self.case is not None and self.case.fault is Fault.LASTING

    def _warnings(self) -> str:
        return " ".join(data.get("Warnings", "") for _, data in self.clouds.answered)

    def _traces(self, status: str) -> list[str]:
        wrong, launched = [], _launched(self.known)
        if locks.holder("link") is not None and status != "UNCAUGHT":
            wrong.append("the lock was kept")
        if launched > 1:
            wrong.append(f"launched {launched} instances")
        # CloudFormation takes the first answer.
        if (self.clouds.answered[0][0] is None) != (status == "SUCCEEDED"):
            wrong.append(f"CloudFormation was told {self.clouds.answered}")
        return wrong

    def _next(self, status: str) -> list[str]:
        """What the next walk, which meets no fault, does not mend."""
        if status == "UNCAUGHT":
            self.clouds.stepfunctions.age("walk-1", 61)
        with self.wire.quiet():
            status, cause, left = self._walk("walk-2")
        return [] if left == self.well else [f"the next walk {status} {cause}: {_differences(self.well, left)}"]


def _differences(one: dict[str, Any], other: dict[str, Any]) -> str:
    """The lines of the listing, each from where they part."""
    short = []
    for line in listings.differences(one, other):
        head, was, rest = line.partition(" was ")
        old, _, new = rest.partition(", is ")
        same = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
        short.append(
            f"{head} ...{old[max(same - 60, 0) : same + 60]}... is ...{new[max(same - 60, 0) : same + 60]}..."
            if was
            else line
        )
    return "; ".join(short)


@pytest.mark.parametrize("name", ["launch", "change", "heal", "down"])
def test_whatever_becomes_of_one_call_the_walk_ends_well_or_leaves_no_trace(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds, wanted = request.getfixturevalue(name)
    machines.states()
    one_after_another(monkeypatch)
    forks, wire = Forks(JOBS), Wire(state=lambda: clouds.now)
    known = json.dumps(clouds.listing()) + json.dumps(both.client("ec2").describe_instances(), default=str)
    proof = Proof(clouds, wanted, wire, known, _everything(clouds, known))
    tap(clouds, wire, monkeypatch)
    if forks.fork("well"):
        forks.say(_said(proof.end_well))
    forks.join()
    proof.well = json.loads(forks.said.pop("well"))

    def meets(call: Call, faults: list[Fault]) -> Fault | None:
        for case in [Case(call, fault) for fault in faults]:
            chosen = proof.case is None and zlib.crc32(f"{name} {case}".encode()) % EVERY == 0
            if chosen and forks.fork(str(case)):
                proof.case = case
                return case.fault
        return None

    wire.meets = meets
    said = _said(proof.end)
    if forks.child:
        forks.say(said)
    forks.join()
    wrong = [
        f"{case or 'no fault'}: {text or 'died'}" for case, text in {**forks.said, "": said}.items() if text != WELL
    ]
    if reporter := request.config.pluginmanager.get_plugin("terminalreporter"):
        reporter.write_line(f"{name}: {len(wire.calls)} calls, {len(forks.said)} cases, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


def _said(do: Callable[[], str]) -> str:
    try:
        return do()
    except BaseException:  # noqa: BLE001  # a child has no other way to tell
        return traceback.format_exc()


def one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preflight's calls side by side would be in no order, and a thread cannot fork."""
    for module in (survey, dry_run):
        monkeypatch.setattr(module, "ThreadPoolExecutor", AtOnce)


class AtOnce(Executor):
    """Does each thing when it is asked for."""

    def __init__(self, max_workers: int = 1) -> None:
        pass

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001  # as every executor does
            done.set_exception(exc)
        return done
