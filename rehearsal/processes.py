"""Starts a rehearsal's long-running programs and ends exactly those: a pid alone may have been given to somebody else.

Each program leads a session of its own, so that Ctrl-C does not reach it and its children can be ended with it.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rehearsal import places

POLL_S = 0.1
_children: dict[str, subprocess.Popen[bytes]] = {}  # those of this process, which must take their exit status


class NotReady(Exception):
    """A program ended, or did not get ready in time; the message holds the end of its log."""


def _pid_file(name: str) -> Path:
    return places.RUN / f"{name}.pid"


def _log(name: str) -> Path:
    return places.LOGS / f"{name}.log"


def _identity(pid: int) -> str:
    """When this process started; empty when there is none. Tells a process from a later one with its pid."""
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = said.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def tail(name: str, lines: int = 15) -> str:
    """The end of a program's log."""
    return "\n".join(_log(name).read_text(errors="replace").splitlines()[-lines:]) if _log(name).exists() else ""


def start(name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Starts a program in the background and remembers it."""
    places.RUN.mkdir(parents=True, exist_ok=True)
    places.LOGS.mkdir(parents=True, exist_ok=True)
    with _log(name).open("ab") as log:
        child = subprocess.Popen(
            command, env=dict(environment), cwd=places.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    _children[name] = child
    _pid_file(name).write_text(json.dumps({"pid": child.pid, "started": _identity(child.pid)}))


def running(name: str) -> int | None:
    """The pid of a program that we started and that still runs."""
    if child := _children.get(name):
        child.poll()
    try:
        remembered = json.loads(_pid_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    pid = int(remembered["pid"])
    return pid if remembered["started"] and _identity(pid) == remembered["started"] else None


def wait_ready(name: str, ready: Callable[[], bool], timeout_s: float) -> None:
    """Returns when the program is ready; raises NotReady with its last words otherwise."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if running(name) is None:
            raise NotReady(f"{name} ended before it was ready:\n{tail(name)}")
        if time.monotonic() > deadline:
            raise NotReady(f"{name} was not ready after {timeout_s:.0f} s:\n{tail(name)}")
        time.sleep(POLL_S)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def stop(name: str, grace_s: float = 15) -> bool:
    """Ends a program and the children in its session's first group; whether there was one."""
    pid = running(name)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while running(name) is not None and time.monotonic() < deadline:
            time.sleep(POLL_S)
        _signal(pid, signal.SIGKILL)
        if child := _children.pop(name, None):
            child.wait()
    _pid_file(name).unlink(missing_ok=True)
    return pid is not None


def remembered() -> list[str]:
    """The names of the programs that have a pid file."""
    return sorted(path.stem for path in places.RUN.glob("*.pid"))
