"""The steps that take a link back: to the gateway that served before a failed walk, or away. Pure."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from link import choose, own_routes, steps
from link.facts import AwsFacts, Gateway
from link.plan import retire_all
from link.steps import State, Step


def kept(facts: AwsFacts, serving: str | None) -> Gateway | None:
    """The gateway that a failed change leaves: the one that served before, or where that is gone, one that can.

    A condemned one is kept only where there is no other.
    """
    eip_interface = facts.elastic_ip.interface
    well = tuple(gateway for gateway in facts.gateways if not gateway.condemned)
    before = tuple(gateway for gateway in well if gateway.id == serving)
    choices = (choose.serving(some, eip_interface) for some in (before, well, facts.gateways))
    return next(filter(None, choices), None)


def restore(facts: AwsFacts, serving: str | None) -> tuple[Step, ...]:
    """The steps that give a link back to the gateway that served it, and end what a failed walk has launched."""
    keep = kept(facts, serving)
    return (*(_given_back(facts, keep) if keep else ()), *retire_all(facts.gateways, keep.id if keep else None))


def _given_back(facts: AwsFacts, keep: Gateway) -> Iterator[Step]:
    """All that a gateway needs to serve: a newcomer, where the one that served is gone, may have none of it yet."""
    message = f"the walk failed, and {keep.id} is what can serve"
    if keep.source_dest_check:
        yield steps.step(State.ATTACH_ELASTIC_IP, steps.DisableSourceDestCheck(keep.interface), "WalkFailed", message)
    if facts.elastic_ip.interface != keep.interface:
        attach = steps.AttachElasticIp(facts.elastic_ip.allocation, keep.interface)
        yield steps.step(State.ATTACH_ELASTIC_IP, attach, "WalkFailed", message)
    for table in facts.route_tables:
        for route in table.routes:
            ours = own_routes.is_ours(table.id, route, facts) and not own_routes.elsewhere(
                facts, table.id, route.destination
            )
            if ours and route.target != keep.interface:
                message = f"{table.id} routes {route.destination} to {route.target or 'nowhere'}"
                action = steps.ReplaceRoute(table.id, route.destination, keep.interface)
                yield steps.of_route(State.ADJUST_ROUTES, action, "WalkFailed", message, table.id, route.destination)


def down(facts: AwsFacts) -> tuple[Step, ...]:
    """The steps that remove the AWS side of the link, in the order of the walk.

    A gateway that ends gives the address back; it is taken off the interface of another only.
    """
    message = "the link goes"
    planned: list[Step] = [_without(facts, *own) for own in sorted(facts.own_routes)]
    planned += retire_all(facts.gateways)
    if facts.elastic_ip.association and facts.elastic_ip.interface not in {one.interface for one in facts.gateways}:
        detach = steps.DetachElasticIp(facts.elastic_ip.association)
        planned.append(steps.step(State.RETIRE_GATEWAY, detach, "LinkNotWanted", message))
    close = [
        steps.step(State.RETIRE_GATEWAY, steps.RevokeInbound(rule), "LinkNotWanted", message) for rule in facts.rules
    ]
    return (*planned, *close)


def _without(facts: AwsFacts, table_id: str, destination: IPv4Network) -> Step:
    """What becomes of one route of the link's when the link goes."""
    state, disown = State.REMOVE_ROUTES, steps.DisownRoute(table_id, destination)
    if own_routes.is_gone(facts, table_id, destination):
        message = f"{table_id} has no route to {destination} any more"
        return steps.of_route(state, disown, "RouteGone", message, table_id, destination)
    if theirs := own_routes.elsewhere(facts, table_id, destination):
        message = f"another team has pointed {destination} in {table_id} at {theirs}; it was left"
        return steps.of_route(state, disown, "RouteNotOurs", message, table_id, destination)
    delete = steps.DeleteRoute(table_id, destination)
    return steps.of_route(state, delete, "LinkNotWanted", "the link goes", table_id, destination)
