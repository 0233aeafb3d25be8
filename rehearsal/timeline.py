"""Where a walk's time went: the states with their seconds, and three sums (machine boot, ARM, everything else).

Reads Step Functions' history and the ARM server's log of operations; writes timeline.json and the table on screen.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rehearsal import clients, places

BOOT_STATE = "WaitForBoot"
WALKS = places.STATE / "walks"
OPERATIONS = places.ARM_STATE / "operations.jsonl"
Span = tuple[float, float]
Visit = tuple[str, float, float]  # of a state: name, start, end


@dataclass(frozen=True)
class State:
    """One visit of a state. `arm_s` of it were ARM operations; `longest_s` is the longest stretch without."""

    name: str
    started: str
    seconds: float
    arm_s: float
    longest_s: float
    waited_for: str


@dataclass(frozen=True)
class Timeline:
    """A walk from start to end."""

    walk: str
    states: tuple[State, ...]
    total_s: float
    boot_s: float
    arm_s: float

    @property
    def other_s(self) -> float:
        return round(self.total_s - self.boot_s - self.arm_s, 2)


def keep(walk: str, events: list[dict[str, Any]]) -> None:
    """Writes a history to a file, since a destroyed stack takes it along; `walk` is state machine, dot, execution."""
    WALKS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(events, default=lambda value: value.isoformat(), indent=1)
    (WALKS / f"{walk}.json").write_text(text)


def kept() -> set[str]:
    """The names of the walks that have a file."""
    return {path.stem for path in WALKS.glob("*.json")}


def saved() -> list[Timeline]:
    """The walks whose histories were kept, in the order in which they began."""
    histories = [(path.stem, json.loads(path.read_text())) for path in WALKS.glob("*.json")]
    for _, events in histories:
        for event in events:
            event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    begun = sorted((one for one in histories if one[1]), key=lambda one: str(one[1][0]["timestamp"]))
    return [measure(name, events, operations(name.partition(".")[0])) for name, events in begun]


def history(execution: str) -> list[dict[str, Any]]:
    """All events of an execution, oldest first."""
    pages = clients.aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]


def operations(name: str) -> list[Span]:
    """When the ARM server's long-running operations on a link's resources were under way, overlaps merged."""
    lines = OPERATIONS.read_text().splitlines() if OPERATIONS.exists() else []
    own = [line for line in map(json.loads, lines) if line.get("ended") and line["resource"].endswith(f"/{name}")]
    merged: list[Span] = []
    for one in sorted((line["started"], line["ended"]) for line in own):
        if merged and one[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], one[1]))
        else:
            merged.append(one)
    return merged


def visits(events: list[dict[str, Any]]) -> list[Visit]:
    """Each visit of a state; a state that was left by a failure ends with the execution."""
    found: list[Visit] = []
    open_since: dict[str, float] = {}
    for event in events:
        at = event["timestamp"].timestamp()
        if entered := event.get("stateEnteredEventDetails"):
            open_since[entered["name"]] = at
        elif (left := event.get("stateExitedEventDetails")) and left["name"] in open_since:
            found.append((left["name"], open_since.pop(left["name"]), at))
    last = events[-1]["timestamp"].timestamp() if events else 0.0
    return found + [(name, since, last) for name, since in open_since.items()]


def measure(walk: str, events: list[dict[str, Any]], arm: list[Span]) -> Timeline:
    """The timeline of one execution."""
    states = tuple(_state(name, start, end, arm) for name, start, end in visits(events))
    total = events[-1]["timestamp"].timestamp() - events[0]["timestamp"].timestamp()
    boot_s = sum(state.seconds for state in states if state.name == BOOT_STATE)
    arm_s = sum(state.arm_s for state in states if state.name != BOOT_STATE)
    return Timeline(walk, states, round(total, 2), round(boot_s, 2), round(arm_s, 2))


def _state(name: str, start: float, end: float, arm: list[Span]) -> State:
    inside = [(max(start, since), min(end, to)) for since, to in arm if since < end and to > start]
    arm_s = sum(to - since for since, to in inside)
    edges = [start, *(moment for span in inside for moment in span), end]
    longest = max(to - since for since, to in zip(edges[::2], edges[1::2], strict=True))
    waited_for = "machine boot" if name == BOOT_STATE else "ARM operation" if inside else "our own work"
    return State(name, _clock(start), round(end - start, 2), round(arm_s, 2), round(longest, 2), waited_for)


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def slow(timeline: Timeline, limit_s: float) -> list[State]:
    """The states in which longer than this neither the machine booted nor an ARM operation was under way."""
    return [one for one in timeline.states if one.name != BOOT_STATE and one.longest_s > limit_s]


def table(timeline: Timeline) -> str:
    """The timeline as a person reads it."""
    rows = [
        f"  {one.started[11:23]}  {one.name:<20} {one.seconds:>7.2f} s  {one.waited_for}"
        + (f" ({one.arm_s:.2f} s)" if one.arm_s else "")
        for one in timeline.states
    ]
    sums = (
        f"  boot {timeline.boot_s:.1f} s, ARM {timeline.arm_s:.1f} s, everything else {timeline.other_s:.1f} s, "
        f"together {timeline.total_s:.1f} s"
    )
    return "\n".join([f"the walk {timeline.walk}", *rows, sums])


def save(timelines: list[Timeline]) -> None:
    """Writes timeline.json."""
    walks = [{**asdict(one), "other_s": one.other_s} for one in timelines]
    places.TIMELINE.write_text(json.dumps({"walks": walks}, indent=2))
