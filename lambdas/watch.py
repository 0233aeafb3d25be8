"""Looks at links and does what link/remedy.py decides: starts a walk, alerts a person, or nothing.

Each link is observed, decided and acted on inside its own guard, as its look at Azure returns and within one budget.
One look costs the same number of AWS calls for one link as for many, but by pages; a walk or a message costs its own.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from lambdas.clouds import alerts, aws, azure_samples, function, locks, memory, registry, survey, table, walks
from lambdas.settings import Settings
from link import diagnosis, errors, flow, known, lock, notification, plan, preflight, remedy
from link.condition import Condition
from link.diagnosis import Diagnosis, Kind, Look, Problem
from link.facts import AzureFacts, Facts
from link.finding import Finding
from link.reading import Observation
from link.remedy import Action, Decision, HealingState, Remedy
from link.steps import Wanted, Why

logger = Logger(service="causeway")

AT_ONCE = 32  # looks at the Azure side; each waits for its Function
AT_ONCE_A_FUNCTION = 4
PATIENCE_S = 20.0
# A link whose AWS side differs by what is known of Azure does not wait longer than this for Azure.
URGENT_S = 3.0
BUDGET_S = 45.0
# A Function that has not answered so often in a row is asked for one link a tick, until it answers.
BROKEN_AFTER = 3
FINDINGS_LAST = timedelta(hours=3)
AT_WORK = "a walk is at work on it, and another look follows it"

# How often each Function has not answered in a row, as long as this process lives.
unanswered: dict[str, int] = {}


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


@dataclass(frozen=True)
class Asked:
    """What a look was asked by, when, and where people are alerted.

    `counts`: it also keeps Azure's counters. `surveys`: and what preflight's survey refuses, which a look by the
    schedule (`scheduled`) keeps of each link once an hour.
    """

    trigger: str
    now: datetime
    topic: str
    counts: bool = False
    surveys: bool = False
    scheduled: bool = False


@dataclass(frozen=True)
class Seen:
    """What was seen of a link beside AWS. `findings` None: no survey was made."""

    azure: AzureFacts | errors.CausewayError
    findings: tuple[Finding, ...] | None = None


def look_at(links: Sequence[Settings], asked: Asked) -> list[Outcome]:
    """Looks at all of them. Raises CloudBusy or CloudRefused when AWS told nothing of any."""
    if not links:
        return []
    began = time.monotonic()
    found = aws.look_at_all(links)
    looked = {link.spec.name: (link, found[link.deployment]) for link in links}
    outcomes: dict[str, Outcome] = {}
    seen: dict[str, AzureFacts] = {}
    for name, there in _observed(looked, asked, began):
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


def _observed(
    looked: Mapping[str, tuple[Settings, aws.Looked | errors.CloudRefused]], asked: Asked, began: float
) -> Iterator[tuple[str, Seen | Exception]]:
    """Each link once, as what is beyond AWS returns, or when its time is over."""
    visible = {name: (link, here) for name, (link, here) in looked.items() if isinstance(here, aws.Looked)}
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        waiting = _asked_of_functions(pool, visible, asked)
        for name in looked.keys() - visible.keys():
            yield name, Seen(errors.FunctionUnreachable("it was not asked: AWS did not show the link"))
        by_name = {name: future for future, name in waiting.items()}
        ends = {name: _deadline(*visible[name], asked, began) for name in by_name}
        while by_name:
            now = time.monotonic()
            done, _ = wait(by_name.values(), max(0.0, min(ends[name] for name in by_name) - now), FIRST_COMPLETED)
            late = [name for name in by_name if ends[name] <= time.monotonic()]
            for name in dict.fromkeys([*(waiting[future] for future in done), *late]):
                future = by_name.pop(name)
                if not future.done():
                    yield name, _late(visible[name][0], ends[name] - began)
                else:
                    yield name, _raised(future) or future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _raised(future: Future[Seen]) -> Exception | None:
    exc = future.exception()
    if exc is not None and not isinstance(exc, Exception):
        raise exc
    return exc


def _late(link: Settings, after_s: float) -> Seen:
    return Seen(errors.FunctionUnreachable(f"{link.spec.azure.function_url} did not answer within {after_s:.0f} s"))


def _deadline(link: Settings, here: aws.Looked, asked: Asked, began: float) -> float:
    """When the link is decided without Azure. A link that only Azure's side can be wrong with has more time."""
    try:
        urgent = not asked.surveys and diagnosis.urgent(_look(link, here, Seen(errors.FunctionUnreachable())))
    except Exception:  # noqa: BLE001  # the link's own guard meets the same and reports it
        urgent = False
    return min(time.monotonic() + (URGENT_S if urgent else PATIENCE_S + 1), began + BUDGET_S)


def _asked_of_functions(
    pool: ThreadPoolExecutor, visible: Mapping[str, tuple[Settings, aws.Looked]], asked: Asked
) -> dict[Future[Seen], str]:
    """A future for each link. The links of one Function share a few threads, so that one which hangs delays few."""
    futures: dict[Future[Seen], str] = {}
    queues: dict[str, deque[tuple[Settings, aws.Looked, Future[Seen]]]] = {}
    for name, (link, here) in visible.items():
        future: Future[Seen] = Future()
        futures[future] = name
        queues.setdefault(str(link.spec.azure.function_url), deque()).append((link, here, future))
    # Those that answered last come first, so that no number of silent ones takes all threads from them.
    for url, queue in sorted(queues.items(), key=lambda one: unanswered.get(one[0], 0)):
        broken = unanswered.get(url, 0) >= BROKEN_AFTER
        for _ in range(1 if broken else min(AT_ONCE_A_FUNCTION, len(queue))):
            pool.submit(_drain, url, queue, asked)
    return futures


def _drain(url: str, queue: deque[tuple[Settings, aws.Looked, Future[Seen]]], asked: Asked) -> None:
    asked_one = False
    while queue:
        try:
            link, here, future = queue.popleft()
        except IndexError:
            return
        times = unanswered.get(url, 0)
        if asked_one and times >= BROKEN_AFTER:
            future.set_result(Seen(errors.FunctionUnreachable(f"{url} has not answered {times} times in a row")))
            continue
        asked_one = True
        try:
            future.set_result(_see(link, here, asked))
        except BaseException as exc:  # noqa: BLE001  # it is raised where the result is read, in the link's guard
            future.set_exception(exc)


def _see(link: Settings, here: aws.Looked, asked: Asked) -> Seen:
    url = str(link.spec.azure.function_url)
    try:
        azure: AzureFacts | errors.CausewayError = function.look(
            link.spec.azure, plan.azure_ref(link.spec, link.deployed), PATIENCE_S
        )
        unanswered[url] = 0
    except errors.CausewayError as exc:
        azure = exc
        unanswered[url] = unanswered.get(url, 0) + 1 if isinstance(exc, errors.FunctionUnreachable) else 0
    except ValueError as exc:  # pydantic's: an answer of another version of the Function, or of another program
        azure = errors.FunctionUnreachable(f"{url} gave an answer that cannot be read: {str(exc)[:300]}")
    surveyed = asked.surveys or (asked.scheduled and _is_own_minute(link.spec.name, asked.now))
    if not surveyed or not isinstance(azure, AzureFacts):
        return Seen(azure)
    return Seen(azure, _surveyed(link, here, azure))


def _surveyed(link: Settings, here: aws.Looked, azure: AzureFacts) -> tuple[Finding, ...] | None:
    """What preflight would refuse now; None when it could not be asked, which stops no look."""
    kept = known.usable(here.remembered.known, plan.azure_ref(link.spec, link.deployed))
    facts = Facts(aws=here.aws, azure=known.completed(azure, kept))
    try:
        return preflight.refusals(preflight.checks(link.spec, facts, survey.look(link.spec)))
    except Exception:  # the survey only foretells what a walk would meet
        logger.exception("a link could not be surveyed", link=link.spec.name)
        return None


def _is_own_minute(name: str, now: datetime) -> bool:
    """Each link is surveyed once an hour, not all at the same time."""
    return sum(name.encode()) % 60 == now.minute


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


def _look(link: Settings, here: aws.Looked, there: Seen) -> Look:
    remembered = here.remembered
    found = there.findings if there.findings is not None else ()
    if there.findings is None and remembered.findings:
        found = remembered.findings.findings
    return Look(
        spec=link.spec,
        deployed=link.deployed,
        aws=here.aws,
        azure=there.azure,
        reading=remembered.reading,
        report=remembered.report,
        known=remembered.known,
        found=found,
        flow=remembered.healing.flow,
    )


def _one(link: Settings, here: aws.Looked, there: Seen, asked: Asked) -> Outcome:
    name, remembered = link.spec.name, here.remembered
    _keep_seen(link, here, there, asked.now)
    if remembered.holder and not lock.is_free(walks.ended_at(link.state_machine, remembered.holder), asked.now):
        return Outcome(name, Action.WAIT, "WalkAtWork", remembered.holder, AT_WORK)
    healing = remembered.healing.model_copy(update={"flow": flow.follow(remembered.healing.flow, remembered.reading)})
    look = _without_old_findings(_look(link, here, there), there, remembered, asked.now, healing)
    found = diagnosis.diagnose(look, asked.now)
    decision = remedy.decide(found, healing, remembered.pause, asked.now)
    walk = None
    if decision.remedy is None:
        _keep(link, decision.state, remembered.healing)
    else:
        walk = _start(link, decision, found, remembered, asked)
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
        new = known.of(there.azure, plan.azure_ref(link.spec, link.deployed), now)
        if new and known.is_due(here.remembered.known, new):
            table.keep_known(link.table, new)
    if there.findings is not None:
        before = here.remembered.findings.findings if here.remembered.findings else ()
        denied = tuple(one for one in before if one.reason == "MissingPermission")
        table.keep_findings(link.table, (*there.findings, *denied), now)


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
    """Publishes, then remembers: a message that could not be published is due again at the next look."""
    name, now = link.spec.name, asked.now
    if decision.alerts:
        alerts.tell(asked.topic, notification.write(name, decision, remembered.report, now))
    if decision.recovered:
        alerts.tell(asked.topic, notification.recovered(name, decision.recovered, now))
    if decision.alerts or decision.recovered:
        table.keep_healing(link.table, remedy.published(decision, now))


def report_unlooked(outcomes: Sequence[Outcome], rows: registry.Rows, asked: Asked) -> None:
    """Alerts to links that could not be looked at. What was alerted is kept in the region's table."""
    failed = [Condition(reason=one.reason, subject=one.link, message=one.message) for one in outcomes if one.failed]
    problems = [Problem(one, Kind.SYMPTOM, Observation.UNKNOWN, needs_human=True) for one in rows.unreadable]
    problems += [Problem(one, Kind.SYMPTOM, Observation.UNKNOWN) for one in failed]
    decision = remedy.decide(Diagnosis(tuple(problems)), rows.healing, None, asked.now)
    if decision.alerts:
        alerts.tell(asked.topic, notification.of_region(decision.alerts, asked.now))
    if decision.recovered:
        about = " ".join(dict.fromkeys(subject for _, subject in decision.recovered))
        alerts.tell(asked.topic, notification.recovered(about, decision.recovered, asked.now))
    state = remedy.published(decision, asked.now)
    if state != rows.healing:
        registry.keep_healing(state)


def _said(outcome: Outcome) -> Outcome:
    known = {name: value for name, value in vars(outcome).items() if value is not None}
    logger.info("link looked at", said=known.pop("message"), **known)
    return outcome
