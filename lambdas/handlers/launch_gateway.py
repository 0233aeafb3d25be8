"""Publishes the gateway's configuration, opens its security group, launches it when there is none."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import dry_run
from link.steps import State


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> list[dict[str, Any]]:
    """Returns what was done; or, when Preflight asks, what this function's role may do."""
    here = settings.load()
    if "dry_run" in event:
        trial = dry_run.Trial.model_validate(event["dry_run"])
        return [permission.model_dump() for permission in dry_run.launch(here, trial)]
    return walk.apply(walk.begin(event, here), here, State.LAUNCH_GATEWAY)
