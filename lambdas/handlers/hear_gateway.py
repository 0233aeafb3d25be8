"""Hears the gateway: keeps its reading, counters and newest remedy, and tells the state that waits how a boot ended."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from lambdas import settings
from lambdas.clouds import samples, table, walks
from link import reading
from link.cost.incidents import Kind, Said
from link.reading import Booted, BootFailure, GatewayEvent, Helped, Reading

logger = Logger(service="causeway")

TUNNEL = {GatewayEvent.TUNNEL_LOST: Kind.LOST, GatewayEvent.TUNNEL_BACK: Kind.BACK}
FAULTS = 5  # of a refused event, in its line of the log


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: object) -> None:
    """`event` is an EventBridge event whose detail-type is a GatewayEvent.

    One that no gateway of Causeway's sends is dropped: raised, it would only be delivered twice more.
    """
    here, now = settings.load(), datetime.now(UTC)
    try:
        kind = GatewayEvent(str(event.get("detail-type")))
        told = reading.parse(kind, event.get("detail"), now)
    except ValueError as exc:
        logger.error("gateway event refused", link=here.spec.name, why=_why(exc))
        return
    match told:
        case Reading():
            table.put_reading(here.table, told, now)
            samples.note(here.table, told)
            if kind in TUNNEL:
                samples.note_said(here.table, Said(at=told.read_at, kind=TUNNEL[kind]))
        case Helped():
            logger.warning("gateway helped itself", remedy=told.remedy, reason=told.reason, because=told.because)
            table.put_helped(here.table, told, now)
            samples.note_said(here.table, Said(at=told.at, kind=Kind.HELPED, reason=told.reason))
        case Booted():
            waiting = table.hear_boot(here.table, told)
            if waiting.task_token:
                walks.succeed(waiting.task_token, {"instance": told.instance, "version": told.version})
        case BootFailure():
            logger.error("gateway failed to boot", instance=told.instance, reason=told.reason, said=told.message)
            waiting = table.hear_failure(here.table, told)
            if waiting.task_token:
                walks.fail(waiting.task_token, "BootFailed", f"{told.reason}: {told.message}")


def _why(exc: ValueError) -> list[str]:
    """What is wrong, without the values: they may be of any length and content."""
    if not isinstance(exc, ValidationError):
        return [str(exc)] if "its time" in str(exc) else ["its kind is not known"]
    found = exc.errors(include_url=False, include_context=False, include_input=False)[:FAULTS]
    return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found]
