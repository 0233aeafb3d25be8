"""Points the private route tables' routes to every Azure prefix at the gateway."""

from typing import Any

from lambdas import settings, walk
from link.steps import State


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> tuple[str, ...]:
    """Returns what was done, a sentence each."""
    here = settings.load()
    return walk.apply(State.ADJUST_ROUTES, walk.parse(event, here), here)
