"""What the states of the walk share: the event's shape, the lock, one look, and applying the steps of a state."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.clouds import apply as cloud
from lambdas.clouds import aws, locks, table, walks
from lambdas.clouds.errors import unless_refused
from lambdas.clouds.walks import Answer
from lambdas.settings import Settings
from link import choose, known, lock, plan, plan_undo, report
from link.condition import Condition
from link.errors import CausewayError, CloudBusy, CloudRefused, LinkBusy
from link.facts import AwsFacts, AzureFacts, Facts
from link.known import Known
from link.record import Record
from link.steps import Goal, State, Step, Wanted, Why, is_single
from link.wanted import AzureRef, AzureWanted, AzureWork

logger = Logger(service="causeway")


class Found(Record):
    """What Discover hands on: the Azure side, whether the link has been up before, and which instance serves it.

    `asked` is how often a look had been wished for when the walk began: what was wished later, it may not have seen.
    `changed`: a person has changed the declaration since the link was verified last. `silence`: why Azure could not be
    seen; `azure` is then as it was seen last, and Azure's own steps wait.
    """

    azure: AzureFacts
    established: bool
    serving: str | None
    asked: int = 0
    changed: bool = False
    silence: Condition | None = None

    @property
    def heals(self) -> bool:
        """The link has been up as it is declared: what stands in the way holds back its own step, and no other."""
        return self.established and not self.changed


class Checked(Record):
    """What Preflight hands on: what a person should know, and the zones that offer the instance type, if known."""

    warnings: tuple[str, ...]
    zones: tuple[str, ...] | None = None


class Walk(Record):
    """The state machine's own document. Every state reads it and adds one field; none changes what is there."""

    link: str
    wanted: Wanted
    answer: Answer | None = None
    why: Why | None = None
    reset: bool = False
    found: Found | None = None
    preflight: Checked | None = None
    connected: AzureFacts | None = None
    boot: dict[str, Any] | None = None
    verdict: dict[str, Any] | None = None
    did: dict[State, tuple[report.Done, ...]] = {}
    retired: dict[str, Any] | None = None
    silence: dict[str, Any] | None = None
    failed: dict[State, report.Failure] = {}

    @property
    def goal(self) -> Goal:
        """What is wanted, until a state fails: then the way back, which for a link that has been up is not away."""
        if self.wanted is Wanted.DOWN:
            return Goal.DOWN
        if not self.failed:
            return Goal.UP
        return Goal.RESTORE if self.found and self.found.established else Goal.DOWN


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


def begin(event: dict[str, Any], settings: Settings) -> Event:
    """The typed event, once this walk holds the link's lock. Raises LinkBusy while another does."""
    parsed = parse(event, settings)
    if not locks.take(settings.table, parsed.execution):
        _inherit_lock(parsed.execution, settings)
    return parsed


def _inherit_lock(execution: str, settings: Settings) -> None:
    holder = locks.holder(settings.table)
    free = holder and lock.is_free(walks.ended_at(settings.state_machine, holder), datetime.now(UTC))
    if not (holder and free and locks.inherit(settings.table, execution, holder)):
        raise LinkBusy(f"walk {holder or 'nobody knows which'} is at work on this link, or was until just now")


def look(event: Event, settings: Settings) -> Facts:
    """A fresh look at AWS. The Azure side is as Discover found it."""
    return Facts(aws=aws.look(settings), azure=found(event).azure)


def found(event: Event) -> Found:
    """What Discover handed on."""
    if event.walk.found is None:
        raise ValueError("a walk up reached a state that needs what Discover found without it")
    return event.walk.found


def keep_known(settings: Settings, seen: AzureFacts, kept: Known | None = None) -> None:
    """Keeps a good observation of Azure, where it says more than the one that is kept."""
    new = known.of(seen, plan.azure_ref(settings.spec, settings.deployed), datetime.now(UTC), kept)
    if new and known.is_due(kept, new):
        unless_refused(lambda: table.keep_known(settings.table, new))


def steps(event: Event, settings: Settings) -> tuple[Step, ...]:
    """A fresh plan from a fresh look."""
    match event.walk.goal:
        case Goal.UP:
            zones = event.walk.preflight.zones if event.walk.preflight else None
            offering = frozenset(zones) if zones is not None else None
            facts = look(event, settings)
            return plan.up(settings.spec, facts, settings.deployed, offering, reset=event.walk.reset)
        case Goal.RESTORE:
            serving = event.walk.found.serving if event.walk.found else None
            return plan_undo.restore(aws.look(settings), serving)
        case Goal.DOWN:
            return plan_undo.down(aws.look(settings))


def kept(event: Event, settings: Settings, found: AwsFacts) -> str | None:
    """The instance that is no surplus now."""
    match event.walk.goal:
        case Goal.UP:
            agent, bearer = settings.deployed.agent, found.elastic_ip.interface
            gateway = choose.gateway(settings.spec, agent, found.gateways, bearer)
        case Goal.RESTORE:
            gateway = plan_undo.kept(found, event.walk.found.serving if event.walk.found else None)
        case Goal.DOWN:
            gateway = None
    return gateway.id if gateway else None


def azure_work(event: Event, settings: Settings, ref: AzureRef, wanted: AzureWanted | None) -> AzureWork:
    """What the Function is to make true, and the token by which it answers this state."""
    if event.token is None:
        raise ValueError("a state that waits for the Function needs a task token")
    return AzureWork(ref=ref, wanted=wanted, task_token=event.token)


def apply(event: Event, settings: Settings, *states: State) -> list[dict[str, str]]:
    """Applies the steps of these states, and returns what was done. Nothing to do is an empty list.

    What takes away goes on past a step that fails, and raises the first error at its end. So does what heals a link
    that was verified, and it raises nothing where AWS refused one rule or one route: the next look finds it again.
    """
    done, failed = [], []
    for step in [step for step in steps(event, settings) if step.state in states]:
        try:
            cloud.apply(step, settings, event.execution)
            done.append(_told(step))
        except (CloudRefused, CloudBusy) as exc:
            if event.walk.goal is Goal.UP and not _passes(event, step, exc):
                raise
            logger.warning("step refused", step=step.verb, reason=step.condition.reason, why=str(exc))
            done.append({**_told(step), "refused": str(exc)})
            failed += [exc] if event.walk.goal is not Goal.UP else []
    if failed:
        raise failed[0]
    return done


def _passes(event: Event, step: Step, exc: CausewayError) -> bool:
    """Whether a walk goes on past this refusal: it heals, and the step is one rule's or one route's."""
    return found(event).heals and isinstance(exc, CloudRefused) and is_single(step.action)


def _told(step: Step) -> dict[str, str]:
    one = step.condition
    logger.info("step applied", step=step.verb, reason=one.reason, subject=one.subject, said=one.message)
    return {"step": step.verb, "reason": one.reason, "subject": one.subject, "message": one.message}
