"""Points the private route tables' routes to every Azure prefix at the gateway."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import dry_run
from link import preflight
from link.errors import Refused
from link.steps import State


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> list[dict[str, Any]]:
    """Returns what was done; or, when Preflight asks, what this function's role may do.

    Raises Refused when another team has taken a route since Preflight. A walk that heals skips such a route.
    """
    here = settings.load()
    if "dry_run" in event:
        trial = dry_run.Trial.model_validate(event["dry_run"])
        return [permission.model_dump() for permission in dry_run.routes(trial)]
    parsed = walk.begin(event, here)
    if not walk.found(parsed).heals and (taken := preflight.taken_routes(here.spec, walk.look(parsed, here))):
        raise Refused("\n".join(map(str, taken)))
    return [*walk.apply(parsed, here, State.ADJUST_ROUTES)]
