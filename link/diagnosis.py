"""Says of one look at a link what is wrong with it. Pure; link/remedy.py decides what that leads to."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from link import azure_plan, choose, drift, errors, flow, known, plan, preflight, verdict
from link.condition import Condition
from link.facts import AwsFacts, AzureFacts, ConnectionStatus, Facts
from link.finding import Finding
from link.flow import Flow
from link.known import Known
from link.reading import Observation, Reading
from link.report import Report
from link.spec import LinkSpec
from link.steps import State, Step
from link.wanted import Deployment

# Failures of a walk that a repetition seldom ends.
FOR_HUMANS = (errors.Refused.__name__, errors.NoCapacity.__name__)
# With more subjects than this, a reason is counted as one.
MOST_SUBJECTS = 20


class Kind(StrEnum):
    """A difference is ended by a walk; a symptom is a link that is as wanted and yet not well; a finding only stands
    in the way of its own step."""

    DIFFERENCE = "difference"
    SYMPTOM = "symptom"
    FINDING = "finding"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `state` is how the link is by it; up is a link that works, but by less than it has.

    `needs_human`: no walk can end it.
    """

    condition: Condition
    kind: Kind
    state: Observation = Observation.DOWN
    needs_human: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """What a look has found, the first thing that matters first. `gateway` is the instance that should serve now.

    `azure_known`: Azure was seen at this look, so its own steps need not wait.
    """

    problems: tuple[Problem, ...] = ()
    judged: verdict.Verdict | None = None
    gateway: str | None = None
    azure_known: bool = True

    def of(self, kind: Kind) -> tuple[Problem, ...]:
        """The problems of one kind."""
        return tuple(problem for problem in self.problems if problem.kind is kind)


@dataclass(frozen=True)
class Look:
    """All that one look has to go by. `azure` is why nothing was seen where it is no AzureFacts.

    `known` is Azure as it was seen last, `found` what preflight's last survey refused, `flow` the bytes until now.
    """

    spec: LinkSpec
    deployed: Deployment
    aws: AwsFacts
    azure: AzureFacts | errors.CausewayError
    reading: Reading | None
    report: Report | None
    known: Known | None = None
    found: tuple[Finding, ...] = ()
    flow: Flow | None = None


def diagnose(look: Look, now: datetime) -> Diagnosis:
    """The problems of the link; none when nothing differs, and it is up by all its tunnels."""
    kept = known.usable(look.known, plan.azure_ref(look.spec, look.deployed))
    silence = _silence(look)
    if isinstance(look.azure, AzureFacts):
        azure = known.completed(look.azure, kept)
    elif kept is not None:
        azure = kept.azure
    else:
        return Diagnosis(silence, azure_known=False)
    facts = Facts(aws=look.aws, azure=azure)
    findings = tuple(_findings(look, facts))
    steps = [
        step
        for step in _steps(look, facts, silent=bool(silence))
        if not _is_held(step.condition, findings, look.report)
    ]
    differences = _differences(look, [step for step in steps if not isinstance(step.action, azure_plan.Wait)])
    if differences:
        return Diagnosis((*differences, *silence, *findings), azure_known=not silence)
    judged, gateway = _judged(look, now)
    symptoms = [_waiting(step.condition) for step in steps] or [*_symptoms(judged, look)]
    return Diagnosis((*symptoms, *silence, *findings), judged, gateway, azure_known=not silence)


def urgent(look: Look) -> bool:
    """Whether the AWS side differs by what is known of Azure: such a look need not wait for Azure."""
    kept = known.usable(look.known, plan.azure_ref(look.spec, look.deployed))
    return kept is not None and bool(drift.up_of_aws(look.spec, Facts(aws=look.aws, azure=kept.azure), look.deployed))


def _silence(look: Look) -> tuple[Problem, ...]:
    """Why Azure was not seen."""
    error = look.azure
    if isinstance(error, AzureFacts):
        return ()
    condition = errors.condition(error, look.spec.azure.function_audience)
    needs_human = isinstance(error, errors.Refused)
    return (Problem(condition, Kind.SYMPTOM, Observation.UNKNOWN, needs_human),)


def _findings(look: Look, facts: Facts) -> Iterator[Problem]:
    """Each once: of what both this look and the last survey found, this look's words."""
    found = {one.condition.key: one for one in (*look.found, *preflight.standing(look.spec, facts))}
    for finding in found.values():
        yield Problem(finding.condition, Kind.FINDING, Observation.UP, needs_human=True)


def _is_held(condition: Condition, findings: tuple[Problem, ...], report: Report | None) -> bool:
    """A route for which a full table had no room at the last walk. One that is missing since then may have room."""
    full = {one.condition.subject for one in findings if one.condition.reason == "RouteLimit"}
    tried = report.did.get(State.ADJUST_ROUTES, ()) if report else ()
    refused = any(one.refused and one.subject == condition.subject for one in tried)
    return condition.reason == "RouteMissing" and refused and condition.subject.partition("/")[0] in full


def _steps(look: Look, facts: Facts, *, silent: bool) -> tuple[Step, ...]:
    """The steps of the next walk. What keeps Azure's own from being planned is a finding."""
    if not silent:
        with suppress(errors.AzureFailed):
            return drift.up(look.spec, facts, look.deployed)
    return drift.up_of_aws(look.spec, facts, look.deployed)


def _differences(look: Look, steps: list[Step]) -> tuple[Problem, ...]:
    failed = look.report if look.report is not None and look.report.reason in FOR_HUMANS else None
    found: dict[tuple[str, str], Problem] = {}
    for condition in _collapsed([step.condition for step in steps]):
        if failed:
            condition = condition.model_copy(update={"message": f"{condition.message}; {failed.message}"})
        found.setdefault(condition.key, Problem(condition, Kind.DIFFERENCE, needs_human=failed is not None))
    return tuple(found.values())


def _collapsed(conditions: list[Condition]) -> Iterator[Condition]:
    """What a link remembers of its problems stays small, however many routes it has."""
    many = Counter(one.reason for one in conditions)
    for one in conditions:
        yield one if many[one.reason] <= MOST_SUBJECTS else one.model_copy(update={"subject": ""})


def _waiting(condition: Condition) -> Problem:
    return Problem(condition, Kind.SYMPTOM, Observation.UNKNOWN)


def _judged(look: Look, now: datetime) -> tuple[verdict.Verdict, str | None]:
    interface = look.aws.elastic_ip.interface
    gateway = choose.gateway(look.spec, look.deployed.agent, look.aws.gateways, interface)
    instance = gateway.id if gateway else None
    judged = verdict.judge(
        look.reading,
        look.azure if isinstance(look.azure, AzureFacts) else None,
        instance=instance,
        version=look.aws.published_version,
        probe=look.spec.probe,
        traffic=flow.judge(look.flow, now),
        now=now,
    )
    return judged, instance


def _symptoms(judged: verdict.Verdict, look: Look) -> Iterator[Problem]:
    if judged.state is not Observation.UP:
        yield _symptom(judged, look)
        return
    if judged.doubt is not None:
        yield Problem(_with_fault(judged.doubt, look), Kind.SYMPTOM, Observation.UP)
    tunnels = look.reading.tunnels if look.reading else ()
    down = ", ".join(str(one.number) for one in tunnels if one.state is Observation.DOWN)
    if down and len(tunnels) > 1 and judged.doubt is None:
        message = f"tunnel {down} of {len(tunnels)} is down, and the other carries the traffic"
        degraded = Condition(reason="OneTunnelDown", subject=down, message=message)
        yield Problem(_with_fault(degraded, look), Kind.SYMPTOM, Observation.UP)


def _with_fault(condition: Condition, look: Look) -> Condition:
    fault = look.reading.fault if look.reading else None
    if not fault:
        return condition
    return condition.model_copy(update={"message": f"{condition.message}; the gateway says {fault}"})


def _symptom(judged: verdict.Verdict, look: Look) -> Problem:
    """A silent gateway is dead only when Azure says that no tunnel stands."""
    connection = look.azure.connection if isinstance(look.azure, AzureFacts) else None
    not_connected = connection is not None and connection.status is ConnectionStatus.NOT_CONNECTED
    if judged.condition.reason == "GatewaySilent" and connection is not None and not_connected:
        message = f"{judged.condition.message}, and Azure says {connection.status}"
        return Problem(Condition(reason="GatewayDead", message=message), Kind.SYMPTOM)
    return Problem(_with_fault(judged.condition, look), Kind.SYMPTOM, judged.state)
