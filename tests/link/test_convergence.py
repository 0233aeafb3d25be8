"""From any world a walk or two reach "nothing differs", touch nothing foreign, and never cut a path that is healthy.

`make test` tries some hundred worlds, `make prove` ten thousand.
"""

import os
from contextlib import suppress
from random import Random

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from link import azure_plan, choose, drift, errors, plan
from link.facts import Facts
from link.steps import State
from tests import worlds
from tests.link import walked, wild
from tests.link.simulator import World

EXAMPLES = int(os.environ.get("PROVE_WORLDS", "200"))
# A human's to mend: what is not ours stands where ours should, or the Azure gateway cannot serve.
FOR_A_HUMAN = ("RouteTaken", "GatewayFailed", "ForeignLocalNetworkGateway", "ForeignConnection", "GatewayProvisioning")

prove = settings(
    max_examples=EXAMPLES,
    derandomize=True,  # the same worlds each time
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def foreign(world: World) -> set[str]:
    """All that is not the link's: routes that lead elsewhere, and Azure resources without its tags."""
    routes = {
        f"{table.id} {route.destination} {route.target}"
        for table in world.aws.route_tables
        for route in table.routes
        # A black hole that was ours may have led to a gateway that has ended.
        if route.target in (*wild.FOREIGN_TARGETS, "local", "igw-1")
        and not (route.blackhole and route.target[:2] == "en")
    }
    azure = (world.azure.local_network_gateway, world.azure.connection)
    return routes | {one.model_dump_json() for one in azure if one is not None and not one.ours}


def put_back(world: World) -> set[str]:
    """The routes of the link that lead elsewhere and are wanted: what made them lead there is undone."""
    return {
        f"{table.id} {prefix} {route.target}"
        for table in choose.private_tables(world.spec, world.aws)
        for prefix in world.azure.prefixes
        if (route := choose.route_to(table, prefix)) and (table.id, prefix) in world.aws.own_routes
    }


def carries(world: World) -> bool:
    """A booted instance bears the address, and every route that the link wants leads to a booted one that forwards."""
    booted = {
        one.interface
        for one in world.aws.gateways
        if one.booted and one.state == "running" and not one.source_dest_check
    }
    tables = choose.private_tables(world.spec, world.aws)
    routes = [choose.route_to(table, prefix) for table in tables for prefix in world.azure.prefixes]
    led = all(route is not None and route.target in booted and not route.blackhole for route in routes)
    return world.aws.elastic_ip.interface in booted and led


def make_healthy(world: World) -> None:
    """The first instance has booted and carries everything; all else stays as it was drawn."""
    world.change_aws(established_in=world.spec.aws.vpc)
    if not world.aws.gateways:
        return
    bearer = world.aws.gateways[0]
    world.each_gateway(bearer.interface, state="running", booted=True, failed=False, source_dest_check=False)
    borne = {"interface": bearer.interface, "association": "eipassoc-0"}
    world.change_aws(elastic_ip=world.aws.elastic_ip.model_copy(update=borne))
    for table in choose.private_tables(world.spec, world.aws):
        for prefix in world.azure.prefixes:
            world.point(table.id, worlds.route(str(prefix), bearer.interface))


@prove
@given(wild.world(), st.booleans())
def test_any_world_is_as_wanted_after_two_walks_and_nothing_foreign_or_healthy_suffers(
    world: World, healthy: bool
) -> None:
    if healthy:
        make_healthy(world)
    carried, theirs, before = world.aws.established and carries(world), foreign(world) - put_back(world), world.facts

    def watch(now: World) -> None:
        assert theirs <= foreign(now)
        assert carries(now) or not carried, now.done

    world.watch = watch
    said = [walked.walk_up(world)]
    event(f"{said[0].split(':')[0]}, {'carries' if carried else 'down'}")
    if said[0].startswith("Refused"):
        assert world.facts == before
    while not for_a_human(said[-1], world, before) and left(world) and len(said) < (2 if said[0] == "up" else 4):
        world.settle()
        said.append(walked.walk_up(world))
    if for_a_human(said[-1], world, before):
        return
    assert left(world) == [], said
    once = world.facts
    assert walked.walk_up(world) == "up"
    assert world.facts == once


def left(world: World) -> list[tuple[str, str]]:
    """What differs still and could be right: all, but Azure's side where another team's resource is in its place."""
    facts = world.facts
    steps = list(drift.up_of_aws(world.spec, facts, world.deployed))
    wanted = plan.azure_wanted(world.spec, facts, world.deployed.id)
    with suppress(errors.AzureFailed):
        steps += azure_plan.steps(world.ref, wanted, world.azure)
    return [(step.verb, step.condition.reason) for step in steps]


def for_a_human(said: str, world: World, before: Facts) -> bool:
    """Somebody else's thing stands where the link's should, or the Azure gateway is ill. No route was ours before."""
    taken = [
        (table.id, route)
        for table in choose.private_tables(world.spec, world.aws)
        for route in table.routes
        if route.destination in world.azure.prefixes and (table.id, route.destination) not in world.aws.own_routes
    ]
    ours = [id for id, route in taken if (id, route.destination) in before.aws.own_routes]
    theirs = [id for id, route in taken if route.target in wild.FOREIGN_TARGETS]
    return any(word in said for word in FOR_A_HUMAN) and set(ours) <= set(theirs)


@prove
@given(wild.world(), st.randoms(use_true_random=False))
def test_the_same_world_always_gives_the_same_plan_and_a_preview_of_what_the_walk_does(
    world: World, order: Random
) -> None:
    """Whatever the order in which the clouds list what there is."""
    lists = ("cidrs", "subnets", "route_tables", "rules", "gateways")
    shuffled = {name: tuple(order.sample(getattr(world.aws, name), len(getattr(world.aws, name)))) for name in lists}
    aws = world.aws.model_copy(update=shuffled)
    one = plan.up(world.spec, world.facts, world.deployed)
    other = plan.up(world.spec, Facts(aws=aws, azure=world.azure), world.deployed)
    assert sorted(map(repr, one)) == sorted(map(repr, other))
    assert [step.state for step in one] == [step.state for step in other]
    world.boots, world.azure_fails = [], 0
    with suppress(errors.AzureFailed):
        lines = [(line.state, line.verb, line.condition.reason) for line in world.differences()]
        if walked.walk_up(world) == "up":
            assert world.done == [line for line in lines if line[0] is not State.CONNECT_AZURE]
