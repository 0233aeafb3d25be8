"""Says of one look at a link what is wrong with it: the first thing that matters. Pure; link/remedy.py decides."""

from dataclasses import dataclass
from datetime import datetime

from link import azure_plan, choose, errors, preview, verdict
from link.facts import AwsFacts, AzureFacts, ConnectionStatus, Facts
from link.reading import Observation, Reading
from link.report import Report
from link.spec import LinkSpec
from link.wanted import Deployment


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong: `reason` is one CamelCase word, `because` one sentence.

    `differs`: something is not as the plan wants it, so a walk mends it; else the link is as wanted, and yet not well.
    `state`: how the link is by it; up is a link that works, but by less than it has.
    `needs_human`: no walk can mend it.
    """

    reason: str
    because: str
    differs: bool
    state: Observation = Observation.DOWN
    needs_human: bool = False

    @property
    def key(self) -> str:
        """What tells this difference from another with the same reason."""
        return f"{self.reason}: {self.because}"


@dataclass(frozen=True)
class Found:
    """What a look has found. `gateway` is the instance that should serve the link now."""

    trouble: Trouble | None
    judged: verdict.Verdict | None = None
    gateway: str | None = None
    differences: tuple[preview.Line, ...] = ()


@dataclass(frozen=True)
class Look:
    """All that one look has to go by. `azure` is why nothing is known where it is no AzureFacts."""

    spec: LinkSpec
    deployed: Deployment
    aws: AwsFacts
    azure: AzureFacts | errors.CausewayError
    reading: Reading | None
    report: Report | None


def examine(look: Look, now: datetime) -> Found:
    """The trouble of the link; None when nothing differs, and both ends say that it is up by all its tunnels."""
    if not isinstance(look.azure, AzureFacts):
        return Found(_unknown(look.azure))
    try:
        lines = preview.up(look.spec, Facts(aws=look.aws, azure=look.azure), look.deployed)
    except errors.AzureFailed as exc:
        return Found(_for_human(str(exc)))
    mendable = [line for line in lines if line.step != azure_plan.Wait.__name__]
    refused = look.report is not None and look.report.reason == errors.Refused.__name__
    if mendable:
        first = mendable[0]
        because = f"{first.because}; {look.report.message}" if refused and look.report else first.because
        return Found(Trouble(first.reason, because, differs=True, needs_human=refused), differences=tuple(mendable))
    if lines:
        return Found(Trouble(lines[0].reason, lines[0].because, differs=False, state=Observation.UNKNOWN))
    return _judged(look, look.azure, now)


def _unknown(error: errors.CausewayError) -> Trouble:
    if isinstance(error, errors.Refused):
        return _for_human(str(error))
    return Trouble(type(error).__name__, str(error), differs=False, state=Observation.UNKNOWN)


def _for_human(text: str) -> Trouble:
    reason, _, because = text.partition(": ")
    return Trouble(reason, because, differs=False, state=Observation.UNKNOWN, needs_human=True)


def _judged(look: Look, azure: AzureFacts, now: datetime) -> Found:
    bearer = look.aws.elastic_ip.interface
    gateway = choose.gateway(look.spec, look.deployed.agent, look.aws.gateways, bearer)
    instance = gateway.id if gateway else None
    judged = verdict.judge(
        look.reading,
        azure,
        instance=instance,
        version=look.aws.published_version,
        probe=look.spec.probe,
        now=now,
    )
    if judged.state is Observation.UP:
        return Found(_degraded(look), judged, instance)
    return Found(_symptom(judged, look, azure), judged, instance)


def _degraded(look: Look) -> Trouble | None:
    """A tunnel that is down while another one carries the traffic. One of which nothing is known is not down."""
    tunnels = look.reading.tunnels if look.reading else ()
    down = ", ".join(str(one.number) for one in tunnels if one.state is Observation.DOWN)
    if not down:
        return None
    because = f"tunnel {down} of {len(tunnels)} is down, and the other carries the traffic"
    return Trouble("OneTunnelDown", _with_fault(because, look), differs=False, state=Observation.UP)


def _with_fault(because: str, look: Look) -> str:
    return f"{because}; the gateway says {look.reading.fault}" if look.reading and look.reading.fault else because


def _symptom(judged: verdict.Verdict, look: Look, azure: AzureFacts) -> Trouble:
    """A silent gateway is dead only when Azure says that no tunnel stands."""
    status = azure.connection.status if azure.connection else ConnectionStatus.UNKNOWN
    if judged.reason == "GatewaySilent" and status is ConnectionStatus.NOT_CONNECTED:
        return Trouble("GatewayDead", f"{judged.message}, and Azure says {status}", differs=False)
    return Trouble(judged.reason, _with_fault(judged.message, look), differs=False, state=judged.state)
