"""Deletes the routes that are ours."""

from typing import Any

from lambdas import settings, walk
from link.steps import State


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> list[dict[str, str]]:
    """Returns what was done."""
    here = settings.load()
    return walk.apply(walk.begin(event, here), here, State.REMOVE_ROUTES)
