"""Which routes are the link's, and what became of those that it has recorded. Pure."""

from ipaddress import IPv4Network

from link import choose
from link.facts import AwsFacts, Route


def is_gone(facts: AwsFacts, table_id: str, destination: IPv4Network) -> bool:
    """Whether a recorded route is not there any more, or not even its table."""
    table = next((table for table in facts.route_tables if table.id == table_id), None)
    return table is None or choose.route_to(table, destination) is None


def elsewhere(facts: AwsFacts, table_id: str, destination: IPv4Network) -> str | None:
    """The target of a recorded route that another team has pointed elsewhere; None for one that is still the link's.

    A black hole to an instance or interface may lead to a gateway of the link's that has ended.
    """
    table = next((table for table in facts.route_tables if table.id == table_id), None)
    route = choose.route_to(table, destination) if table else None
    ours = {gateway.interface for gateway in facts.gateways if gateway.interface}
    if route is None or route.target in ours or (route.blackhole and route.target.startswith(("eni-", "i-"))):
        return None
    return route.target or "something unknown"


def is_ours(table: str, route: Route, facts: AwsFacts) -> bool:
    """Whether a route is recorded as the link's, or leads to one of its gateways."""
    ours = {gateway.interface for gateway in facts.gateways if gateway.interface}
    return route.target in ours or (table, route.destination) in facts.own_routes
