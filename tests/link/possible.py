"""What of a link can be right in a world, computed from what was found and without the plan. An oracle for its proofs.

A value is right where nothing that only a person can change stands in its way: see `wrong`.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Self

from link import ipsec
from link.facts import AzureFacts, Gateway, Route, RouteTable, Rule
from link.wanted import GatewayConfiguration, Tunnel
from tests.link import wild
from tests.link.simulator import World

IKE_PORTS = (500, 4500)
ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Ranges:
    """Between which ranges the link routes."""

    cidrs: tuple[IPv4Network, ...]
    prefixes: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class Start:
    """What was there before the first walk: the routes of the link in tables that are there, and those of others."""

    routed: frozenset[IPv4Network]
    recorded: frozenset[IPv4Network]

    @classmethod
    def of(cls, world: World) -> Self:
        """The world as it is now."""
        tables = {table.id for table in routed(world)}
        own = world.aws.own_routes
        return cls(frozenset(to for table, to in own if table in tables), frozenset(to for _, to in own))


def believed(world: World) -> AzureFacts | None:
    """Azure as the link may take it: as it is seen, else as it was seen last in the same place. None: unknown."""
    kept = world.known.azure if world.known and world.known.ref == world.ref.digest() else None
    if world.silent:
        return kept
    if kept is None or not world.azure.missing_networks:
        return world.azure
    lost = [one for one in kept.virtual_networks if one.id.split("/")[-1] in world.azure.missing_networks]
    return world.azure.model_copy(update={"virtual_networks": (*world.azure.virtual_networks, *lost)})


def ranges(world: World, azure: AzureFacts, start: Start) -> Ranges:
    """A prefix that overlaps another range is carried only if it was before. A later range of the VPC gives way.

    Of a declared network that is missing and was never seen, what is routed may be a prefix, so all of it stays.
    """
    own = {destination for _, destination in world.aws.own_routes}
    there = {network.id.split("/")[-1] for network in azure.virtual_networks}
    behind = {*azure.prefixes, *(start.routed if set(azure.missing_networks) - there else ())}
    kept = []
    for one in sorted(behind):
        others = [*(other for other in behind if other != one), *world.aws.cidrs]
        new = not any(one.overlaps(other) for other in others)
        if new or one in start.routed or (one in start.recorded and one in own):
            kept.append(one)
    cidrs = [cidr for cidr in sorted(world.aws.cidrs) if not any(cidr.overlaps(prefix) for prefix in kept)]
    return Ranges(tuple(cidrs), tuple(kept))


def route(table: RouteTable, destination: IPv4Network) -> Route | None:
    """The table's own row for the destination."""
    found = [one for one in table.routes if one.destination == destination]
    return found[0] if found else None


def _table_of(subnet: str, world: World) -> RouteTable:
    named = [table for table in world.aws.route_tables if subnet in table.subnets]
    return (named or [table for table in world.aws.route_tables if table.main])[0]


def _to_internet(table: RouteTable) -> bool:
    default = route(table, ANYWHERE)
    return default is not None and default.target.startswith("igw-")


def private(world: World) -> tuple[RouteTable, ...]:
    """The tables that serve a subnet and do not lead to the internet by themselves."""
    used = {_table_of(subnet.id, world).id for subnet in world.aws.subnets}
    return tuple(table for table in world.aws.route_tables if table.id in used and not _to_internet(table))


def routed(world: World) -> tuple[RouteTable, ...]:
    """The private tables or, when none is left, those in which the link has routes."""
    own = {table for table, _ in world.aws.own_routes}
    return private(world) or tuple(table for table in world.aws.route_tables if table.id in own)


def zones_with_room(world: World) -> set[str]:
    """Zones in which an instance can be launched now and would boot."""
    survey, side = world.survey, world.spec.aws
    if not survey.images or "LaunchGateway" in world.denied or survey.vcpus is None or survey.instance_type is None:
        return set()
    if survey.vcpus.used + survey.instance_type.vcpus > survey.vcpus.limit:
        return set()
    places = [one for one in world.aws.subnets if side.gateway_subnet in (None, one.id)]
    if side.gateway_subnet is None:
        zoned = [one for one in places if one.zone in {side.region + letter for letter in "abcdef"}]
        places = [one for one in zoned if _to_internet(_table_of(one.id, world))]
    room = {one.zone for one in places} - world.full_zones - world.dead_zones
    return room & survey.offering_zones if survey.offering_zones is not None else room


def works(found: Gateway) -> bool:
    """It runs and has booted."""
    return found.state == "running" and found.booted and not found.failed


def fits(world: World, found: Gateway) -> bool:
    """It works and is as declared."""
    side = world.spec.aws
    is_declared = (found.instance_type, found.image, found.agent) == (
        side.instance_type,
        side.image_or_default,
        world.deployed.agent,
    )
    return works(found) and is_declared and not found.condemned and side.gateway_subnet in (None, found.subnet)


def rules(azure: AzureFacts, between: Ranges) -> set[Rule]:
    """The inbound rules that the link needs."""
    found = {Rule(protocol="-1", from_port=None, to_port=None, cidr=cidr) for cidr in between.cidrs}
    for peer in azure.gateway.addresses if azure.gateway else ():
        for port in IKE_PORTS:
            found.add(Rule(protocol="udp", from_port=port, to_port=port, cidr=IPv4Network(peer)))
    return found


def version(world: World, azure: AzureFacts, between: Ranges) -> str | None:
    """The digest of the configuration that the gateway needs. None: Azure's gateway or its addresses are unknown."""
    if azure.gateway is None or not azure.gateway.addresses:
        return None
    tunnels = tuple(Tunnel(number=n, peer=peer) for n, peer in enumerate(sorted(azure.gateway.addresses), 1))
    address = world.aws.elastic_ip.address
    return GatewayConfiguration(
        link=world.spec.name,
        elastic_ip=address,
        tunnels=tunnels,
        vpc_cidrs=between.cidrs,
        remote_prefixes=between.prefixes,
        psk_secret=world.deployed.psk_secret,
        probe=world.spec.probe,
        ipsec_conf=ipsec.render_conf(address, tunnels, world.spec.policy),
        nftables=ipsec.render_nftables(tunnels, between.cidrs, between.prefixes),
    ).digest()


def azure_is_right(world: World, between: Ranges) -> bool:
    """Azure's local network gateway and connection are as the link needs them."""
    local, connection, gateway = world.azure.local_network_gateway, world.azure.connection, world.azure.gateway
    if local is None or connection is None or gateway is None:
        return False
    tags = {"owner": "network", "causeway-link": "prod", "causeway-deployment": world.deployed.id}
    return (
        (local.address, sorted(local.prefixes)) == (world.aws.elastic_ip.address, list(between.cidrs))
        and {local.provisioning_state, connection.provisioning_state} == {"Succeeded"}
        and connection.gateway.lower() == gateway.id.lower()
        and connection.local_network_gateway.lower() == world.ref.local_network_gateway_id.lower()
        and (connection.protocol, connection.mode) == ("IKEv2", "ResponderOnly")
        and connection.policy == world.spec.policy
        and connection.key_matches is True
        and tags.items() <= local.tags.items()
        and tags.items() <= connection.tags.items()
    )


def _foreign_in_place(world: World) -> bool:
    found = (world.azure.local_network_gateway, world.azure.connection)
    return any(one is not None and not one.ours for one in found)


def azure_can_be_right(world: World) -> bool:
    """Azure is seen, has a gateway that takes changes, and nothing foreign bears the names of the link's resources."""
    seen = not world.silent and world.azure.gateway is not None
    return seen and not world.refuses_writes and not _foreign_in_place(world)


def _stays_in_dead_zone(world: World, found: Gateway) -> bool:
    """A gateway that works and is replaced for a change stays in its zone, also where no other one boots there.

    It serves meanwhile. That a boot failed in its zone is remembered nowhere, so the next walk tries it there again.
    """
    zone = next(subnet.zone for subnet in world.aws.subnets if subnet.id == found.subnet)
    return works(found) and not found.condemned and zone in world.dead_zones - world.full_zones


def _is_led_to(world: World, found: Gateway) -> bool:
    routes = [route for table in world.aws.route_tables for route in table.routes]
    return works(found) and not found.condemned and any(one.target == found.interface for one in routes)


def walk_can_end(world: World, start: Start) -> bool:
    """Nothing refuses what a walk needs to go on: an instance, and each write to Azure that it asks for."""
    azure, there = believed(world), world.aws.gateways
    if azure is None or not (any(fits(world, one) for one in there) or zones_with_room(world)):
        return False
    if not any(fits(world, one) for one in there) and any(_stays_in_dead_zone(world, one) for one in there):
        return False
    if "ReplaceRoute" in world.denied and any(_is_led_to(world, one) for one in there):
        return False  # the gateway that carries stays
    asks = not world.silent and world.azure.gateway is not None and not _foreign_in_place(world)
    return not (asks and world.refuses_writes) or azure_is_right(world, ranges(world, azure, start))


def wrong(world: World, start: Start, *, ends: bool = True) -> list[str]:
    """What of the link is not right and can be. `ends` False: no walk can end, and only the AWS side is asked for."""
    azure = believed(world)
    if azure is None:
        return []
    between = ranges(world, azure, start)
    found = [*_wrong_gateway(world, ends=ends)]
    bearer = next((one for one in world.aws.gateways if one.interface == world.aws.elastic_ip.interface), None)
    if bearer is not None:
        found += _wrong_routes(world, between, bearer, ends=ends)
    found += _wrong_rules(world, azure, between)
    digest = version(world, azure, between)
    if ends and digest not in (None, world.aws.published_version) and "PublishConfiguration" not in world.denied:
        found.append("the published configuration")
    if ends and azure_can_be_right(world) and not azure_is_right(world, between):
        found.append("Azure's side")
    return found


def _wrong_gateway(world: World, *, ends: bool) -> list[str]:
    """One instance, as declared where one can be had, with the address and forwarding."""
    alive = [one for one in world.aws.gateways if one.state in ("pending", "running")]
    room = zones_with_room(world)
    working = [one for one in alive if fits(world, one) or (not ends and works(one) and not (one.condemned and room))]
    if not working:
        return ["the gateway"] if ends or room else []
    bearer = [one for one in working if one.interface == world.aws.elastic_ip.interface]
    found = [] if bearer else ["the Elastic IP"]
    found += ["the source/destination check"] if any(one.source_dest_check for one in bearer) else []
    return found + (["surplus instances"] if ends and len(alive) > 1 else [])


def _wrong_routes(world: World, between: Ranges, bearer: Gateway, *, ends: bool) -> list[str]:
    found = []
    limit = world.routes_per_table
    for table in routed(world):
        is_full = limit is not None and len(table.routes) >= limit
        for prefix in between.prefixes:
            there, own = route(table, prefix), (table.id, prefix) in world.aws.own_routes
            if there is None:
                can = ends and not is_full and "CreateRoute" not in world.denied
            else:
                right = there.target == bearer.interface and (not ends or (own and not there.blackhole))
                of_link = there.target.startswith("eni-") and there.target != wild.FOREIGN
                foreign = there.target != bearer.interface and not (own and (ends or of_link))
                can = not right and not foreign and "ReplaceRoute" not in world.denied
            found += [f"the route {table.id} {prefix}"] if can else []
    return found


def _wrong_rules(world: World, azure: AzureFacts, between: Ranges) -> list[str]:
    needed, there = rules(azure, between), set(world.aws.rules)
    peers = azure.gateway is not None and bool(azure.gateway.addresses)
    missing = needed - there if "AllowInbound" not in world.denied else set()
    foreign = {one for one in there - needed if peers or one.from_port not in IKE_PORTS}
    foreign = foreign if "RevokeInbound" not in world.denied else set()
    return [f"the rule {one.name}" for one in sorted(missing | foreign, key=str)]
