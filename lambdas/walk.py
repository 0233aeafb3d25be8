"""What the states of the walk share: the event's shape, one look, and applying the steps that belong to a state."""

from typing import Any

from aws_lambda_powertools import Logger

from lambdas.clouds import apply as cloud
from lambdas.clouds import aws
from lambdas.clouds.walks import Answer
from lambdas.settings import Settings
from link import plan
from link.facts import AzureFacts, Facts
from link.record import Record
from link.report import Failure
from link.steps import State, Step, Wanted
from link.wanted import AzureWanted, AzureWork

logger = Logger(service="causeway")


class Walk(Record):
    """The state machine's own document. Every state reads it and adds one field; none changes what is there."""

    link: str
    wanted: Wanted
    answer: Answer | None = None
    azure: AzureFacts | None = None
    preflight: dict[str, Any] | None = None
    connected: AzureFacts | None = None
    boot: dict[str, Any] | None = None
    verdict: dict[str, Any] | None = None
    did: dict[str, tuple[str, ...]] = {}
    retired: dict[str, Any] | None = None
    silence: dict[str, Any] | None = None
    error: Failure | None = None


class Event(Record):
    """What a state's function is given."""

    walk: Walk
    execution: str
    token: str | None = None


def parse(event: dict[str, Any], settings: Settings) -> Event:
    """The typed event, with the log keyed by link, spec and execution."""
    parsed = Event.model_validate(event)
    logger.append_keys(link=parsed.walk.link, spec_digest=settings.spec.digest(), execution=parsed.execution)
    return parsed


def steps(event: Event, settings: Settings) -> tuple[Step, ...]:
    """A fresh plan from a fresh look at AWS. The Azure side is as Discover found it."""
    found = aws.look(settings)
    if event.walk.wanted is Wanted.DOWN:
        return plan.down(found)
    if event.walk.azure is None:
        raise ValueError("a walk up reached a state that needs the Azure facts without them")
    facts = Facts(aws=found, azure=event.walk.azure)
    return plan.up(settings.spec, facts, settings.deployment, settings.psk_secret)


def azure_work(event: Event, settings: Settings, wanted: AzureWanted | None) -> AzureWork:
    """What the Function is to make true, and the token by which it answers this state."""
    if event.token is None:
        raise ValueError("a state that waits for the Function needs a task token")
    return AzureWork(
        ref=plan.azure_ref(settings.spec, settings.deployment, settings.psk_secret),
        wanted=wanted,
        task_token=event.token,
    )


def apply(state: State, event: Event, settings: Settings) -> tuple[str, ...]:
    """Applies the steps of one state; returns a sentence for each, or that everything holds already."""
    mine = [step for step in steps(event, settings) if step.state is state]
    for step in mine:
        cloud.apply(step, settings, event.execution)
        logger.info("step applied", step=type(step).__name__, reason=step.reason, because=step.because)
    return tuple(f"{type(step).__name__}: {step.because}" for step in mine) or ("already holds",)
