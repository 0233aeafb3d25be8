"""A walk over simulated clouds, state by state, as the state machine goes through them. Decides nothing itself."""

from typing import Any

from link import azure_plan, choose, errors, plan, preflight
from link.facts import AzureFacts, Facts
from link.steps import State
from tests import worlds
from tests.link.simulator import World

TURNS = 30  # of the Function; a walk's patience with it has an end


def walk_up(world: World) -> str:
    """One walk up. Returns "up", or the reason why it failed and was undone, or why it was refused."""
    discovered = world.azure
    serving = choose.serving(world.aws.gateways, world.aws.elastic_ip.interface)
    established = world.aws.established
    refused = preflight.refusals(preflight.checks(world.spec, world.facts, worlds.surveyed()))
    if refused:
        return f"Refused: {refused[0]}"
    try:
        _forward(world, discovered)
    except errors.CausewayError as exc:
        _undo(world, serving.id if serving else None, established=established)
        return f"{type(exc).__name__}: {exc}"
    _retire(world)
    world.aws = world.aws.model_copy(update={"established_in": world.spec.aws.vpc})
    return "up"


def _forward(world: World, discovered: AzureFacts) -> None:
    established = world.aws.established
    _state(world, discovered, State.LAUNCH_GATEWAY)
    world.boot()
    _state(world, discovered, State.ATTACH_ELASTIC_IP)
    if taken := preflight.taken_routes(world.spec, Facts(aws=world.aws, azure=discovered)):
        raise errors.Refused(str(taken[0]))
    _state(world, discovered, State.ADJUST_ROUTES)
    wanted = plan.azure_wanted(world.spec, world.aws, world.deployed.id)
    _azure(world, wanted)
    if established:
        _state(world, discovered, State.REPOINT_GATEWAY)


def _state(world: World, discovered: AzureFacts, state: State) -> None:
    """A fresh plan from a fresh look at AWS, of which this state applies its own steps."""
    for step in plan.up(world.spec, Facts(aws=world.aws, azure=discovered), world.deployed):
        if step.state is state:
            world.act(step)


def _azure(world: World, wanted: Any) -> None:
    """The Function's turns, as azure_functions/turn.py takes them."""
    begun: dict[str, int] = {}
    for _ in range(TURNS):
        left = azure_plan.steps(world.ref, wanted, world.azure, begun)
        if not left:
            return
        first = left[0]
        if not isinstance(first, azure_plan.Wait):
            begun[first.reason] = begun.get(first.reason, 0) + 1
            if begun[first.reason] > 3:
                raise errors.AzureFailed(f"{first.reason}: {first.sentence}, after 3 attempts")
        world.turn(first)
    raise errors.AzureFailed("AzureTooSlow: it has no end")


def _retire(world: World) -> None:
    for _ in range(3):
        _state(world, world.azure, State.RETIRE_GATEWAY)
        world.settle()


def _undo(world: World, serving: str | None, *, established: bool) -> None:
    """As the machine goes on after a failure: back to what served, or away again."""
    if established:
        planned = plan.restore(world.aws, serving)
        for step in planned:
            if step.state in (State.ATTACH_ELASTIC_IP, State.ADJUST_ROUTES):
                world.act(step)
        for step in plan.restore(world.aws, serving):
            if step.state is State.RETIRE_GATEWAY:
                world.act(step)
    else:
        _azure(world, None)
        for state in (State.REMOVE_ROUTES, State.RETIRE_GATEWAY):
            for step in plan.down(world.aws):
                if step.state is state:
                    world.act(step)
    world.settle()
