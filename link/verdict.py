"""Judges the link by evidence in its order. A look that failed is not "down".

Traffic that returned through the tunnel outranks what an end says of its child SA, and that outranks what Azure's
control plane says, whose status lags and may be stale. Lower evidence against higher is a doubt, which is reported and
leads to no remedy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from link.condition import Condition
from link.facts import AzureFacts, ConnectionStatus
from link.flow import Traffic
from link.reading import Observation, Reading
from link.spec import Probe

# The agent reports on every change and at least once a minute; half a minute more for the event's way.
FRESH = timedelta(seconds=90)
# How often a walk judges, a second and a look apart: some six minutes, which is more than Azure's status lags.
PATIENCE = 250
# How long a walk waits for a doubt to pass before it takes the higher evidence.
DOUBT_PATIENCE = 60
NOT_UP = (ConnectionStatus.CONNECTING, ConnectionStatus.NOT_CONNECTED)


@dataclass(frozen=True)
class Verdict:
    """How the link is and why. `doubt` is lower evidence that says otherwise."""

    state: Observation
    condition: Condition
    doubt: Condition | None = None


def _verdict(state: Observation, reason: str, message: str, doubt: Condition | None = None) -> Verdict:
    return Verdict(state, Condition(reason=reason, message=message), doubt)


def judge(
    reading: Reading | None,
    azure: AzureFacts | None,
    *,
    instance: str | None,
    version: str | None,
    probe: Probe | None,
    traffic: Traffic,
    now: datetime,
) -> Verdict:
    """Whether the link is up. `azure` None: Azure's view is missing, and the gateway's reading and the probe decide."""
    if reading is None or instance is None or reading.instance != instance:
        return _verdict(Observation.UNKNOWN, "GatewaySilent", "the gateway has not reported yet")
    if now - reading.read_at > FRESH:
        message = f"the gateway's last report is of {reading.read_at:%H:%M:%S}"
        return _verdict(Observation.UNKNOWN, "GatewaySilent", message)
    if reading.version != version:
        message = "the gateway has not applied the newest configuration yet"
        return _verdict(Observation.DOWN, "ConfigurationPending", message)
    if reading.probe is Observation.UP or traffic is Traffic.RETURNS:
        return _with_traffic(reading, azure, probe)
    states = {tunnel.state for tunnel in reading.tunnels}
    if Observation.UP in states:
        return _without_traffic(reading, azure, probe, traffic)
    if Observation.UNKNOWN in states:
        return _verdict(
            Observation.UNKNOWN, "TunnelUnknown", "the gateway could not tell whether a child SA is installed"
        )
    return _verdict(Observation.DOWN, "TunnelDown", "the gateway has no child SA with the Azure gateway")


def _with_traffic(reading: Reading, azure: AzureFacts | None, probe: Probe | None) -> Verdict:
    doubt = _doubt(reading, azure)
    if probe is None:
        return _verdict(Observation.UP, "Unprobed", "traffic returns through the tunnel; no probe is declared", doubt)
    if reading.probe is Observation.UP:
        message = f"{probe.address} answered through the tunnel{_view(azure)}"
        return _verdict(Observation.UP, "Verified", message, doubt)
    message = f"{probe.address} does not answer, and other traffic returns through the tunnel"
    silent = Condition(reason="ProbeUnanswered", subject=str(probe.address), message=message)
    return Verdict(Observation.UP, silent, silent)


def _view(azure: AzureFacts | None) -> str:
    return "; Azure's view is missing" if azure is None else ""


def _doubt(reading: Reading, azure: AzureFacts | None) -> Condition | None:
    if all(tunnel.state is not Observation.UP for tunnel in reading.tunnels):
        message = "traffic returns through the tunnel, and the gateway sees no child SA"
        return Condition(reason="GatewayDisagrees", message=message)
    if azure is not None and azure.connection is None:
        message = "traffic returns through the tunnel, and the connection does not exist in Azure"
        return Condition(reason="AzureDisagrees", message=message)
    if azure is not None and azure.connection is not None and azure.connection.status in NOT_UP:
        message = f"the gateway's tunnel is up, and Azure says {azure.connection.status}"
        return Condition(reason="AzureDisagrees", subject=azure.connection.id, message=message)
    return None


def _without_traffic(reading: Reading, azure: AzureFacts | None, probe: Probe | None, traffic: Traffic) -> Verdict:
    """The gateway says that its child SA is up, and no traffic is known to have returned."""
    if azure is not None and azure.connection is None:
        return _verdict(Observation.DOWN, "ConnectionMissing", "the connection does not exist in Azure")
    if azure is not None and azure.connection and azure.connection.status is ConnectionStatus.UNKNOWN:
        return _verdict(Observation.UNKNOWN, "AzureSilent", "Azure does not say whether the connection is up")
    if probe is None:
        message = f"the tunnel is up; no probe is declared, so traffic was not shown{_view(azure)}"
        return _verdict(Observation.UP, "Unprobed", message, _doubt(reading, azure))
    if reading.probe is not Observation.DOWN:
        return _verdict(Observation.UNKNOWN, "ProbePending", f"{probe.address} has not been probed yet")
    if traffic is Traffic.ONLY_OUT:
        message = f"{probe.address} does not answer through the tunnel, and nothing else comes back"
        return _verdict(Observation.DOWN, "ProbeUnanswered", message)
    message = f"{probe.address} does not answer through the tunnel; whether other traffic returns is not known"
    return _verdict(Observation.UNKNOWN, "ProbeUnanswered", message)
