"""Hands the wanted Azure side and the task token to the Function, which calls back when both resources are right."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function, table, walks
from link import azure_plan, plan, steps
from link.errors import AzureFailed
from link.wanted import AzureRef, AzureWanted


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the state is completed by the Function's callback, or here where Azure's steps have to wait."""
    here = settings.load()
    parsed = walk.begin(event, here)
    planned = [step.action for step in walk.steps(parsed, here)]
    wanted = next(action for action in planned if isinstance(action, steps.ConnectAzure)).wanted
    ref = plan.azure_ref(here.spec, here.deployed)
    if waits := _waits(parsed, ref, wanted):
        walk.logger.info("nothing is asked of the Function", why=waits)
        _go_on(parsed)
        return
    table.own_azure_side(here.table, ref.subscription, ref.resource_group)
    function.work(here.spec.azure, walk.azure_work(parsed, here, ref, wanted))


def _waits(event: walk.Event, ref: AzureRef, wanted: AzureWanted) -> str | None:
    """Why a walk that heals asks nothing of the Function: Azure cannot be seen, is busy, or is as wanted."""
    found = walk.found(event)
    if not found.heals:
        return None
    if found.silence:
        return str(found.silence)
    try:
        needed = azure_plan.steps(ref, wanted, found.azure)
    except AzureFailed as exc:
        return str(exc)
    busy = [str(step.condition) for step in needed if isinstance(step.action, azure_plan.Wait)]
    return busy[0] if busy else (None if needed else "the Azure side is as wanted")


def _go_on(event: walk.Event) -> None:
    if event.token is None:
        raise ValueError("a state that waits for the Function needs a task token")
    walks.succeed(event.token, walk.found(event).azure.model_dump(mode="json"))
