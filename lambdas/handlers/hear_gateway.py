"""Hears the gateway: keeps its reading, counters and newest remedy, and tells the state that waits how a boot ended."""

from typing import Any

from aws_lambda_powertools import Logger

from lambdas import settings
from lambdas.clouds import samples, table, walks
from link.cost.incidents import Kind, Said
from link.reading import Booted, BootFailure, GatewayEvent, Helped, Reading

logger = Logger(service="causeway")

TUNNEL = {GatewayEvent.TUNNEL_LOST: Kind.LOST, GatewayEvent.TUNNEL_BACK: Kind.BACK}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: object) -> None:
    """`event` is an EventBridge event whose detail-type is a GatewayEvent."""
    here = settings.load()
    kind = GatewayEvent(event["detail-type"])
    match kind:
        case (
            GatewayEvent.READING
            | GatewayEvent.TUNNEL_LOST
            | GatewayEvent.TUNNEL_BACK
            | GatewayEvent.CONFIGURATION_APPLIED
        ):
            reading = Reading.model_validate(event["detail"])
            table.put_reading(here.table, reading)
            samples.note(here.table, reading)
            if kind in TUNNEL:
                samples.note_said(here.table, Said(at=reading.read_at, kind=TUNNEL[kind]))
        case GatewayEvent.HELPED:
            helped = Helped.model_validate(event["detail"])
            logger.warning("gateway helped itself", remedy=helped.remedy, reason=helped.reason, because=helped.because)
            table.put_helped(here.table, helped)
            samples.note_said(here.table, Said(at=helped.at, kind=Kind.HELPED, reason=helped.reason))
        case GatewayEvent.BOOTED:
            booted = Booted.model_validate(event["detail"])
            waiting = table.hear_boot(here.table, booted)
            if waiting.task_token:
                walks.succeed(waiting.task_token, {"instance": booted.instance, "version": booted.version})
        case GatewayEvent.BOOT_FAILED:
            failure = BootFailure.model_validate(event["detail"])
            logger.error(
                "gateway failed to boot", instance=failure.instance, reason=failure.reason, said=failure.message
            )
            waiting = table.hear_failure(here.table, failure)
            if waiting.task_token:
                walks.fail(waiting.task_token, "BootFailed", f"{failure.reason}: {failure.message}")
