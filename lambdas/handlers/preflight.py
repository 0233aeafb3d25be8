"""Refuses by name what cannot work, before anything is created."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import dry_run, survey
from link import choose, preflight
from link.errors import Refused


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the warnings and the subnet for a new gateway. Raises Refused with every reason, one a line."""
    here = settings.load()
    parsed = walk.begin(event, here)
    facts = walk.look(parsed, here)
    surveyed = survey.look(here.spec, lambda zones: dry_run.ask(here.spec, dry_run.trial(here.spec, facts, zones)))
    checked = preflight.checks(here.spec, facts, surveyed)
    if refusals := preflight.refusals(checked):
        raise Refused("\n".join(map(str, refusals)))
    warnings = [str(warning) for warning in preflight.warnings(checked)]
    walk.logger.info("nothing speaks against it", warnings=warnings)
    return {"warnings": warnings, "subnet": choose.gateway_subnet(here.spec, facts.aws, surveyed.offering_zones)}
