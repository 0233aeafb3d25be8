"""A walk over simulated clouds, state by state, as the state machine goes through them. Decides nothing itself."""

from contextlib import suppress
from dataclasses import dataclass

from link import azure_plan, choose, errors, known, plan, plan_undo, preflight
from link.facts import AzureFacts, Facts
from link.steps import State, is_single
from link.wanted import AzureWanted
from tests import worlds
from tests.link.simulator import World

TURNS = 30  # of the Function; a walk's patience with it has an end


@dataclass(frozen=True)
class Found:
    """What Discover hands on: Azure as it is or as it was seen last, whether this walk heals, and by which remedy."""

    azure: AzureFacts
    silent: bool
    heals: bool
    reset: bool = False


def walk_up(world: World, *, reset: bool = False) -> str:
    """One walk up. Returns "up", or the reason why it failed and was undone, or why it was refused.

    As lambdas/handlers: a first launch is refused whole; a link that was verified heals past what stands in the way.
    """
    world.refused = []
    serving = choose.serving(world.aws.gateways, world.aws.elastic_ip.interface)
    found = _discover(world, reset=reset)
    if found is None:
        return "FunctionUnreachable: nothing is known of Azure"
    facts = Facts(aws=world.aws, azure=found.azure)
    refused = preflight.refusals(preflight.checks(world.spec, facts, world.survey))
    if refused and not found.heals:
        return f"Refused: {refused[0]}"
    try:
        _forward(world, found)
    except errors.CausewayError as exc:
        _undo(world, serving.id if serving else None, established=found.heals)
        return f"{type(exc).__name__}: {exc}"
    _retire(world, found)
    world.aws = world.aws.model_copy(update={"established_in": world.spec.aws.vpc})
    return "up"


def _discover(world: World, *, reset: bool) -> Found | None:
    kept = known.usable(world.known, world.ref)
    heals = world.aws.established
    if not world.silent:
        seen = world.azure
        new = known.of(seen, world.ref, worlds.NOW, kept)
        world.known = new or world.known
        return Found(known.completed(seen, kept), False, heals, reset)
    return Found(kept.azure, True, heals, reset) if kept else None


def _forward(world: World, found: Found) -> None:
    _state(world, found, State.LAUNCH_GATEWAY)
    world.boot()
    _state(world, found, State.ATTACH_ELASTIC_IP)
    taken = preflight.taken_routes(world.spec, Facts(aws=world.aws, azure=found.azure))
    if taken and not found.heals:
        raise errors.Refused(str(taken[0]))
    _state(world, found, State.ADJUST_ROUTES)
    facts = Facts(aws=world.aws, azure=found.azure)
    wanted = plan.azure_wanted(world.spec, facts, world.deployed.id, reset=found.reset)
    if _asks_azure(world, found, wanted):
        _azure(world, wanted)
    if found.heals:
        _state(world, found, State.REPOINT_GATEWAY)


def _asks_azure(world: World, found: Found, wanted: AzureWanted) -> bool:
    """As handlers/connect_azure.py: a walk that heals leaves Azure alone while it is unknown, busy, or right."""
    if not found.heals:
        return True
    if found.silent:
        return False
    try:
        needed = azure_plan.steps(world.ref, wanted, found.azure)
    except errors.AzureFailed:
        return False
    return bool(needed) and not any(isinstance(step.action, azure_plan.Wait) for step in needed)


def _state(world: World, found: Found, state: State) -> None:
    """A fresh plan from a fresh look at AWS, of which this state applies its own steps."""
    facts = Facts(aws=world.aws, azure=found.azure)
    for step in plan.up(world.spec, facts, world.deployed, world.survey.offering_zones):
        if step.state is state:
            try:
                world.act(step)
            except errors.CloudRefused:
                if not (found.heals and is_single(step.action)):
                    raise
                world.refused.append(step)


def _azure(world: World, wanted: AzureWanted | None) -> None:
    """The Function's turns, as azure_functions/turn.py takes them."""
    begun: dict[str, int] = {}
    if world.silent:
        raise errors.FunctionUnreachable("the test says no")
    for _ in range(TURNS):
        left = azure_plan.steps(world.ref, wanted, world.azure, begun)
        if not left:
            return
        first = left[0]
        if not isinstance(first.action, azure_plan.Wait):
            reason = first.condition.reason
            begun[reason] = begun.get(reason, 0) + 1
            if begun[reason] > 3:
                raise errors.AzureFailed(f"{first.condition}, after 3 attempts")
        world.turn(first.action)
    raise errors.AzureFailed("AzureTooSlow: it has no end")


def _retire(world: World, found: Found) -> None:
    for _ in range(3):
        _state(world, found, State.RETIRE_GATEWAY)
        world.settle()


def _restore(world: World, serving: str | None, *states: State) -> None:
    """What gives back goes on past a step that AWS refuses."""
    for step in plan_undo.restore(world.aws, serving):
        if step.state in states:
            with suppress(errors.CloudRefused):
                world.act(step)


def _undo(world: World, serving: str | None, *, established: bool) -> None:
    """As the machine goes on after a failure: back to what served, or away again."""
    if established:
        _restore(world, serving, State.ATTACH_ELASTIC_IP, State.ADJUST_ROUTES)
        _restore(world, serving, State.RETIRE_GATEWAY)
    else:
        _azure(world, None)
        for state in (State.REMOVE_ROUTES, State.RETIRE_GATEWAY):
            for step in plan_undo.down(world.aws):
                if step.state is state:
                    world.act(step)
    world.settle()
