"""A link that was verified heals past what stands in its way: what can be right becomes right, and nothing else moves.

What can be right is computed by tests/link/possible.py, without the plan. `make prove` tries ten thousand worlds.
"""

from ipaddress import IPv4Network

from hypothesis import event, given

from link.facts import AzureFacts
from tests.link import possible, walked
from tests.link.obstacles import CONDEMNED, OBSTACLES, Case, case, make_right, stage
from tests.link.possible import Start
from tests.link.simulator import World
from tests.link.test_convergence import foreign, prove

# One for each of: a boot that fails, two zones in which none succeeds, a route that another one had to leave first.
WALKS = 5


def lost_to_no_one(world: World, azure: AzureFacts | None, start: Start) -> set[str]:
    """All that is foreign, but for routes that the link wants and recorded, and that another team has repointed."""
    wanted = set(possible.ranges(world, azure, start).prefixes) if azure else set()
    taken = {
        f"{table.id} {prefix} {found.target}"
        for table in possible.routed(world)
        for prefix in {*wanted, *world.azure.prefixes}
        if (found := possible.route(table, prefix)) and (table.id, prefix) in world.aws.own_routes
    }
    return foreign(world) - taken


def paths(world: World, prefixes: set[IPv4Network]) -> set[tuple[str, IPv4Network]]:
    """The routes that carry: recorded as the link's, to an instance that has booted, forwards and has the address."""
    bearers = {
        one.interface
        for one in world.aws.gateways
        if possible.works(one) and not one.source_dest_check and one.interface == world.aws.elastic_ip.interface
    }
    return {
        (table.id, prefix)
        for table in world.aws.route_tables
        for prefix in prefixes
        if (found := possible.route(table, prefix))
        and found.target in bearers
        and not found.blackhole
        and (table.id, prefix) in world.aws.own_routes
    }


def behind(case: Case) -> set[IPv4Network]:
    """The prefixes that are behind Azure, in a network that is there or of which nothing says that it is gone."""
    world, azure = case.world, possible.believed(case.world)
    if azure is None:
        return {destination for _, destination in world.aws.own_routes}
    return set(possible.ranges(world, azure, Start.of(world)).prefixes)


def still_carried(world: World, before: set[tuple[str, IPv4Network]]) -> bool:
    """By the bearer of the address or, while a gateway is replaced, by another that forwards."""
    forwarding = {one.interface for one in world.aws.gateways if possible.works(one) and not one.source_dest_check}
    tables = {table.id: table for table in world.aws.route_tables}
    led = [possible.route(tables[id], prefix) for id, prefix in before]
    return not before or (
        world.aws.elastic_ip.interface in forwarding
        and all(one is not None and one.target in forwarding and not one.blackhole for one in led)
    )


def live(case: Case, silent: bool) -> list[str]:
    """Walks until nothing that can be right is wrong, each followed by time. What must not move is watched."""
    world = case.world
    world.silent = silent
    start, azure, writes = Start.of(world), possible.believed(world), len(world.written)
    theirs, carried = lost_to_no_one(world, azure, start), paths(world, behind(case))

    peers_known = azure is not None and azure.gateway is not None and bool(azure.gateway.addresses)
    ike = {rule for rule in world.aws.rules if rule.from_port in possible.IKE_PORTS}
    published = world.aws.published_version

    def watch(now: World) -> None:
        assert peers_known or (ike <= set(now.aws.rules) and published == now.aws.published_version), now.done
        assert theirs <= foreign(now), now.done
        assert still_carried(now, carried), now.done
        assert not silent or len(now.written) == writes

    world.watch = watch
    before, said = world.facts, list[str]()
    ends = possible.walk_can_end(world, start)
    for _ in range(WALKS):
        was_right = azure is not None and possible.azure_is_right(world, possible.ranges(world, azure, start))
        written = len(world.written)
        said.append(walked.walk_up(world))
        assert not was_right or len(world.written) == written, world.written
        world.settle()
        if azure is not None and not possible.wrong(world, start, ends=ends):
            break
    if azure is None:
        assert world.facts.aws == before.aws
        return said
    assert possible.wrong(world, start, ends=ends) == [], (said, world.done)
    return said


@prove
@given(case())
def test_what_can_be_right_becomes_right_past_any_finding_silence_and_full_zone(case: Case) -> None:
    case.put()
    case.world.settle()
    for silent in case.silences:
        said = live(case, silent)
        event(said[-1].split(":")[0])
    once = case.world.facts
    if walked.walk_up(case.world) == "up":
        assert case.world.facts == once


def test_a_gateway_whose_routes_cannot_be_moved_is_not_replaced_for_a_change() -> None:
    world = stage()
    make_right(world)
    world.each_gateway(world.aws.gateways[0].interface, agent="of an older release")
    OBSTACLES["ReplaceRoute denied"][0](world)
    before = world.aws.gateways
    live(Case(world, (), (False,), whole=True), silent=False)
    assert world.aws.gateways == before


def test_a_walk_that_fails_leaves_the_new_gateway_where_the_old_one_was_condemned() -> None:
    """Azure refuses what it is asked for, and the gateway is dead: only the new one can serve."""
    world = stage()
    make_right(world)
    world.each_gateway(world.aws.gateways[0].interface, condemned=CONDEMNED)
    assert world.azure.connection is not None
    changed = world.azure.connection.model_copy(update={"key_matches": False})
    world.azure = world.azure.model_copy(update={"connection": changed})
    OBSTACLES["VPN gateway Failed"][0](world)
    live(Case(world, (), (False,), whole=True), silent=False)
    assert [one.condemned for one in world.aws.gateways] == [None]
