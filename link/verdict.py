"""Judges the link from what both ends say. Bytes that move are not "up", and a look that failed is not "down"."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from link.facts import AzureFacts, ConnectionStatus
from link.reading import Observation, Reading
from link.spec import Probe

# The agent reports on every change and at least once a minute; half a minute more for the event's way.
FRESH = timedelta(seconds=90)
# How often a walk judges, a second and a look apart: some six minutes, which is more than Azure's status lags.
PATIENCE = 250


@dataclass(frozen=True)
class Verdict:
    """`reason` is one CamelCase word, `message` one sentence."""

    state: Observation
    reason: str
    message: str


def judge(
    reading: Reading | None,
    azure: AzureFacts,
    *,
    instance: str | None,
    version: str | None,
    probe: Probe | None,
    now: datetime,
) -> Verdict:
    """Whether the link is up: the gateway says so, Azure says so, and the probe, where there is one, came back."""
    if reading is None or instance is None or reading.instance != instance:
        return Verdict(Observation.UNKNOWN, "GatewaySilent", "the gateway has not reported yet")
    if now - reading.read_at > FRESH:
        return Verdict(
            Observation.UNKNOWN, "GatewaySilent", f"the gateway's last report is of {reading.read_at:%H:%M:%S}"
        )
    if reading.version != version:
        return Verdict(
            Observation.DOWN, "ConfigurationPending", "the gateway has not applied the newest configuration yet"
        )
    states = {tunnel.state for tunnel in reading.tunnels}
    if Observation.UP not in states and Observation.UNKNOWN in states:
        return Verdict(
            Observation.UNKNOWN, "TunnelUnknown", "the gateway could not tell whether a child SA is installed"
        )
    if Observation.UP not in states:
        return Verdict(Observation.DOWN, "TunnelDown", "the gateway has no child SA with the Azure gateway")
    if azure.connection is None:
        return Verdict(Observation.DOWN, "ConnectionMissing", "the connection does not exist in Azure")
    if azure.connection.status is ConnectionStatus.UNKNOWN:
        return Verdict(Observation.UNKNOWN, "AzureSilent", "Azure does not say whether the connection is up")
    if azure.connection.status is not ConnectionStatus.CONNECTED:
        return Verdict(Observation.DOWN, "AzureNotConnected", f"Azure says {azure.connection.status}")
    return _judge_probe(reading, probe)


def _judge_probe(reading: Reading, probe: Probe | None) -> Verdict:
    if probe is None:
        return Verdict(Observation.UP, "Unprobed", "both ends say up; no probe is declared, so traffic was not shown")
    match reading.probe:
        case Observation.UP:
            return Verdict(
                Observation.UP, "Verified", f"both ends say up and {probe.address} answered through the tunnel"
            )
        case Observation.DOWN:
            return Verdict(Observation.DOWN, "ProbeUnanswered", f"{probe.address} does not answer through the tunnel")
        case _:
            return Verdict(Observation.UNKNOWN, "ProbePending", f"{probe.address} has not been probed yet")
