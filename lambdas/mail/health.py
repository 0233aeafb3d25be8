"""The five lines at a link's end: uptime, how much was looked at, what was healed, the gateways, Azure's counters."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from lambdas.mail import rounding, wording
from link.cost.statement import Incident, Part, Witness

_NAMED = 10  # incidents of a link; the attachment has all


def write(part: Part, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Label and value of each line."""
    health = part.health
    yield "Uptime", "not known" if health.uptime is None else f"{rounding.share(health.uptime)} of the time looked at"
    yield "Looked at", f"{rounding.share(health.looked_at)} of the time that the link was there"
    yield "Incidents", _incidents(health.incidents, zone)
    yield "Gateways", "; ".join(wording.line(gateway) for gateway in health.gateways) or "none"
    yield "Azure's counters", "not read" if part.witness is None else witness(part.witness)


def witness(seen: Witness) -> str:
    """What Azure counted, and whether that agrees with what the gateways counted."""
    counted = (
        f"{rounding.gigabytes(seen.aws_to_azure)} GB from AWS to Azure, "
        f"{rounding.gigabytes(seen.azure_to_aws)} GB from Azure to AWS (inner bytes)"
    )
    agrees = "agrees with ours" if seen.explained else "DIFFERS from ours, not explained"
    return f"{counted}; {agrees}: {wording.line(seen.because)}"


def _incidents(incidents: Sequence[Incident], zone: ZoneInfo) -> str:
    if not incidents:
        return "none"
    healed = sum(incident.seconds is not None for incident in incidents)
    said = [f"{healed} of {len(incidents)} healed", *(_incident(one, zone) for one in incidents[:_NAMED])]
    more = len(incidents) - _NAMED
    return "; ".join([*said, *([f"{more} more in the attachment"] if more > 0 else [])])


def _incident(incident: Incident, zone: ZoneInfo) -> str:
    took = "not well yet" if incident.seconds is None else f"after {wording.counted(incident.seconds, 'second')}"
    return f"{wording.line(incident.reason, 60)} on {wording.when(incident.at, zone)}, {took}"
