"""Choices among what was found: which subnets are public, which tables are private, which instance is the gateway."""

from collections.abc import Iterable
from ipaddress import IPv4Network

from link.condition import Condition
from link.facts import AwsFacts, Gateway, Route, RouteTable, Subnet
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


def _is_availability_zone(zone: str, region: str) -> bool:
    """A region's name and one letter. Local and Wavelength Zones have longer names ("Regions and Zones", EC2 guide).

    Their network border group is another than the region's, so the Elastic IP could not be attached there.
    """
    letter = zone.removeprefix(region)
    return letter != zone and len(letter) == 1 and letter.isalpha()


def public_subnets(spec: LinkSpec, facts: AwsFacts) -> tuple[Subnet, ...]:
    """Subnets whose default route is the internet gateway, ordered by zone and id so that a choice is stable."""
    ordered = sorted(facts.subnets, key=lambda subnet: (subnet.zone, subnet.id))
    return tuple(
        subnet
        for subnet in ordered
        if _is_availability_zone(subnet.zone, spec.aws.region)
        and (table := _table_of(subnet.id, facts))
        and _is_public(table)
    )


def places(spec: LinkSpec, facts: AwsFacts, agent: str, offering: frozenset[str] | None = None) -> tuple[Subnet, ...]:
    """Where a new gateway may be launched, in the order in which it is tried. A declared subnet is the only one.

    Zones that offer the type come first. A gateway that is replaced by a change stays in its zone. A zone whose gateway
    died, stayed silent or failed goes behind those that were tried longer ago. A zone's second subnet is tried last.
    """
    if spec.aws.gateway_subnet:
        return tuple(subnet for subnet in facts.subnets if subnet.id == spec.aws.gateway_subnet)
    public = public_subnets(spec, facts)
    rank = _zone_ranks(spec, facts, agent)
    nth: dict[str, int] = {}
    ordered = []
    for subnet in public:
        nth[subnet.zone] = nth.get(subnet.zone, -1) + 1
        offers = offering is None or subnet.zone in offering
        ordered.append((not offers, nth[subnet.zone], rank.get(subnet.zone, 0), subnet.zone, subnet.id, subnet))
    return tuple(subnet for *_, subnet in sorted(ordered, key=lambda one: one[:-1]))


def _zone_ranks(spec: LinkSpec, facts: AwsFacts, agent: str) -> dict[str, int]:
    """Lower is tried earlier; a zone without a rank has 0."""
    zone_of = {subnet.id: subnet.zone for subnet in facts.subnets}
    active = serving(facts.gateways, facts.elastic_ip.interface)
    why = misfit(spec, agent, active) if active else None
    ranks = {zone: number for number, zone in enumerate(facts.launched_zones, start=1)}
    if active and why and why.reason in CHANGES:
        return ranks | {zone_of.get(active.subnet, ""): -1}
    ill = {zone_of.get(one.subnet, "") for one in facts.gateways if one.failed or one.condemned}
    return ranks | {zone: len(ranks) + 1 for zone in ill}


def private_tables(spec: LinkSpec, facts: AwsFacts) -> tuple[RouteTable, ...]:
    """The tables that get a route to Azure: the declared ones, else all that serve a subnet and are not public."""
    if spec.aws.route_tables is not None:
        return tuple(table for table in facts.route_tables if table.id in spec.aws.route_tables)
    serving = {table.id for subnet in facts.subnets if (table := _table_of(subnet.id, facts))}
    return tuple(table for table in facts.route_tables if table.id in serving and not _is_public(table))


def routed_tables(spec: LinkSpec, facts: AwsFacts) -> tuple[RouteTable, ...]:
    """The tables in which the link keeps its routes: the private ones.

    When none is private any more, which preflight reports as NoRouteTable, those that have the link's routes keep them.
    """
    recorded = {table for table, _ in facts.own_routes}
    return private_tables(spec, facts) or tuple(table for table in facts.route_tables if table.id in recorded)


# What makes a gateway that works another than the declared one.
CHANGES = ("InstanceTypeDiffers", "ImageDiffers", "AgentDiffers", "SubnetDiffers")


def misfit(spec: LinkSpec, agent: str, found: Gateway) -> Condition | None:
    """What about a gateway only another instance can change. `agent` is the version of the user data."""
    if found.condemned:
        return found.condemned
    side = spec.aws
    right = {
        "InstanceTypeDiffers": (found.instance_type, side.instance_type, "is a {}, wanted is {}"),
        "ImageDiffers": (found.image, side.image_or_default, "was launched from {}, wanted is {}"),
        "AgentDiffers": (found.agent, agent, "runs agent {}, this version of Causeway has {}"),
        "SubnetDiffers": (found.subnet, side.gateway_subnet or found.subnet, "is in {}, wanted is {}"),
    }
    for reason, (has, wanted, words) in right.items():
        if has != wanted:
            return Condition(reason=reason, message=f"{found.id} {words.format(has, wanted)}")
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


def alive(gateways: Iterable[Gateway]) -> tuple[Gateway, ...]:
    """Those that work or may yet."""
    return tuple(found for found in gateways if found.state in ALIVE and not found.failed)


def _best(gateways: list[Gateway], bearer: str | None) -> Gateway | None:
    return min(alive(gateways), key=lambda one: (not one.booted, one.interface != bearer, one.id), default=None)
