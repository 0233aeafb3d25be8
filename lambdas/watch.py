"""Looks at links and does what link/remedy.py decides: starts a walk, alerts a person, or nothing.

Each link is observed, decided and acted on inside its own guard, as its look at Azure returns and within one budget.
One look costs the same number of AWS calls for one link as for many, but by pages; a walk or a message costs its own.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from lambdas import azure_looks
from lambdas.azure_looks import Asked, Seen
from lambdas.clouds import alerts, aws, azure_samples, locks, memory, registry, table, walks
from lambdas.clouds.errors import unless_refused
from lambdas.settings import Settings
from link import diagnosis, errors, flow, known, lock, notification, plan, remedy
from link.condition import Condition
from link.diagnosis import Diagnosis, Kind, Look, Problem
from link.facts import AzureFacts
from link.healing_state import HealingState, Remedy
from link.reading import Observation
from link.remedy import Action, Decision
from link.steps import Wanted, Why

logger = Logger(service="causeway")

FINDINGS_LAST = timedelta(hours=3)
AT_WORK = "a walk is at work on it, and another look follows it"


@dataclass(frozen=True)
class Outcome:
    """What became of the look at one link, for the log and for the caller."""

    link: str
    action: Action
    reason: str
    message: str
    why: str
    walk: str | None = None
    failed: bool = False


def look_at(links: Sequence[Settings], asked: Asked) -> list[Outcome]:
    """Looks at all of them. Raises CloudBusy or CloudRefused when AWS told nothing of any."""
    if not links:
        return []
    began = time.monotonic()
    found = aws.look_at_all(links)
    looked = {link.spec.name: (link, found[link.deployment]) for link in links}
    outcomes: dict[str, Outcome] = {}
    seen: dict[str, AzureFacts] = {}
    for name, there in azure_looks.observed(looked, asked, began):
        link, here = looked[name]
        if isinstance(there, Seen) and isinstance(there.azure, AzureFacts):
            seen[link.table] = there.azure
        outcomes[name] = _guarded(link, here, there, asked)
    if asked.counts:
        count(seen, asked.now)
    return [outcomes[link.spec.name] for link in links]


def count(seen: Mapping[str, AzureFacts], now: datetime) -> None:
    """Keeps Azure's counters for the cost mail. What cannot be kept is only missing there; no look fails by it."""
    found = {name: sample for name, there in seen.items() if (sample := azure_samples.sample(there, now))}
    try:
        failed = {name: str(why) for name, why in azure_samples.note(found).items()}
    except errors.CausewayError as exc:
        failed = dict.fromkeys(found, str(exc))
    for name, why in failed.items():
        logger.warning("counters of Azure not kept", table=name, why=why)


def _guarded(link: Settings, here: aws.Looked | errors.CloudRefused, there: Seen | Exception, asked: Asked) -> Outcome:
    """One link's trouble stays its own: whatever it raises is named, logged and alerted, and the next link follows."""
    name = link.spec.name
    try:
        if isinstance(here, errors.CloudRefused):
            raise here
        if isinstance(there, Exception):
            raise there
        return _said(_one(link, here, there, asked))
    except Exception as exc:
        logger.exception("a link could not be looked at", link=name)
        text = f"{type(exc).__name__}: {exc}"
        return _said(Outcome(name, Action.WAIT, "LinkNotLooked", text[:300], "unknown is not down", failed=True))


def _one(link: Settings, here: aws.Looked, there: Seen, asked: Asked) -> Outcome:
    name, remembered = link.spec.name, here.remembered
    _keep_seen(link, here, there, asked.now)
    if remembered.holder and not lock.is_free(walks.ended_at(link.state_machine, remembered.holder), asked.now):
        return Outcome(name, Action.WAIT, "WalkAtWork", remembered.holder, AT_WORK)
    healing = remembered.healing.model_copy(update={"flow": flow.follow(remembered.healing.flow, remembered.reading)})
    look = _without_old_findings(azure_looks.look(link, here, there), there, remembered, asked.now, healing)
    found = diagnosis.diagnose(look, asked.now)
    decision = remedy.decide(found, healing, remembered.pause, asked.now)
    walk = None
    if decision.remedy is None:
        _keep(link, decision.state, remembered.healing)
    else:
        walk = _start(link, decision, found, remembered, asked)
        if walk is None:
            return Outcome(name, Action.WAIT, "WalkAtWork", "another look was faster", AT_WORK)
    _alert(link, decision, remembered, asked)
    about = decision.about
    reason, message = (about.reason, about.text) if about else ("Well", "nothing differs")
    return Outcome(name, decision.action, reason, message, decision.why, walk)


def _without_old_findings(
    look: Look, there: Seen, remembered: memory.Remembered, now: datetime, healing: HealingState
) -> Look:
    old = there.findings is None and remembered.findings and now - remembered.findings.at > FINDINGS_LAST
    return Look(**{**vars(look), "found": () if old else look.found, "flow": healing.flow})


def _keep_seen(link: Settings, here: aws.Looked, there: Seen, now: datetime) -> None:
    """Keeps Azure as it was seen, and what the survey refused. A walk's permissions are tried by walks alone."""
    if isinstance(there.azure, AzureFacts):
        ref, kept = plan.azure_ref(link.spec, link.deployed), here.remembered.known
        new = known.of(there.azure, ref, now, known.usable(kept, ref))
        if new and known.is_due(kept, new):
            unless_refused(lambda: table.keep_known(link.table, new))
    if there.findings is not None:
        found = azure_looks.found(there, here.remembered)
        unless_refused(lambda: table.keep_findings(link.table, found, now))


def _start(
    link: Settings, decision: Decision, found: Diagnosis, remembered: memory.Remembered, asked: Asked
) -> str | None:
    """Starts the walk, unless another look was faster. Whoever has the lock is the only one who starts one."""
    walk, holder = f"heal-{asked.now:%Y%m%dT%H%M%S%f}", remembered.holder
    locked = locks.inherit(link.table, walk, holder) if holder else locks.take_free(link.table, walk)
    about = decision.about
    if not locked or about is None:
        return None
    _keep(link, decision.state, remembered.healing)
    if decision.remedy is Remedy.REPLACE_GATEWAY and found.gateway:
        table.condemn(link.table, found.gateway, about)
    why = Why(trigger=asked.trigger, reason=about.reason, subject=about.subject, message=about.message)
    reset = decision.remedy is Remedy.RESET_CONNECTION
    walks.start(link.state_machine, walk, walks.document(link.spec.name, Wanted.UP, None, why, reset=reset))
    return walk


def _keep(link: Settings, state: HealingState, before: HealingState) -> None:
    if state != before:
        table.keep_healing(link.table, state)


def _alert(link: Settings, decision: Decision, remembered: memory.Remembered, asked: Asked) -> None:
    """Publishes, then remembers: a message that could not be published is due again at the next look without a walk."""
    name, now = link.spec.name, asked.now
    try:
        if decision.alerts:
            alerts.tell(asked.topic, notification.write(name, decision, remembered.report, now))
        if decision.recovered:
            alerts.tell(asked.topic, notification.recovered(name, decision.recovered, now))
    except (errors.CloudBusy, errors.CloudRefused) as exc:
        logger.error("an alert could not be published", link=name, why=str(exc))
        return
    if decision.alerts or decision.recovered:
        table.keep_healing(link.table, remedy.published(decision, now))


def report_unlooked(outcomes: Sequence[Outcome], rows: registry.Rows, asked: Asked) -> None:
    """Alerts to links that could not be looked at. What was alerted is kept in the region's table, link by link."""
    found = {one.subject: Problem(one, Kind.SYMPTOM, Observation.UNKNOWN, needs_human=True) for one in rows.unreadable}
    for one in outcomes:
        if one.failed:
            failed = Condition(reason=one.reason, subject=one.link, message=one.message)
            found[one.link] = Problem(failed, Kind.SYMPTOM, Observation.UNKNOWN)
    decided = {
        name: remedy.decide(_alone(found.get(name)), rows.healing.get(name, HealingState()), None, asked.now)
        for name in sorted({*found, *rows.healing})
    }
    if alerted := [one for decision in decided.values() for one in decision.alerts]:
        alerts.tell(asked.topic, notification.of_region(alerted, asked.now))
    if over := [name for name, decision in decided.items() if decision.recovered]:
        alerts.tell(asked.topic, notification.looked_again(over, asked.now))
    states = {name: remedy.published(decision, asked.now) for name, decision in decided.items()}
    kept = {name: state for name, state in states.items() if state != HealingState()}
    if kept != rows.healing:
        registry.keep_healing(kept)


def _alone(problem: Problem | None) -> Diagnosis:
    return Diagnosis((problem,) if problem else ())


def _said(outcome: Outcome) -> Outcome:
    known = {name: value for name, value in vars(outcome).items() if value is not None}
    logger.info("link looked at", said=known.pop("message"), **known)
    return outcome
