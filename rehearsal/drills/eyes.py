"""How a drill sees: whether the link is whole, what has been done about it, and whether it has come to rest."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError
from botocore.exceptions import BotoCoreError, ClientError

from rehearsal import checks, clients, inside, places, timeline, traffic, world
from rehearsal.drills import outcome, scene, whole
from rehearsal.drills.drill import Drill
from rehearsal.drills.scene import Scene

MACHINE = f"arn:aws:states:{places.REGION}:{places.ACCOUNT}:stateMachine:{{}}"
POLL_S = 1.0
# A look that fails is a fault of the moment: what is looked at is being replaced, or AWS throttles everybody.
UNSEEN = (AzureError, BotoCoreError, ClientError, inside.Unreachable, LookupError)


class NotWhole(Exception):
    """The link did not come to rest; the message says what was wrong with it last."""


def faults(drill: Drill, before: Scene) -> list[str]:
    """All that is wrong now, the machine first, where things last for the shortest time."""
    return [*_said(lambda: drill.more(before)), *of_link(before.link, drill)]


def of_link(link: world.Link, drill: Drill | None = None) -> list[str]:
    """What is not as a customer expects in either cloud, and counts in the drill."""
    found = _said(lambda: whole.faults(scene.look(link)))
    return [one for one in found if drill is None or drill.counts(one)]


def _said(look: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return list(look())
    except UNSEEN as exc:
        return [f"could not look: {exc}"]


def executions(link: world.Link) -> Iterator[dict[str, Any]]:
    """The walks of the link, newest first, with input and output as values."""
    steps, arn = clients.aws("stepfunctions"), MACHINE.format(link.stack)
    for one in steps.list_executions(stateMachineArn=arn)["executions"]:
        found = steps.describe_execution(executionArn=one["executionArn"])
        yield {
            **found,
            "input": json.loads(found["input"]),
            "output": json.loads(found.get("output") or "{}"),
        }


def executions_since(link: world.Link, at: float) -> list[str]:
    """The ARNs of the walks since then, newest first."""
    since = itertools.takewhile(lambda one: one["startDate"].timestamp() >= at, executions(link))
    return [str(one["executionArn"]) for one in since]


def remedies(link: world.Link, broke_at: float) -> tuple[outcome.Remedy, ...]:
    """The walks since the break, with what they wrote to Azure."""
    since = itertools.takewhile(lambda one: one["startDate"].timestamp() >= broke_at, executions(link))
    written = azure_writes()
    walks = [outcome.walk(one, written) for one in since]
    return tuple(one for one in walks if one is not None)


def azure_writes() -> list[dict[str, Any]]:
    """The ARM server's operations that have ended, oldest first."""
    return [json.loads(line) for line in timeline.OPERATIONS.read_text().splitlines()]


def writes_since(known: int) -> list[str]:
    """What was written to Azure after so many operations, as method and resource."""
    return [f"{one['op']} {one['resource']}" for one in azure_writes()[known:]]


def helped(link: world.Link) -> dict[str, Any]:
    """The newest remedy of the agent's own, its time in seconds; empty when there was none."""
    item = checks.item(link, "helped")
    return {**item, "at": datetime.fromisoformat(item["at"]).timestamp()} if item else {}


def forget(link: world.Link) -> None:
    """What was tried before no longer counts, as when half an hour has passed (link/remedy.py)."""
    clients.aws("dynamodb").delete_item(TableName=checks.table(link), Key={"id": {"S": "remedies"}})


def is_walking(link: world.Link) -> bool:
    return bool(next(executions(link))["status"] == "RUNNING")


def settle(link: world.Link, within_s: float, drill: Drill | None = None) -> Scene:
    """Returns when nothing is wrong that counts in the drill, no walk runs and pings pass. Raises NotWhole."""
    deadline = time.monotonic() + within_s
    while True:
        wrong = of_link(link, drill)
        wrong += ["a walk runs"] if is_walking(link) else []
        if not wrong and (answered := traffic.ping(*link.directions[0])) < 5:
            wrong = [f"{answered} of 5 pings were answered"]
        if not wrong:
            return scene.look(link)
        if time.monotonic() > deadline:
            raise NotWhole("; ".join(wrong))
        time.sleep(POLL_S)
