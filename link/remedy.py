"""Decides what a look at a link leads to: nothing, waiting, a walk, or a human. Pure; lambdas/watch.py acts on it.

The smallest remedy comes first: what the gateway's agent does by itself needs no decision here; a difference is mended
by a walk; only a link that is as wanted and yet down has a ladder. Every remedy has pauses and a cap, so that nothing
is done again and again, and what is unknown leads to no remedy at all.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from link.examine import Found, Trouble
from link.reading import Observation
from link.record import Record


class Remedy(StrEnum):
    """What a look can lead to. Walk is the plan for what differs; the others are parts of a walk, asked for by name."""

    WALK = "Walk"
    RESET_CONNECTION = "ResetConnection"
    REPLACE_GATEWAY = "ReplaceGateway"


class Pause(Record):
    """Maintenance: until then the link is looked at, and nothing is changed."""

    until: datetime
    why: str


class Tried(Record):
    """How often a remedy was begun for one trouble, and when last."""

    remedy: Remedy
    times: int
    last_at: datetime


class Memory(Record):
    """What the next look must know.

    `since`: when trouble of this state was first seen since the link was last well. By state and not by reason: a link
    that is down shows it by one reason now and by another a minute later. `told`: when a human was told of a reason.
    """

    tried: dict[str, Tried] = {}
    since: dict[Observation, datetime] = {}
    told: dict[str, datetime] = {}


@dataclass(frozen=True)
class Rung:
    """A remedy, how long the trouble must have been there, and how often it may be begun until the link is well."""

    remedy: Remedy
    after: timedelta
    cap: int


# Between the starts of one remedy for one trouble. After the last, a human has been told, and it goes on slowly.
PAUSES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
SLOW = timedelta(minutes=30)
CAP = len(PAUSES)
# Attempts for a trouble that is over count for so long: one that comes back at once is no new one.
FORGET = timedelta(minutes=30)
TELL_AFTER = timedelta(minutes=5)
TELL_AGAIN = timedelta(hours=24)

_RESET = Rung(Remedy.RESET_CONNECTION, timedelta(minutes=5), cap=1)
_REPLACE_LATE = Rung(Remedy.REPLACE_GATEWAY, timedelta(minutes=15), cap=1)
# The agent reports every minute; half a minute more is its way (verdict.FRESH), and then it has missed another.
_REPLACE_SILENT = Rung(Remedy.REPLACE_GATEWAY, timedelta(minutes=1), cap=2)
LADDERS: dict[str, tuple[Rung, ...]] = {
    "TunnelDown": (_RESET, _REPLACE_LATE),
    "AzureNotConnected": (_RESET, _REPLACE_LATE),
    "ProbeUnanswered": (_RESET, _REPLACE_LATE),
    "ConfigurationPending": (_REPLACE_LATE,),
    # Silent, and Azure says that no tunnel stands. Silent alone is unknown, and unknown is not down.
    "GatewayDead": (_REPLACE_SILENT,),
}


class Action(StrEnum):
    """What the look leads to."""

    NOTHING = "nothing"
    WAIT = "wait"
    REMEDY = "remedy"


@dataclass(frozen=True)
class Decision:
    """`trouble` is what it is about, None when the link is well. `memory` is to be kept for the next look.

    `tell`: a human must know of it. `recovered`: reasons that a human was told of and that are over.
    """

    action: Action
    memory: Memory
    why: str
    trouble: Trouble | None = None
    remedy: Remedy | None = None
    tell: bool = False
    recovered: tuple[str, ...] = field(default=())


def decide(found: Found, memory: Memory, pause: Pause | None, now: datetime) -> Decision:
    """What this look leads to."""
    trouble = found.trouble
    memory = _remembered(memory, trouble, now)
    if trouble is None:
        recovered = tuple(memory.told)
        return Decision(
            Action.NOTHING, memory.model_copy(update={"told": {}}), "the link is as wanted", recovered=recovered
        )
    remedy, why = _remedy(trouble, memory, now)
    if pause is not None and now < pause.until:
        remedy, why = None, f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why}"
    tell = _must_tell(trouble, memory, remedy, now)
    if tell:
        memory = memory.model_copy(update={"told": {**memory.told, trouble.reason: now}})
    if remedy is None:
        return Decision(Action.WAIT, memory, why, trouble, tell=tell)
    return Decision(Action.REMEDY, begun(memory, trouble, remedy, now), why, trouble, remedy, tell)


def _remembered(memory: Memory, trouble: Trouble | None, now: datetime) -> Memory:
    """Forgets troubles that are over: at once since when they were there, and after a while what was tried."""
    since = {trouble.state: now, **memory.since} if trouble else {}
    if trouble and trouble.state is Observation.UP:
        since = {Observation.UP: since[Observation.UP]}  # it works, so the next time that it is down begins anew
    tried = {
        key: one
        for key, one in memory.tried.items()
        if now - one.last_at < FORGET or (trouble and key.startswith(trouble.reason))
    }
    return memory.model_copy(update={"since": since, "tried": tried})


def begun(memory: Memory, trouble: Trouble, remedy: Remedy, now: datetime) -> Memory:
    """The memory once the remedy has been begun."""
    key = _key(trouble, remedy)
    times = memory.tried[key].times if key in memory.tried else 0
    return memory.model_copy(
        update={"tried": {**memory.tried, key: Tried(remedy=remedy, times=times + 1, last_at=now)}}
    )


def _key(trouble: Trouble, remedy: Remedy) -> str:
    """A difference is one trouble by what differs; what has a ladder, by the rung."""
    return trouble.key if remedy is Remedy.WALK else f"{trouble.reason}/{remedy}"


def _times(memory: Memory, trouble: Trouble, remedy: Remedy) -> int:
    tried = memory.tried.get(_key(trouble, remedy))
    return tried.times if tried else 0


def _remedy(trouble: Trouble, memory: Memory, now: datetime) -> tuple[Remedy | None, str]:
    """The remedy that is due now, and why it is, or why none is."""
    if trouble.differs:
        return _walk(trouble, memory, now)
    if trouble.state is Observation.UNKNOWN:
        return None, "unknown is not down"
    if trouble.state is Observation.UP:
        return None, "the link works, and no remedy is worth an interruption"
    lasted = now - memory.since[trouble.state]
    for rung in LADDERS.get(trouble.reason, ()):
        if lasted < rung.after:
            return None, f"{rung.remedy} is due when it has lasted {rung.after}"
        if _times(memory, trouble, rung.remedy) < rung.cap and not _too_soon(memory, trouble, rung.remedy, now):
            return rung.remedy, f"it has lasted {lasted}"
    return None, "everything that could be tried has been"


def _walk(trouble: Trouble, memory: Memory, now: datetime) -> tuple[Remedy | None, str]:
    if _too_soon(memory, trouble, Remedy.WALK, now):
        return None, f"tried {_times(memory, trouble, Remedy.WALK)} times, the next time is later"
    return Remedy.WALK, "it differs from what is wanted"


def _too_soon(memory: Memory, trouble: Trouble, remedy: Remedy, now: datetime) -> bool:
    tried = memory.tried.get(_key(trouble, remedy))
    if tried is None:
        return False
    pause = PAUSES[tried.times] if tried.times < CAP else SLOW
    return now - tried.last_at < pause


def _must_tell(trouble: Trouble, memory: Memory, remedy: Remedy | None, now: datetime) -> bool:
    """A human is told of what only a human can mend at once, of all else when it lasts or was tried too often.

    A walk that was refused may have been about something else, so this difference is tried once before.
    """
    told = memory.told.get(trouble.reason)
    if told is not None and now - told < TELL_AGAIN:
        return False
    if trouble.differs:
        return _times(memory, trouble, Remedy.WALK) >= (1 if trouble.needs_human else CAP)
    return trouble.needs_human or now - memory.since[trouble.state] >= TELL_AFTER
