"""Preflight's checks, made with the caller's own eyes before a walk makes them. Reads only."""

from causeway.deployed import Found
from lambdas.clouds import survey
from link import preflight, preflight_aws, preflight_gateway
from link.facts import AwsFacts, AzureFacts, Facts
from link.finding import Check


def checks(here: Found, found: AwsFacts, azure: AzureFacts | None) -> tuple[Check, ...]:
    """Every check that can be made now; without a word of Azure, those that need none."""
    spec, surveyed = here.settings.spec, survey.look(here.settings.spec)
    # Address and pre-shared key are the stack's: before it is deployed, one needs room and the other cannot be read.
    room = () if here.is_deployed else (preflight_gateway.elastic_ips(spec, surveyed),)
    if azure is None:
        return (*preflight_aws.alone(spec, found, surveyed), *room)
    if not here.is_deployed:
        azure = azure.model_copy(update={"psk_unread": None})
    return (*preflight.checks(spec, Facts(aws=found, azure=azure), surveyed), *room)
