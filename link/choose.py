"""Choices among what was found: which subnets are public, which tables are private, which instance is the gateway."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Misfit:
    """Why an instance cannot be the link's gateway and a new one must: one CamelCase word and one sentence."""

    reason: str
    because: str


def misfit(spec: LinkSpec, agent: str, found: Gateway) -> Misfit | None:
    """What about a gateway only another instance can change. `agent` is the version of the user data."""
    side = spec.aws
    if found.condemned:
        reason, _, because = found.condemned.partition(": ")
        return Misfit(reason, because)
    if found.instance_type != side.instance_type:
        return Misfit("InstanceTypeDiffers", f"{found.id} is a {found.instance_type}, wanted is {side.instance_type}")
    if found.image != side.image_or_default:
        return Misfit("ImageDiffers", f"{found.id} was launched from {found.image}, wanted is {side.image_or_default}")
    if found.agent != agent:
        return Misfit("AgentDiffers", f"{found.id} runs agent {found.agent}, this version of Causeway has {agent}")
    if side.gateway_subnet and found.subnet != side.gateway_subnet:
        return Misfit("SubnetDiffers", f"{found.id} is in {found.subnet}, wanted is {side.gateway_subnet}")
    return None


def gateway(spec: LinkSpec, agent: str, gateways: tuple[Gateway, ...], bearer: str | None = None) -> Gateway | None:
    """The gateway that the link wants: as declared, alive, if possible booted, and bearing the Elastic IP."""
    return _best([found for found in gateways if misfit(spec, agent, found) is None], bearer)


def awaited(spec: LinkSpec, agent: str, gateways: tuple[Gateway, ...], bearer: str | None = None) -> Gateway | None:
    """The gateway whose boot a walk waits for: the one that the link wants, so that no other is booted in its place.

    One that told of a failure meanwhile is still the one to ask.
    """
    fitting = [found for found in gateways if misfit(spec, agent, found) is None and found.state in ALIVE]
    return min(fitting, key=lambda one: (one.failed, not one.booted, one.interface != bearer, one.id), default=None)


def serving(gateways: tuple[Gateway, ...], bearer: str | None) -> Gateway | None:
    """The gateway that carries the link now or could, whatever it was launched from."""
    return _best([found for found in gateways if found.booted], bearer)


def _best(gateways: list[Gateway], bearer: str | None) -> Gateway | None:
    alive = [found for found in gateways if found.state in ALIVE and not found.failed]
    return min(alive, key=lambda one: (not one.booted, one.interface != bearer, one.id), default=None)
