"""Ends every gateway instance that is not wanted, and takes the Elastic IP off when the link goes."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws
from link import choose
from link.steps import State, Wanted


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns what was done, and how many unwanted instances are not terminated yet: `{did, left}`."""
    here = settings.load()
    parsed = walk.parse(event, here)
    did = walk.apply(State.RETIRE_GATEWAY, parsed, here)
    found = aws.look(here)
    kept = choose.gateway(found) if parsed.walk.wanted is Wanted.UP else None
    return {"did": did, "left": sum(1 for one in found.gateways if kept is None or one.id != kept.id)}
