"""Hands the wanted Azure side and the task token to the Function, which calls back when both resources are right."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function
from link import steps


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the state is completed by the Function's callback."""
    here = settings.load()
    parsed = walk.parse(event, here)
    wanted = next(step for step in walk.steps(parsed, here) if isinstance(step, steps.ConnectAzure)).wanted
    function.work(here.spec.azure, walk.azure_work(parsed, here, wanted))
