"""Refuses by name what cannot work, before anything is created."""

from datetime import UTC, datetime
from typing import Any

from lambdas import settings, walk
from lambdas.clouds import dry_run, survey, table
from lambdas.clouds.errors import unless_refused
from link import preflight
from link.errors import Refused


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns what a person should know, and the zones that offer the instance type.

    A first launch and a changed declaration are refused whole, by Refused with every reason, a line each. On a link
    that was verified as it is declared, a finding holds back its own step only: it is kept for the watch to report.
    """
    here = settings.load()
    parsed = walk.begin(event, here)
    facts = walk.look(parsed, here)
    surveyed = survey.look(here.spec, lambda zones: dry_run.ask(here.spec, dry_run.trial(here.spec, facts, zones)))
    checked = preflight.checks(here.spec, facts, surveyed)
    refusals, found = preflight.refusals(checked), walk.found(parsed)
    if refusals and not found.heals:
        raise Refused("\n".join(map(str, refusals)))
    kept = preflight.bounded(refusals)
    unless_refused(lambda: table.keep_findings(here.table, kept, datetime.now(UTC)))
    warnings = [str(finding) for finding in preflight.bounded((*refusals, *preflight.warnings(checked)))]
    if found.silence:
        warnings.append(f"{found.silence}; Azure's own steps wait")
    walk.logger.info("nothing speaks against it", warnings=warnings)
    zones = sorted(surveyed.offering_zones) if surveyed.offering_zones is not None else None
    return {"warnings": warnings, "zones": zones}
