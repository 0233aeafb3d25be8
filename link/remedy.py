"""Decides what a look at a link leads to: nothing, waiting, a walk, or an alert. Pure; lambdas/watch.py acts on it.

The smallest remedy comes first: what the gateway's agent does by itself needs no decision here; a difference is ended
by a walk; only a link that is as wanted and yet down has remedy steps. Every remedy has pauses and a cap, counted by
the reason and the subject of a condition and never by its text. What is unknown leads to no remedy at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from link.condition import Condition, Key
from link.diagnosis import Diagnosis, Kind, Problem
from link.healing_state import Attempt, HealingState, Notification, Pause, Remedy
from link.reading import Observation


@dataclass(frozen=True)
class RemedyStep:
    """A remedy, how long the problem must have been there, and how often it may be begun until the link is well."""

    remedy: Remedy
    after: timedelta
    cap: int


# Between the starts of one remedy for one condition. After the last, a person has been alerted, and it goes on slowly.
PAUSES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
SLOW = timedelta(minutes=30)
CAP = len(PAUSES)
# Whatever the conditions are, a link gets no more walks in an hour.
MOST_WALKS_AN_HOUR = 12
HOUR = timedelta(hours=1)
# Attempts for a problem that is over count for so long: one that comes back at once is no new one.
FORGET = timedelta(minutes=30)
ALERT_AFTER = timedelta(minutes=5)
ALERT_AGAIN = timedelta(hours=24)
# What comes and goes is over only when it has been absent for so long.
OVER_AFTER = timedelta(minutes=5)
MOST_ALERTS_AN_HOUR = 12
# Attempts and notifications that a link remembers: its item stays small, whatever its problems are.
MOST_KEPT = 100

_RESET = RemedyStep(Remedy.RESET_CONNECTION, timedelta(minutes=5), cap=1)
_REPLACE_LATE = RemedyStep(Remedy.REPLACE_GATEWAY, timedelta(minutes=15), cap=1)
# The agent reports every minute; half a minute more is its way (verdict.FRESH), and then it has missed another.
_REPLACE_SILENT = RemedyStep(Remedy.REPLACE_GATEWAY, timedelta(minutes=1), cap=2)
REMEDY_STEPS: dict[str, tuple[RemedyStep, ...]] = {
    "TunnelDown": (_RESET, _REPLACE_LATE),
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
    """`about` is the condition that it is about, None when the link is well. `state` is kept for the next look.

    `alerts` are the conditions to alert a person to, `recovered` those that a person was alerted to and that are over.
    Both count in the state only once they are published: see `published`.
    """

    action: Action
    state: HealingState
    why: str
    about: Condition | None = None
    remedy: Remedy | None = None
    alerts: tuple[Condition, ...] = ()
    recovered: tuple[Key, ...] = field(default=())


def decide(diagnosis: Diagnosis, known: HealingState, pause: Pause | None, now: datetime) -> Decision:
    """What this look leads to."""
    state = _remembered(known, diagnosis, now)
    remedy, about, why = _remedy(diagnosis, state, now)
    if remedy is not None and pause is not None and now < pause.until:
        remedy, why = None, f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why}"
    due = (*_exhausted(state, now), *(one.condition for one in diagnosis.problems if _must_alert(one, state, now)))
    alerts = due[: max(0, MOST_ALERTS_AN_HOUR - len(state.alerts))]
    recovered = _recovered(diagnosis, state, now)
    if remedy is None or about is None:
        action = Action.WAIT if _unwell(diagnosis) else Action.NOTHING
        return Decision(action, state, why, about, None, alerts, recovered)
    return Decision(Action.REMEDY, _begun(state, diagnosis, about, remedy, now), why, about, remedy, alerts, recovered)


def published(decision: Decision, now: datetime) -> HealingState:
    """The state once all alerts of the decision are published. What could not be published is due again."""
    over = {*decision.recovered, *(one.key for one in decision.alerts)}
    kept = [one for one in decision.state.notified if one.key not in over]
    made = [Notification(reason=one.reason, subject=one.subject, at=now) for one in decision.alerts]
    times = (*decision.state.alerts, *(now for _ in made))
    return decision.state.model_copy(update={"notified": (*kept, *made), "alerts": times})


def _unwell(diagnosis: Diagnosis) -> list[Problem]:
    """Findings only stand in the way of their own steps: a link with nothing else is well."""
    return [problem for problem in diagnosis.problems if problem.kind is not Kind.FINDING]


def _remembered(known: HealingState, diagnosis: Diagnosis, now: datetime) -> HealingState:
    """Forgets problems that are over: at once since when they were there, and after a while what was tried."""
    unwell = _unwell(diagnosis)
    states = {problem.state for problem in unwell}
    # A time to come is of a clock that was set back since, and would silence everything until then.
    before = {state: min(at, now) for state, at in known.since.items()}
    since = {**dict.fromkeys(states, now), **before} if unwell else {}
    if states == {Observation.UP}:
        since = {Observation.UP: since[Observation.UP]}  # it works, so the next time that it is down begins anew
    here = {problem.condition.key for problem in diagnosis.problems}
    reasons = {problem.condition.reason for problem in unwell}
    attempts = [
        one.model_copy(update={"last_at": min(one.last_at, now)})
        for one in known.attempts
        if now - one.last_at < FORGET
        or (one.reason, one.subject) in here
        or (not one.subject and one.reason in reasons)
    ]
    walks = [min(at, now) for at in known.walks if now - at < HOUR]
    notified = [_seen_again(one, now) if one.key in here else _absent(one, now) for one in known.notified]
    return HealingState(
        attempts=tuple(attempts[-MOST_KEPT:]),
        since=since,
        notified=tuple(notified[-MOST_KEPT:]),
        walks=tuple(walks),
        alerts=tuple(min(at, now) for at in known.alerts if now - at < HOUR),
        flow=known.flow if unwell else None,
    )


def _seen_again(one: Notification, now: datetime) -> Notification:
    return one.model_copy(update={"at": min(one.at, now), "absent_since": None})


def _absent(one: Notification, now: datetime) -> Notification:
    since = min(one.absent_since, now) if one.absent_since else now
    return one.model_copy(update={"at": min(one.at, now), "absent_since": since})


def _begun(state: HealingState, diagnosis: Diagnosis, about: Condition, remedy: Remedy, now: datetime) -> HealingState:
    """The state once the remedy has been begun. A walk is for all that differs."""
    walked = remedy is Remedy.WALK
    conditions = [one.condition for one in diagnosis.of(Kind.DIFFERENCE)] if walked else [about]
    attempts = {one.key: one for one in state.attempts}
    for one in conditions:
        key = (one.reason, one.subject if walked else "", remedy)
        times = attempts[key].times if key in attempts else 0
        attempts[key] = Attempt(reason=key[0], subject=key[1], remedy=remedy, times=times + 1, last_at=now)
    return state.model_copy(update={"attempts": tuple(attempts.values()), "walks": (*state.walks, now)})


def _attempt(state: HealingState, condition: Condition, remedy: Remedy) -> Attempt | None:
    """A difference is known by reason and subject; what has remedy steps, by its reason."""
    subject = condition.subject if remedy is Remedy.WALK else ""
    return next((one for one in state.attempts if one.key == (condition.reason, subject, remedy)), None)


def _times(state: HealingState, condition: Condition, remedy: Remedy) -> int:
    attempt = _attempt(state, condition, remedy)
    return attempt.times if attempt else 0


def _remedy(diagnosis: Diagnosis, state: HealingState, now: datetime) -> tuple[Remedy | None, Condition | None, str]:
    """The remedy that is due now, what it is about, and why it is, or why none is."""
    unwell = _unwell(diagnosis)
    if not unwell:
        return None, None, "the link is as wanted"
    if len(state.walks) >= MOST_WALKS_AN_HOUR:
        return None, unwell[0].condition, f"{len(state.walks)} walks were started within an hour"
    differences = [one.condition for one in diagnosis.of(Kind.DIFFERENCE)]
    due = [one for one in differences if not _too_soon(state, one, Remedy.WALK, now)]
    if due:
        return Remedy.WALK, due[0], "it differs from what is wanted"
    if differences:
        times = _times(state, differences[0], Remedy.WALK)
        return None, differences[0], f"tried {times} times, the next time is later"
    return _climb(unwell, state, now, azure_known=diagnosis.azure_known)


def _climb(
    unwell: list[Problem], state: HealingState, now: datetime, *, azure_known: bool
) -> tuple[Remedy | None, Condition | None, str]:
    """The next remedy step of a link that is as wanted and yet not well."""
    first = unwell[0]
    if first.state is Observation.UNKNOWN:
        return None, first.condition, "unknown is not down"
    if first.state is Observation.UP:
        return None, first.condition, "the link works, and no remedy is worth an interruption"
    lasted = now - state.since[first.state]
    for step in REMEDY_STEPS.get(first.condition.reason, ()):
        if step.remedy is Remedy.RESET_CONNECTION and not azure_known:
            continue  # it is Azure's to do
        if lasted < step.after:
            return None, first.condition, f"{step.remedy} is due when it has lasted {step.after}"
        fresh = _times(state, first.condition, step.remedy) < step.cap
        if fresh and not _too_soon(state, first.condition, step.remedy, now):
            return step.remedy, first.condition, f"it has lasted {lasted}"
    return None, first.condition, "everything that could be tried has been"


def _too_soon(state: HealingState, condition: Condition, remedy: Remedy, now: datetime) -> bool:
    attempt = _attempt(state, condition, remedy)
    if attempt is None:
        return False
    pause = PAUSES[attempt.times] if attempt.times < CAP else SLOW
    return now - attempt.last_at < pause


def _must_alert(problem: Problem, state: HealingState, now: datetime) -> bool:
    """Alert at once if no remedy exists, otherwise when it lasts or was tried too often."""
    if _is_notified(state, problem.condition, now):
        return False
    if problem.kind is Kind.DIFFERENCE:
        return _times(state, problem.condition, Remedy.WALK) >= (1 if problem.needs_human else CAP)
    return problem.needs_human or now - state.since[problem.state] >= ALERT_AFTER


def _is_notified(state: HealingState, condition: Condition, now: datetime) -> bool:
    last = next((one.at for one in state.notified if one.key == condition.key), None)
    return last is not None and now - last < ALERT_AGAIN


def _exhausted(state: HealingState, now: datetime) -> tuple[Condition, ...]:
    """Problems that are others at each look have no attempts in common; what they share is the number of walks."""
    message = f"{len(state.walks)} walks were started within an hour, and no more are until the oldest is an hour ago"
    condition = Condition(reason="TooManyWalks", message=message)
    return (condition,) if len(state.walks) >= MOST_WALKS_AN_HOUR and not _is_notified(state, condition, now) else ()


def _recovered(diagnosis: Diagnosis, state: HealingState, now: datetime) -> tuple[Key, ...]:
    """The alerted conditions that are over. They are reported once the link is well."""
    if _unwell(diagnosis):
        return ()
    return tuple(one.key for one in state.notified if one.absent_since and now - one.absent_since >= OVER_AFTER)


def tried(state: HealingState) -> Iterator[str]:
    """What was tried, the oldest first, a line each."""
    for one in sorted(state.attempts, key=lambda attempt: attempt.last_at):
        about = " ".join(filter(None, (one.reason, one.subject)))
        yield f"{one.remedy} for {about}, {one.times} time(s), last at {one.last_at:%Y-%m-%d %H:%M:%S}"
