"""One turn of a task: look, begin the first step that is still needed, and come again; or answer the state machine.

A turn depends on what it sees, never on what an earlier turn did, so a message that is delivered twice and a
restart in the middle change nothing. A task that nobody waits for any more ends silently.
"""

import logging
import math
from datetime import datetime, timedelta

from azure_functions import look
from azure_functions.edges import Edges
from azure_functions.task import Task
from link import azure_plan, errors
from link.steps import Step

logger = logging.getLogger(__name__)

LIMIT = timedelta(minutes=45)  # a walk ends within 50 minutes, failed or not
ATTEMPTS = 3  # how often one reason may begin a step before Azure's answer counts as final
# Before one reason begins its step again: what was written may not be seen at once, even when its operation has ended
# (github.com/Azure/azure-rest-api-specs issue 10148), and what failed may fail again a second later.
AGAIN = timedelta(seconds=20)
SOON_S, LATER_S, BUSY_S = 1, 5, 10
LONGEST_S = 60  # the state machine wants a sign of life every two minutes
SOON_LOOKS = 120  # then Azure is slow today, and every look costs some of the subscription's reads


def take(edges: Edges, task: Task, now: datetime) -> None:
    """Ends by sending the task again, by answering the state machine, or by finding that nobody waits."""
    work = task.work
    try:
        if not edges.aws.heartbeat(work):
            logger.info("nobody waits for this task", extra=_about(task))
            return
        if now - task.first_at > LIMIT:
            raise errors.AzureFailed(f"AzureTooSlow: not as wanted after {LIMIT}; at the end: {task.last}")
        if task.not_before is not None and now < task.not_before:
            _come_at(edges, task, task.not_before, now)
            return
        facts = look.find_facts(edges.arm, edges.aws, work.ref)
        steps = azure_plan.steps(work.ref, work.wanted, facts, task.begun)
        if steps:
            _come_again(edges, _begin(edges, task, steps[0], now))
        else:
            edges.aws.succeed(work, facts.model_dump_json())
            logger.info("azure side is as wanted", extra=_about(task))
    except errors.CloudBusy as exc:
        if now - task.first_at > LIMIT:
            # Nobody could be told, or asked whether anybody waits: as with a link that is gone, and its role with it.
            logger.error("task dropped", extra={**_about(task), "why": str(exc)})
            return
        logger.warning("cloud is busy", extra={**_about(task), "why": str(exc)})
        until = now + timedelta(seconds=max(BUSY_S, exc.after_s or 0))
        later = task.model_copy(update={"looks": task.looks + 1, "last": str(exc), "not_before": until})
        _come_at(edges, later, until, now)
    except (errors.AzureFailed, errors.CloudRefused) as exc:
        logger.error("azure work failed", extra={**_about(task), "why": str(exc)})
        edges.aws.fail(work, str(exc))


def _begin(edges: Edges, task: Task, step: Step, now: datetime) -> Task:
    """The task as it is after the step was begun."""
    why = step.condition
    seen = {"looks": task.looks + 1, "last": str(why)}
    if isinstance(step.action, azure_plan.Wait):
        return task.model_copy(update=seen)
    times = task.begun.get(why.reason, 0) + 1
    if times > 1 and task.begun_at is not None and now - task.begun_at < AGAIN:
        return task.model_copy(update=seen)
    if times > ATTEMPTS:
        raise errors.AzureFailed(f"{why}, after {ATTEMPTS} attempts{_azure_words(edges, task)}")
    tried = task.model_copy(update={**seen, "begun": {**task.begun, why.reason: times}, "begun_at": now})
    try:
        operation = _apply(edges, task, step)
    except errors.StillInUse as exc:
        if times == ATTEMPTS:
            raise
        logger.warning("still in use", extra={**_about(task), "why": str(exc)})
        return tried.model_copy(update={"last": str(exc)})
    logger.info("step begun", extra={**_about(task), "reason": why.reason, "why": why.text, "times": times})
    return tried.model_copy(update={"operation": operation})


def _apply(edges: Edges, task: Task, step: Step) -> str | None:
    arm, ref = edges.arm, task.work.ref
    match step.action:
        case azure_plan.PutLocalNetworkGateway() as local:
            return arm.put_local_network_gateway(ref, local)
        case azure_plan.PutConnection() as connection:
            return arm.put_connection(ref, connection)
        case azure_plan.SetSharedKey():
            return arm.set_shared_key(ref, edges.aws.read_psk(ref))
        case azure_plan.ResetConnection():
            return arm.reset_connection(ref)
        case azure_plan.DeleteConnection():
            return arm.delete_connection(ref)
        case azure_plan.DeleteLocalNetworkGateway():
            return arm.delete_local_network_gateway(ref)
        case _:
            return task.operation


def _azure_words(edges: Edges, task: Task) -> str:
    words = edges.arm.read_operation_error(task.work.ref, task.operation) if task.operation else None
    return f"; Azure says {words}" if words else ""


def _come_at(edges: Edges, task: Task, when: datetime, now: datetime) -> None:
    edges.queue.send(task, min(LONGEST_S, math.ceil((when - now).total_seconds())))


def _come_again(edges: Edges, task: Task) -> None:
    edges.queue.send(task, SOON_S if task.looks < SOON_LOOKS else LATER_S)


def _about(task: Task) -> dict[str, object]:
    return {"link": task.work.ref.link, "wanted": task.work.wanted is not None, "looks": task.looks}
