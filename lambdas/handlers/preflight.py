"""Refuses by name what cannot work, before anything is created."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws
from link import preflight
from link.errors import Refused
from link.facts import Facts


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> tuple[str, ...]:
    """Raises Refused with every reason, one a line."""
    here = settings.load()
    parsed = walk.parse(event, here)
    facts = Facts.model_validate({"aws": aws.look(here), "azure": parsed.walk.azure})
    found = preflight.refusals(here.spec, facts)
    if found:
        raise Refused("\n".join(map(str, found)))
    return ("nothing speaks against it",)
