"""Hands the wanted Azure side and the task token to the Function, which calls back when both resources are right."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function, table
from link import plan, steps


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the state is completed by the Function's callback."""
    here = settings.load()
    parsed = walk.begin(event, here)
    wanted = next(step for step in walk.steps(parsed, here) if isinstance(step, steps.ConnectAzure)).wanted
    ref = plan.azure_ref(here.spec, here.deployed)
    table.own_azure_side(here.table, ref.subscription, ref.resource_group)
    function.work(here.spec.azure, walk.azure_work(parsed, here, ref, wanted))
