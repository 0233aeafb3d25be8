"""Looks at links and does what link/remedy.py decides: starts a walk, tells a human, or nothing. The watch's own acts.

One look costs the same number of AWS calls for one link as for many, but by pages; a walk or a message costs its own.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from lambdas.clouds import alerts, aws, azure_samples, function, locks, memory, table, walks
from lambdas.settings import Settings
from link import escalation, examine, lock, plan, remedy
from link.errors import CausewayError
from link.facts import AzureFacts
from link.remedy import Action, Decision, Remedy
from link.steps import Wanted, Why

logger = Logger(service="causeway")

AT_ONCE = 16  # looks at the Azure side; each waits for its Function
PATIENCE_S = 20.0
AT_WORK = "a walk is at work on it, and another look follows it"


@dataclass(frozen=True)
class Outcome:
    """What became of the look at one link, for the log and for whom asked."""

    link: str
    action: Action
    reason: str
    because: str
    why: str
    walk: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a look was asked by, when, and where humans are told. `counts`: it also keeps Azure's counters."""

    trigger: str
    now: datetime
    topic: str
    counts: bool = False


def count(links: Sequence[Settings], azure: Sequence[AzureFacts | CausewayError], now: datetime) -> None:
    """Keeps Azure's counters for the cost mail. What cannot be kept is only missing there; no look fails by it."""
    found = {
        link.table: sample
        for link, there in zip(links, azure, strict=True)
        if isinstance(there, AzureFacts) and (sample := azure_samples.sample(there, now))
    }
    try:
        azure_samples.note(found)
    except CausewayError as exc:
        logger.warning("counters of Azure not kept", why=str(exc))


def look_at(links: Sequence[Settings], asked: Asked) -> list[Outcome]:
    """Looks at all of them. Raises CloudBusy or CloudRefused when AWS told nothing of any."""
    if not links:
        return []
    found = aws.look_at_all(links)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        azure = list(pool.map(_azure, links))
    if asked.counts:
        count(links, azure, asked.now)
    return [_one(link, found[link.deployment], there, asked) for link, there in zip(links, azure, strict=True)]


def _azure(link: Settings) -> AzureFacts | CausewayError:
    try:
        return function.look(link.spec.azure, plan.azure_ref(link.spec, link.deployed), PATIENCE_S)
    except CausewayError as exc:
        return exc


def _one(link: Settings, found: aws.Looked | CausewayError, azure: AzureFacts | CausewayError, asked: Asked) -> Outcome:
    name = link.spec.name
    if isinstance(found, CausewayError):
        return _said(Outcome(name, Action.WAIT, type(found).__name__, str(found), "unknown is not down"))
    known = found.remembered
    if known.holder and not lock.is_free(walks.ended_at(link.state_machine, known.holder), asked.now):
        return _said(Outcome(name, Action.WAIT, "WalkAtWork", known.holder, AT_WORK))
    seen = examine.Look(link.spec, link.deployed, found.aws, azure, known.reading, known.report)
    examined = examine.examine(seen, asked.now)
    decision = remedy.decide(examined, known.tried, known.pause, asked.now)
    walk = None
    if decision.remedy is None:
        _remember(link, decision, known)
    else:
        walk = _start(link, decision, examined.gateway, known, asked)
    _tell(link, decision, known, asked)
    trouble = decision.trouble
    reason, because = (trouble.reason, trouble.because) if trouble else ("Well", "nothing differs")
    return _said(Outcome(name, decision.action, reason, because, decision.why, walk))


def _start(
    link: Settings, decision: Decision, gateway: str | None, known: memory.Remembered, asked: Asked
) -> str | None:
    """Starts the walk, unless somebody was faster. Whoever has the lock is the only one who starts one."""
    walk = f"heal-{asked.now:%Y%m%dT%H%M%S%f}"
    locked = locks.inherit(link.table, walk, known.holder) if known.holder else locks.take_free(link.table, walk)
    trouble = decision.trouble
    if not locked or trouble is None:
        return None
    _remember(link, decision, known)
    if decision.remedy is Remedy.REPLACE_GATEWAY and gateway:
        table.condemn(link.table, gateway, f"{trouble.reason}: {trouble.because}")
    why = Why(trigger=asked.trigger, reason=trouble.reason, because=trouble.because)
    reset = decision.remedy is Remedy.RESET_CONNECTION
    walks.start(link.state_machine, walk, walks.document(link.spec.name, Wanted.UP, None, why, reset=reset))
    return walk


def _remember(link: Settings, decision: Decision, known: memory.Remembered) -> None:
    if decision.memory != known.tried:
        table.put_memory(link.table, decision.memory)


def _tell(link: Settings, decision: Decision, known: memory.Remembered, asked: Asked) -> None:
    """After the memory has it, so that a human may miss a message rather than get it with every look."""
    if decision.tell:
        alerts.tell(asked.topic, escalation.write(link.spec.name, decision, known.report, asked.now))
    if decision.recovered:
        alerts.tell(asked.topic, escalation.recovered(link.spec.name, decision.recovered, asked.now))


def _said(outcome: Outcome) -> Outcome:
    logger.info("link looked at", **{name: value for name, value in vars(outcome).items() if value is not None})
    return outcome
