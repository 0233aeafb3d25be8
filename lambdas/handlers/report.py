"""Ends a walk: keeps its report and answers CloudFormation, whether it went well or not."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import table, walks
from link import report


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the report. CloudFormation's reason is the error's name and its sentence."""
    here = settings.load()
    parsed = walk.parse(event, here).walk
    if parsed.error:
        said = report.failure(parsed.link, parsed.wanted, parsed.error, parsed.did)
    else:
        said = report.success(parsed.link, parsed.wanted, parsed.verdict, parsed.did)
    walk.logger.info("walk ended", outcome=said.outcome, reason=said.reason, said=said.message)
    table.put_report(here.table, said.model_dump_json())
    if parsed.answer:
        reason = f"{said.reason}: {said.message}" if said.outcome == "failure" else None
        walks.answer(parsed.answer, reason, {"Reason": said.reason, "Message": said.message})
    return said.model_dump(mode="json")
