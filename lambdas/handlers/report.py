"""Ends a walk: keeps its report, gives back the lock, and answers CloudFormation, whether it went well or not."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws, locks, registry, table, walks, watching
from lambdas.settings import Settings
from link import plan, report
from link.errors import CloudBusy, CloudRefused
from link.steps import Wanted


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the report. CloudFormation's reason is the error's name, the state, its sentence, and what is left."""
    here = settings.load()
    parsed = walk.parse(event, here)
    ended = _ended(parsed.walk)
    left, then = _left(ended, here), _then(parsed.walk, here)
    said = report.write(ended, left, then)
    walk.logger.info(
        "walk ended",
        outcome=said.outcome,
        reason=said.reason,
        said=said.message,
        warnings=said.warnings,
        left=said.left_alone,
    )
    if not ended.is_busy:
        _keep(said, here)
        if ended.is_up:
            table.establish(here.table, here.spec.aws.vpc, here.spec.digest())
            registry.register(here)
        _give_back(parsed, here)
    if parsed.walk.answer:
        warnings = "; ".join(said.warnings) or "none"
        data = {"Reason": said.reason, "Message": said.message, "Warnings": warnings}
        # A walk that never had the link keeps no report: the item is another walk's.
        where = f"the log of causeway-{here.spec.name}-Report"
        where = where if ended.is_busy else f"item report of table {here.table}, or {where}"
        walks.answer(parsed.walk.answer, report.failure(ended, left, then), data, where)
    return said.model_dump(mode="json")


def _keep(said: report.Report, here: Settings) -> None:
    """Before the answer, which may fail or be shortened. A refusal must not keep CloudFormation waiting."""
    try:
        table.put_report(here.table, said.model_dump_json())
    except CloudRefused as exc:
        walk.logger.error("report not kept", why=str(exc))


def _give_back(event: walk.Event, here: Settings) -> None:
    """First the lock, then the question: who wishes for a look after that finds the lock free, and needs no walk's."""
    locks.release(here.table, event.execution)
    seen = event.walk.found.asked if event.walk.found else None
    if event.walk.wanted is Wanted.UP and table.looks_asked(here.table) != seen:
        try:
            watching.ask(here.spec.name, "walk")
        except (CloudBusy, CloudRefused) as exc:
            walk.logger.warning("nobody could be asked for a look, the schedule's comes", why=str(exc))


def _ended(known: walk.Walk) -> report.Ended:
    return report.Ended(
        link=known.link,
        wanted=known.wanted,
        goal=known.goal,
        failed=known.failed,
        did=known.did,
        warnings=known.preflight.warnings if known.preflight else (),
        verdict=known.verdict,
        disconnected=known.connected if known.wanted is Wanted.DOWN else None,
    )


def _left(ended: report.Ended, here: Settings) -> tuple[report.Leftover, ...]:
    """What is named is what can be seen; a look that fails must not keep the walk from ending."""
    if not set(ended.failed) & set(report.REMOVING) or ended.is_up:
        return ()
    try:
        routes, gateways = table.own_routes(here.table), tuple(one.id for one in aws.gateways(here))
    except (CloudBusy, CloudRefused) as exc:
        walk.logger.warning("what is left could not be looked at", why=str(exc))
        routes, gateways = frozenset(), ()
    return report.leftovers(here.spec, ended.failed, plan.azure_ref(here.spec, here.deployed).name, routes, gateways)


def _then(known: walk.Walk, here: Settings) -> str:
    if known.wanted is Wanted.UP or known.answer is None:
        return ""
    return report.way_out(here.spec, f"causeway-{here.spec.name}", known.answer.LogicalResourceId)
