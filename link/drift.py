"""How a link differs from what is wanted: the steps of the next walk. Pure: it imagines the outcome of a step and
plans again.

The walk plans afresh in every state, so a gateway that is only now launched is there when the next state looks.
"""

from collections.abc import Iterator

from link import azure_plan, plan, plan_undo, steps
from link.facts import AwsFacts, AzureFacts, Facts, Gateway
from link.spec import LinkSpec
from link.steps import State, Step
from link.wanted import AzureRef, Deployment

NEW_GATEWAY = "the new gateway"


def up(spec: LinkSpec, facts: Facts, deployed: Deployment) -> tuple[Step, ...]:
    """Every step of a walk up, in its order; none when nothing differs. Raises AzureFailed as azure_plan.steps does."""
    ref = plan.azure_ref(spec, deployed)
    found: list[Step] = []
    for step in _walk(spec, facts, deployed):
        if isinstance(step.action, steps.ConnectAzure):
            found += azure_plan.steps(ref, step.action.wanted, facts.azure)
        else:
            found.append(step)
    return tuple(found)


def up_of_aws(spec: LinkSpec, facts: Facts, deployed: Deployment) -> tuple[Step, ...]:
    """The steps on AWS alone, for when Azure's own have to wait."""
    walked = _walk(spec, facts, deployed)
    return tuple(step for step in walked if not isinstance(step.action, steps.ConnectAzure))


def down(ref: AzureRef, aws: AwsFacts, azure: AzureFacts | None) -> tuple[Step, ...]:
    """Every step of a walk down. The Azure side is left out when nothing is known of it."""
    return (*(azure_plan.steps(ref, None, azure) if azure else ()), *plan_undo.down(aws))


def _walk(spec: LinkSpec, facts: Facts, deployed: Deployment) -> Iterator[Step]:
    for state in State:
        for step in plan.up(spec, facts, deployed):
            if step.state is state:
                yield step
                facts = facts.model_copy(update={"aws": _after(step, facts.aws, spec, deployed)})


def _after(step: Step, found: AwsFacts, spec: LinkSpec, deployed: Deployment) -> AwsFacts:
    """The AWS side once the step is applied, as far as later states decide by it."""
    match step.action:
        case steps.LaunchGateway(places=places):
            new = Gateway(
                id=NEW_GATEWAY,
                state="running",
                instance_type=spec.aws.instance_type,
                image=spec.aws.image_or_default,
                agent=deployed.agent,
                subnet=places[0].id if places else spec.aws.gateway_subnet or "",
                interface=NEW_GATEWAY,
                private_address=None,
                source_dest_check=True,
                booted=True,
            )
            return found.model_copy(update={"gateways": (*found.gateways, new)})
        case steps.AttachElasticIp(interface=interface):
            moved = found.elastic_ip.model_copy(update={"interface": interface})
            return found.model_copy(update={"elastic_ip": moved})
        case _:
            return found
