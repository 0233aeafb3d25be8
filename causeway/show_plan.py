"""`plan LINK`: looks at both clouds, says what the next walk would do and why, and changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from causeway import azure_rows, checked, deployed, table
from causeway.deployed import Found
from lambdas.clouds import aws, function
from link import drift, plan, steps
from link.errors import AzureFailed, CausewayError
from link.facts import NOT_ALLOCATED, AwsFacts, AzureFacts, Facts
from link.finding import Finding, Level
from link.spec import LinkSpec
from link.steps import Step, Wanted

_WIDTHS = (16, 34, 28, 36)
_HEAD = ("STATE", "STEP", "REASON", "BECAUSE")


@dataclass(frozen=True)
class Shown:
    """What a person reads, and whether such a walk would get past its first states."""

    text: tuple[str, ...]
    goes: bool


def show(spec: LinkSpec, wanted: Wanted) -> Shown:
    """The dry run of one link. Raises CloudBusy or CloudRefused when AWS does not let us look."""
    deployed.enter(spec.aws.region)
    here = deployed.find(spec)
    found = aws.look(here.settings, deployed=here.is_deployed)
    head = (f"Link {spec.name}, {spec.aws.region}, {spec.aws.vpc}: what a walk {wanted} would do", "")
    azure, silence = _azure(here)
    shown = _down(here, found, azure) if wanted is Wanted.DOWN else _up(here, found, azure)
    return Shown(text=(*head, *silence, *shown.text, "", *_stack(here, wanted)), goes=shown.goes)


def _azure(here: Found) -> tuple[AzureFacts | None, tuple[str, ...]]:
    """The Azure side, or why nothing is known of it."""
    spec, settings = here.settings.spec, here.settings
    try:
        return function.look(spec.azure, plan.azure_ref(spec, settings.deployed)), ()
    except CausewayError as exc:
        found, remedy = azure_rows.explained(exc, spec.azure)
        told = wrap(f"Remedy: {remedy}", 120, subsequent_indent="  ", break_on_hyphens=False)
        return None, (f"Nothing is known of Azure: {found}", *told, "What depends on it is left out.", "")


def _up(here: Found, found: AwsFacts, azure: AzureFacts | None) -> Shown:
    settings = here.settings
    findings = [finding for check in checked.checks(here, found, azure) for finding in check.findings]
    told = (*_told(findings), "") if findings else ()
    refused = any(finding.level is Level.REFUSED for finding in findings)
    heals = here.is_as_declared and found.established
    if refused and not heals:
        return Shown(text=(*told, "Preflight would refuse; nothing would be done."), goes=False)
    if azure is None:
        planned = [step for step in drift.up_of_aws(settings.spec, _alone(found), settings.deployed) if _is_alone(step)]
        last = "A link that was verified heals by Azure as it was seen last; another walk would end in Discover."
        return Shown(text=(*told, *_table(planned), "", last), goes=False)
    held = ("The link was verified as it is declared: a refusal holds back its own step only.", "") if refused else ()
    return Shown(text=(*told, *held, *_table(_planned(here, Facts(aws=found, azure=azure)))), goes=True)


def _planned(here: Found, facts: Facts) -> tuple[Step, ...]:
    """Azure's own steps are left out where a finding names what keeps them from being planned."""
    spec, deployed = here.settings.spec, here.settings.deployed
    try:
        return drift.up(spec, facts, deployed)
    except AzureFailed:
        return drift.up_of_aws(spec, facts, deployed)


def _alone(found: AwsFacts) -> Facts:
    """AWS's side beside an Azure of which nothing is known."""
    nothing = AzureFacts(gateway=None, virtual_networks=(), local_network_gateway=None, connection=None)
    return Facts(aws=found, azure=nothing)


def _is_alone(step: Step) -> bool:
    """Whether the step does not depend on what is behind Azure."""
    alone = (steps.LaunchGateway, steps.DisableSourceDestCheck, steps.AttachElasticIp, steps.TerminateGateway)
    return isinstance(step.action, alone)


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    """Refusals first."""
    for finding in sorted(findings, key=lambda one: list(Level).index(one.level)):
        yield from wrap(f"{finding.level}: {finding}", 120, subsequent_indent="  ", break_on_hyphens=False)


def _down(here: Found, found: AwsFacts, azure: AzureFacts | None) -> Shown:
    settings = here.settings
    ref = plan.azure_ref(settings.spec, settings.deployed)
    return Shown(text=tuple(_table(drift.down(ref, found, azure))), goes=True)


def _table(planned: Sequence[Step]) -> Iterator[str]:
    rows = [(step.state.value, _what(step), step.condition.reason, _known(step.condition.message)) for step in planned]
    return table.lines(_WIDTHS, _HEAD, rows) if rows else iter(["nothing differs"])


def _what(step: Step) -> str:
    """The action and what it is done to, where its reason does not say so."""
    match step.action:
        case steps.AllowInbound(rule=rule) | steps.RevokeInbound(rule=rule):
            return f"{step.verb} {rule.protocol} {rule.from_port}" if rule.from_port else f"{step.verb} all"
        case steps.DeleteRoute(table=name, destination=to) | steps.DisownRoute(table=name, destination=to):
            return f"{step.verb} {name} {to}"
        case _:
            return step.verb


def _known(message: str) -> str:
    return message.replace(str(NOT_ALLOCATED.address), "the new Elastic IP")


def _stack(here: Found, wanted: Wanted) -> Iterator[str]:
    """What CloudFormation does around the walk."""
    name = f"causeway-{here.settings.spec.name}"
    if wanted is Wanted.DOWN:
        yield f"After the walk CloudFormation deletes the stack {name}." if here.stack else f"There is no stack {name}."
    elif not here.is_deployed:
        yield f"The stack {name} is made first; cdk diff shows it."
    else:
        yield f"What CloudFormation itself would change in the stack {name}, cdk diff shows."
        if here.is_as_declared:
            yield "The declared link is the deployed one: cdk deploy starts a walk only if Causeway itself has changed."
