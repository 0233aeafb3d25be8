"""Looks beyond AWS for many links at once: at each link's Azure side, and what preflight's survey would refuse.

Each link is handed on as its own look returns, or when its time is over, so that none waits for another's Function.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from lambdas.clouds import aws, function, memory, survey
from lambdas.settings import Settings
from link import diagnosis, errors, known, plan, preflight
from link.diagnosis import Look
from link.facts import AzureFacts, Facts
from link.finding import Finding

logger = Logger(service="causeway")

AT_ONCE = 32  # looks at the Azure side; each waits for its Function
AT_ONCE_A_FUNCTION = 4
PATIENCE_S = 20.0
# A link whose AWS side differs by what is known of Azure does not wait longer than this for Azure.
URGENT_S = 3.0
BUDGET_S = 45.0
# A Function that has not answered so often in a row is asked for one link a tick, until it answers.
BROKEN_AFTER = 3

# What Azure has answered while the survey still runs.
early: dict[str, "Seen"] = {}
# How often each Function has not answered in a row, as long as this process lives.
unanswered: dict[str, int] = {}


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


def observed(
    looked: Mapping[str, tuple[Settings, aws.Looked | errors.CloudRefused]], asked: Asked, began: float
) -> Iterator[tuple[str, Seen | Exception]]:
    """Each link once, with what was seen or what the look raised. `began` is `time.monotonic()` at the tick's start."""
    visible = {name: (link, here) for name, (link, here) in looked.items() if isinstance(here, aws.Looked)}
    pool = ThreadPoolExecutor(AT_ONCE)
    early.clear()
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
                    yield name, early.get(name) or _late(visible[name][0], ends[name] - began)
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
    return Seen(
        errors.FunctionUnreachable(
            f"{link.spec.azure.function_url} did not answer, or was not asked, within {after_s:.0f} s"
        )
    )


def _deadline(link: Settings, here: aws.Looked, asked: Asked, began: float) -> float:
    """When the link is decided without Azure. A link that only Azure's side can be wrong with has more time."""
    try:
        urgent = not asked.surveys and diagnosis.urgent(look(link, here, Seen(errors.FunctionUnreachable())))
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
        if broken:  # another link each minute: one that is refused alone must not stand for all
            queue.rotate(-(asked.now.minute % len(queue)))
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
    except Exception as exc:  # whatever it is, nothing was seen of Azure, and AWS's side heals without
        logger.exception("a look at Azure has failed", link=link.spec.name)
        azure = errors.FunctionUnreachable(f"looking at {url} failed: {type(exc).__name__}: {exc}")
        unanswered[url] = unanswered.get(url, 0) + 1
    surveyed = asked.surveys or (asked.scheduled and _is_own_minute(link.spec.name, asked.now))
    if not surveyed or not isinstance(azure, AzureFacts):
        return Seen(azure)
    early[link.spec.name] = Seen(azure)
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


def look(link: Settings, here: aws.Looked, there: Seen) -> Look:
    """All that the link's diagnosis has to go by."""
    remembered = here.remembered
    return Look(
        spec=link.spec,
        deployed=link.deployed,
        aws=here.aws,
        azure=there.azure,
        reading=remembered.reading,
        report=remembered.report,
        known=remembered.known,
        found=found(there, remembered),
        flow=remembered.healing.flow,
    )


def found(there: Seen, remembered: memory.Remembered) -> tuple[Finding, ...]:
    """What the newest survey refused. The watch's own tries no permission, so what a walk has found of them stands."""
    before = remembered.findings.findings if remembered.findings else ()
    if there.findings is None:
        return before
    return preflight.bounded((*there.findings, *(one for one in before if one.reason == "MissingPermission")))
