"""Asks the Function to remove what is ours in Azure; it calls back when nothing of it is left."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function, table, walks
from link import plan


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the Function's callback completes the state. Where nothing was ever asked of it, this does."""
    here = settings.load()
    parsed = walk.begin(event, here)
    ref = plan.azure_ref(here.spec, here.deployed)
    side = table.azure_side(here.table)
    work = walk.azure_work(parsed, here, ref, wanted=None)
    if side is None:
        walks.succeed(work.task_token, None)
        return
    subscription, resource_group = side
    there = ref.model_copy(update={"subscription": subscription, "resource_group": resource_group})
    function.work(here.spec.azure, work.model_copy(update={"ref": there}))
