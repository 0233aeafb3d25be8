"""Runs the real CDK command line on the project's own app, with the rehearsed links in place of the declared ones.

While it runs, the walk's states are shown as they begin; their history is kept, since a destroyed stack takes it along.
"""

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal import clients, places, progress, timeline, world

CDK = [str(places.VENV_PYTHON.parent / "node"), str(places.ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk")]
LOOK_EVERY_S = 1.0
ROUTINE_EVERY_S = 5.0
_ROUTINE = re.compile(r"(CREATE|UPDATE|DELETE)_(IN_PROGRESS|COMPLETE)")


class CdkFailed(Exception):
    """The CDK command line ended with an error; what it printed is above."""


def prepare(links: list[dict[str, Any]]) -> None:
    """Writes the cdk.json of the rehearsal: the project's own with these links, a cost mail, paths from elsewhere."""
    declared = json.loads((places.ROOT / "cdk.json").read_text())
    declared["app"] = f"{places.VENV_PYTHON} {places.ROOT / 'app.py'}"
    declared["context"] |= {"links": links, "cost_mail": world.COST_MAIL}
    places.CDK.mkdir(parents=True, exist_ok=True)
    (places.CDK / "cdk.json").write_text(json.dumps(declared, indent=2))


def declared() -> list[dict[str, Any]]:
    """The links as they are declared now."""
    found: list[dict[str, Any]] = json.loads((places.CDK / "cdk.json").read_text())["context"]["links"]
    return found


def bootstrap() -> None:
    """`cdk bootstrap`, as once in each account and region."""
    _cdk("bootstrap", f"aws://{places.ACCOUNT}/{places.REGION}", folder=places.STATE)  # without an app to synthesize


def deploy() -> None:
    """`cdk deploy`: returns when all links are verified, raises CdkFailed when one is not."""
    _cdk("deploy", *_at_once(), "--require-approval", "never", "--progress", "events")


def destroy(*stacks: str) -> None:
    """`cdk destroy`: returns when nothing of these links is left, or of any link when none is named."""
    _cdk("destroy", *(stacks or _at_once()), "--force", "--app", "cdk.out")  # what was deployed


def _at_once() -> list[str]:
    """The options by which the make targets name all stacks."""
    found = re.search(r"^AT_ONCE := (.*)$", (places.ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    return found[1].split()


def environment() -> dict[str, str]:
    """What the customer's administrator runs commands with."""
    return {
        **clients.aws_environment(),
        "AWS_ACCESS_KEY_ID": places.ROOT_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": places.ROOT_SECRET_KEY,
        "CDK_HOME": str(places.STATE / "tmp" / "cdk"),
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(places.TOOLS / "cache" / "jsii"),
        "PYTHONPATH": str(places.ROOT),
        "CI": "true",  # all of its output on one stream
    }


def _cdk(*arguments: str, folder: Path = places.CDK) -> None:
    command = [*CDK, *arguments, "--no-notices", "--no-color"]
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    reader = threading.Thread(target=_stream, args=(child.stdout,), daemon=True)
    reader.start()
    watcher = Watcher(progress.say)
    try:
        while child.poll() is None:
            watcher.look()
            time.sleep(LOOK_EVERY_S)
        watcher.look()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(timeout=10)
        reader.join(timeout=5)
    if child.returncode != 0:
        raise CdkFailed(f"cdk {arguments[0]} ended with {child.returncode}")


def _stream(output: IO[str]) -> None:
    """All of it goes to the log; of the many lines that say a resource is being made, a few a minute are shown."""
    shown_at = 0.0
    with (places.LOGS / "cdk.log").open("a") as log:
        for line in output:
            log.write(line)
            routine = _ROUTINE.search(line) and time.monotonic() - shown_at < ROUTINE_EVERY_S
            if line.strip() and not routine:
                progress.say(f"  | {line.rstrip()[:200]}")
                shown_at = time.monotonic()


class Watcher:
    """Follows the walks of the rehearsed links. Their histories are kept in files, one an execution."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._ended = timeline.kept()
        self._shown: dict[str, int] = {}

    def look(self) -> None:
        """One look at every walk that has not ended."""
        try:
            for name, machine in _machines().items():
                listed = clients.aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
                for execution in reversed(listed):
                    walk = f"{name}.{execution['name']}"
                    if walk not in self._ended:
                        self._follow(name, walk, execution)
        except (BotoCoreError, ClientError):
            return  # deleted between two calls, or not there yet: the next look tells

    def _follow(self, name: str, walk: str, execution: dict[str, Any]) -> None:
        arn = execution["executionArn"]
        events = timeline.history(arn)
        if arn not in self._shown and execution["status"] != "RUNNING":  # before anybody looked: kept, and not shown
            timeline.keep(walk, events)
            self._ended.add(walk)
            return
        for event in events[self._shown.get(arn, 0) :]:
            if entered := event.get("stateEnteredEventDetails"):
                self._say(f"  {name}: {entered['name']}")
        self._shown[arn] = len(events)
        timeline.keep(walk, events)
        if execution["status"] != "RUNNING":
            self._ended.add(walk)
            self._say(f"  {name}: the walk has {execution['status'].lower()}")


def _machines() -> dict[str, str]:
    """The links' state machines, by their names."""
    machines = clients.aws("stepfunctions").list_state_machines()["stateMachines"]
    return {one["name"]: one["stateMachineArn"] for one in machines}
