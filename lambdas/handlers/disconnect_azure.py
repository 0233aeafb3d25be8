"""Asks the Function to remove what is ours in Azure; it calls back when nothing of it is left."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function
from link import plan
from link.wanted import AzureWork


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the state is completed by the Function's callback."""
    here = settings.load()
    parsed = walk.parse(event, here)
    request = AzureWork(
        ref=plan.azure_ref(here.spec, here.deployment, here.psk_secret),
        wanted=None,
        task_token=parsed.token or "",
        state_machine_region=here.region,
    )
    function.work(here.spec.azure, request)
