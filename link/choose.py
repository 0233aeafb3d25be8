"""Choices among what was found: which subnets are public, which tables are private, which instance is the gateway."""

from ipaddress import IPv4Network

from link.facts import AwsFacts, Gateway, Route, RouteTable
from link.spec import LinkSpec

ANYWHERE = IPv4Network("0.0.0.0/0")
ALIVE = ("pending", "running")


def route_to(table: RouteTable, destination: IPv4Network) -> Route | None:
    """The table's route for exactly this destination."""
    return next((route for route in table.routes if route.destination == destination), None)


def _is_public(table: RouteTable) -> bool:
    default = route_to(table, ANYWHERE)
    return default is not None and default.target.startswith("igw-")


def _table_of(subnet: str, facts: AwsFacts) -> RouteTable | None:
    explicit = next((table for table in facts.route_tables if subnet in table.subnets), None)
    return explicit or next((table for table in facts.route_tables if table.main), None)


def public_subnets(facts: AwsFacts) -> tuple[str, ...]:
    """Subnets whose default route is the internet gateway, ordered by zone and id so that a choice is stable."""
    ordered = sorted(facts.subnets, key=lambda subnet: (subnet.zone, subnet.id))
    return tuple(subnet.id for subnet in ordered if (table := _table_of(subnet.id, facts)) and _is_public(table))


def gateway_subnet(spec: LinkSpec, facts: AwsFacts, zones: frozenset[str] | None = None) -> str:
    """Where a new gateway is launched, if possible in one of `zones`. Preflight has made sure that there is one."""
    public = public_subnets(facts)
    zone_of = {subnet.id: subnet.zone for subnet in facts.subnets}
    offering = [subnet for subnet in public if zones is None or zone_of[subnet] in zones]
    return spec.aws.gateway_subnet or (*offering, *public)[0]


def private_tables(spec: LinkSpec, facts: AwsFacts) -> tuple[RouteTable, ...]:
    """The tables that get a route to Azure: the declared ones, else all that serve a subnet and are not public."""
    if spec.aws.route_tables is not None:
        return tuple(table for table in facts.route_tables if table.id in spec.aws.route_tables)
    serving = {table.id for subnet in facts.subnets if (table := _table_of(subnet.id, facts))}
    return tuple(table for table in facts.route_tables if table.id in serving and not _is_public(table))


def gateway(facts: AwsFacts) -> Gateway | None:
    """The gateway: alive, and preferably booted, bearing the Elastic IP; then by id, so that a choice is stable."""
    return gateway_of(facts.gateways, facts.elastic_ip.interface)


def gateway_of(gateways: tuple[Gateway, ...], bearer: str | None) -> Gateway | None:
    """The same choice from instances alone, when it is known or does not matter who bears the Elastic IP."""
    alive = [gateway for gateway in gateways if gateway.state in ALIVE]
    return min(alive, key=lambda one: (not one.booted, one.interface != bearer, one.id), default=None)
