"""Publishes the gateway's configuration, opens its security group, launches it when there is none."""

from typing import Any

from lambdas import settings, walk
from link.steps import State


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> tuple[str, ...]:
    """Returns what was done, a sentence each."""
    here = settings.load()
    return walk.apply(State.LAUNCH_GATEWAY, walk.parse(event, here), here)
