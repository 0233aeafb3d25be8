"""What a walk would do, state by state, as lines for a person. Pure: it imagines the outcome of a step and plans again.

The walk plans afresh in every state, so a gateway that is only now launched is there when the next state looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from link import azure_plan, plan, steps
from link.facts import NOT_ALLOCATED, AwsFacts, AzureFacts, Facts, Gateway, VpnGateway
from link.spec import LinkSpec
from link.steps import State
from link.wanted import AzureRef, Deployment

NEW_GATEWAY = "the new gateway"
_ONLY_OF_AWS = (steps.LaunchGateway, steps.DisableSourceDestCheck, steps.AttachElasticIp, steps.TerminateGateway)


@dataclass(frozen=True)
class Line:
    """One step: where in the walk, what, and why."""

    state: State
    step: str
    reason: str
    because: str


def up(spec: LinkSpec, facts: Facts, deployed: Deployment) -> tuple[Line, ...]:
    """Every step of a walk up, in its order; none when nothing differs. Preflight has found no refusal."""
    ref = plan.azure_ref(spec, deployed)
    lines: list[Line] = []
    for step in _walk(spec, facts, deployed):
        if isinstance(step, steps.ConnectAzure):
            lines += [_azure_line(step.state, one) for one in azure_plan.steps(ref, step.wanted, facts.azure)]
        else:
            lines.append(_line(step))
    return tuple(lines)


def up_of_aws(spec: LinkSpec, aws: AwsFacts, deployed: Deployment) -> tuple[Line, ...]:
    """The steps that do not depend on what is behind Azure, for when nothing is known of it."""
    gateway = VpnGateway(id="", location="", sku="", vpn_type="", provisioning_state="", addresses=())
    azure = AzureFacts(gateway=gateway, virtual_networks=(), local_network_gateway=None, connection=None)
    walked = _walk(spec, Facts(aws=aws, azure=azure), deployed)
    return tuple(_line(step) for step in walked if isinstance(step, _ONLY_OF_AWS))


def down(ref: AzureRef, aws: AwsFacts, azure: AzureFacts | None) -> tuple[Line, ...]:
    """Every step of a walk down. The Azure side is left out when nothing is known of it."""
    removals = azure_plan.steps(ref, None, azure) if azure else ()
    return (
        *(_azure_line(State.DISCONNECT_AZURE, step) for step in removals),
        *(_line(step) for step in plan.down(aws)),
    )


def _walk(spec: LinkSpec, facts: Facts, deployed: Deployment) -> Iterator[steps.Step]:
    for state in State:
        for step in plan.up(spec, facts, deployed):
            if step.state is state:
                yield step
                facts = facts.model_copy(update={"aws": _after(step, facts.aws, spec, deployed)})


def _after(step: steps.Step, found: AwsFacts, spec: LinkSpec, deployed: Deployment) -> AwsFacts:
    """The AWS side once the step is applied, as far as later states decide by it."""
    match step:
        case steps.LaunchGateway():
            new = Gateway(
                id=NEW_GATEWAY,
                state="running",
                instance_type=spec.aws.instance_type,
                image=spec.aws.image_or_default,
                agent=deployed.agent,
                subnet=step.subnet,
                interface=NEW_GATEWAY,
                private_address=None,
                source_dest_check=True,
                booted=True,
            )
            return found.model_copy(update={"gateways": (*found.gateways, new)})
        case steps.AttachElasticIp():
            moved = found.elastic_ip.model_copy(update={"interface": step.interface})
            return found.model_copy(update={"elastic_ip": moved})
        case _:
            return found


def _line(step: steps.Step) -> Line:
    return Line(state=step.state, step=_name(step), reason=step.reason, because=_known(step.because))


def _azure_line(state: State, step: azure_plan.AzureStep) -> Line:
    return Line(state=state, step=type(step).__name__, reason=step.reason, because=_known(step.sentence))


def _known(sentence: str) -> str:
    return sentence.replace(str(NOT_ALLOCATED.address), "the new Elastic IP")


def _name(step: steps.Step) -> str:
    """The step's kind and what it is done to, where its reason does not say so."""
    kind = type(step).__name__
    match step:
        case steps.AllowInbound(rule=rule) | steps.RevokeInbound(rule=rule) | steps.CloseInbound(rule=rule):
            return f"{kind} {rule.protocol} {rule.from_port}" if rule.from_port else f"{kind} all"
        case steps.RemoveRoute() | steps.ForgetRoute() | steps.LeaveRoute() | steps.DropRoute() | steps.GiveUpRoute():
            return f"{kind} {step.table} {step.destination}"
        case _:
            return kind
