"""Worlds of a link that was verified, with something in the way: Azure unseen, findings of preflight, full zones.

Each obstacle is named, and says by which reason preflight refuses it. None: preflight does not refuse it here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from link import known
from link.condition import Condition
from link.facts import LocalNetworkGateway, Peered, RouteTable, Rule, Subnet, VirtualNetwork
from link.survey import AclEntry, Permission, Quota
from tests import worlds
from tests.link import possible, wild
from tests.link.simulator import World

PUBLIC = ("subnet-a", "subnet-0000000d", "subnet-0000000e")
LOCAL = "subnet-00000001"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
LOCAL_ZONE = "eu-west-1-lon-1a"
DATA = "/subscriptions/s/vnet/data"
DATA_PREFIX = IPv4Network("10.3.0.0/16")
PROBE = IPv4Address("10.3.0.4")
NEW_PREFIX = IPv4Network("10.9.0.0/16")
NEW_PEER = IPv4Address("203.0.113.9")
DENIABLE = {
    "LaunchGateway": "ec2:RunInstances",
    "CreateRoute": "ec2:CreateRoute",
    "ReplaceRoute": "ec2:ReplaceRoute",
    "AllowInbound": "ec2:AuthorizeSecurityGroupIngress",
    "RevokeInbound": "ec2:RevokeSecurityGroupIngress",
}

CONDEMNED = Condition(reason="GatewayDead", message="it has not reported, and Azure says NotConnected")


def _first_prefix(world: World) -> IPv4Network:
    return world.azure.virtual_networks[0].prefixes[0] if world.azure.virtual_networks else DATA_PREFIX


def _half(cidr: IPv4Network) -> IPv4Network:
    return list(cidr.subnets())[1]


def _azure(world: World, **changes: object) -> None:
    world.azure = world.azure.model_copy(update=changes)


def _vpn(world: World, **changes: object) -> None:
    if world.azure.gateway is not None:
        _azure(world, gateway=world.azure.gateway.model_copy(update=changes))


def _network(world: World, id: str, **changes: object) -> None:
    there = world.azure.virtual_networks
    _azure(world, virtual_networks=tuple(one.model_copy(update=changes) if one.id == id else one for one in there))


def _survey(world: World, **changes: object) -> None:
    world.survey = world.survey.model_copy(update=changes)


def _overlapped_by_vpc(world: World) -> None:
    world.change_aws(cidrs=(*world.aws.cidrs, _half(_first_prefix(world))))


def _peer(world: World, prefix: IPv4Network) -> None:
    _network(world, worlds.NETWORK, transit=(Peered(id="/subscriptions/other/vnet/spoke", prefixes=(prefix,)),))


def _route(world: World, destination: IPv4Network) -> None:
    """Another team's, where none of the link's is."""
    tables = [one for one in possible.private(world) if (one.id, destination) not in world.aws.own_routes]
    if tables:
        world.point(tables[0].id, worlds.route(str(destination), "tgw-1"))


def _missing(world: World, id: str) -> None:
    left = tuple(one for one in world.azure.virtual_networks if one.id != id)
    _azure(world, virtual_networks=left, missing_networks=(*world.azure.missing_networks, id.split("/")[-1]))


def _refuse_writes(world: World, **changes: object) -> None:
    _vpn(world, **changes)
    world.refuses_writes = True


def _foreign_connection(world: World) -> None:
    _azure(world, connection=worlds.connection(ours=False, tags={}))


def _foreign_local(world: World) -> None:
    _azure(
        world,
        local_network_gateway=LocalNetworkGateway(
            id=world.ref.local_network_gateway_id,
            address=None,
            prefixes=(),
            provisioning_state="Succeeded",
            ours=False,
        ),
    )


def _lead(world: World, *, public: bool) -> None:
    """Every table leads to the internet, or none does."""
    for table in world.aws.route_tables:
        world.point(table.id, worlds.route("0.0.0.0/0", "igw-1" if public else ""))


def _deny(verb: str, world: World) -> None:
    world.denied |= {verb}
    said = Permission(action=DENIABLE[verb], allowed=False, said="UnauthorizedOperation")
    _survey(world, permissions=(*(world.survey.permissions or ()), said))


def _close(world: World) -> None:
    entry = AclEntry(
        number=1,
        egress=False,
        allow=False,
        protocol="17",
        from_port=500,
        to_port=500,
        cidr=IPv4Network("0.0.0.0/0"),
    )
    acl = worlds.network_acl(entry, worlds.acl_entry(100), worlds.acl_entry(100, egress=True))
    _survey(world, network_acls=(acl.model_copy(update={"subnets": (*PUBLIC, LOCAL)}),))


def _quota(world: World, room: int) -> None:
    world.routes_per_table = min(len(one.routes) for one in possible.routed(world) or world.aws.route_tables) + room
    _survey(world, routes_per_table=world.routes_per_table)


Put = Callable[[World], None]


def _both(*puts: Put) -> Put:
    def put(world: World) -> None:
        for one in puts:
            one(world)

    return put


OBSTACLES: Mapping[str, tuple[Put, str | None]] = {
    "new range of the VPC overlaps": (_overlapped_by_vpc, "OverlappingRanges"),
    "new peered prefix overlaps": (lambda world: _peer(world, _half(_first_prefix(world))), "OverlappingRanges"),
    "new peered prefix overlaps the VPC": (lambda world: _peer(world, _half(world.aws.cidrs[0])), "OverlappingRanges"),
    "new peered prefix": (lambda world: _peer(world, NEW_PREFIX), None),
    "foreign route inside a prefix": (lambda world: _route(world, _half(_first_prefix(world))), "RouteTaken"),
    "foreign route for a new prefix": (
        _both(lambda world: _peer(world, NEW_PREFIX), lambda world: _route(world, NEW_PREFIX)),
        "RouteTaken",
    ),
    "declared network missing": (lambda world: _missing(world, DATA), "VirtualNetworkMissing"),
    "the gateway's network missing": (lambda world: _missing(world, worlds.NETWORK), "VirtualNetworkMissing"),
    "declared network not attached": (
        lambda world: _network(world, DATA, remote_gateway_networks=()),
        "VirtualNetworkNotAttached",
    ),
    "VPN gateway missing": (lambda world: _azure(world, gateway=None), "VpnGatewayMissing"),
    "VPN gateway Basic": (lambda world: _refuse_writes(world, sku="Basic"), "GatewaySkuBasic"),
    "VPN gateway policy based": (lambda world: _refuse_writes(world, vpn_type="PolicyBased"), "GatewayPolicyBased"),
    "VPN gateway Failed": (lambda world: _refuse_writes(world, provisioning_state="Failed"), None),
    "VPN gateway Updating": (lambda world: _vpn(world, provisioning_state="Updating"), None),
    "VPN gateway without an address": (lambda world: _vpn(world, addresses=()), "GatewayWithoutAddress"),
    "VPN gateway's address changed": (lambda world: _vpn(world, addresses=(NEW_PEER,)), None),
    "foreign connection": (_foreign_connection, "ForeignConnection"),
    "foreign local network gateway": (_foreign_local, "ForeignLocalNetworkGateway"),
    "shared key unusable": (lambda world: _azure(world, psk_fault="has a quote in it"), "PskUnusable"),
    "no public subnet": (lambda world: _lead(world, public=False), "NoPublicSubnet"),
    "no internet gateway": (
        _both(lambda world: _lead(world, public=False), lambda world: world.change_aws(internet_gateway=None)),
        "NoInternetGateway",
    ),
    "no private table": (lambda world: _lead(world, public=True), "NoRouteTable"),
    "probe elsewhere": (
        lambda world: _network(world, DATA, prefixes=(IPv4Network("10.4.0.0/16"),)),
        "ProbeElsewhere",
    ),
    "network ACL": (_close, "NetworkAclDrops"),
    "type offered in one zone": (lambda world: _survey(world, offering_zones=frozenset(ZONES[1:2])), None),
    "type offered nowhere": (lambda world: _survey(world, offering_zones=frozenset()), "InstanceTypeNotOffered"),
    "image missing": (lambda world: _survey(world, images=()), "ImageMissing"),
    "no vCPU left": (lambda world: _survey(world, vcpus=Quota(code="L-1216C47A", limit=32, used=32)), None),
    **{f"{verb} denied": (partial(_deny, verb), "MissingPermission") for verb in DENIABLE},
    "tables full": (_both(lambda world: _peer(world, NEW_PREFIX), lambda world: _quota(world, 0)), "RouteLimit"),
    "tables nearly full": (lambda world: _quota(world, 1), None),
}
# What is found only once an hour or by a walk.
OF_SURVEY = ("NetworkAclDrops", "InstanceTypeNotOffered", "ImageMissing", "MissingPermission", "RouteLimit")


@dataclass(frozen=True)
class Case:
    """A world and what is put into it. `silences` says of each walk whether Azure is silent in it; the last one stays.

    `whole`: all was right before the obstacles came.
    """

    world: World
    obstacles: tuple[str, ...]
    silences: tuple[bool, ...]
    whole: bool

    def put(self) -> None:
        """The obstacles come."""
        for name in self.obstacles:
            OBSTACLES[name][0](self.world)


def _wild(draw: st.DrawFn) -> World:
    """A verified link of which anything was edited."""
    world = draw(wild.world())
    declared: dict[str, object] = {}
    if draw(st.integers(0, 3)) == 0:
        declared["aws.gateway_subnet"] = draw(st.sampled_from(PUBLIC[1:]))
    if draw(st.booleans()):
        declared["probe"] = {"address": str(PROBE)}
    world = placed(world, **declared)
    world.change_aws(
        gateways=tuple(
            one.model_copy(
                update={
                    "subnet": draw(st.sampled_from((*PUBLIC, LOCAL))),
                    "condemned": CONDEMNED if one.booted and draw(st.integers(0, 4)) == 0 else None,
                }
            )
            for one in world.aws.gateways
        ),
        launched_zones=tuple(draw(st.permutations(ZONES))[: draw(st.integers(0, 3))]),
    )
    return world


def stage() -> World:
    """A verified link of which nothing is there yet."""
    tables = (
        worlds.aws().route_tables[0],
        *(
            RouteTable(id=id, main=False, subnets=(f"subnet-{letter}",), routes=())
            for id, letter in zip(wild.TABLES, "bc", strict=True)
        ),
    )
    subnets = (*worlds.aws().subnets, Subnet(id="subnet-c", zone=ZONES[1], cidr=IPv4Network("10.101.2.0/24")))
    aws = worlds.aws(route_tables=tables, subnets=subnets)
    return placed(World(worlds.spec(), wild.DEPLOYED, aws, worlds.azure()), probe={"address": str(PROBE)})


def placed(world: World, **declared: object) -> World:
    """In a VPC with public subnets in three zones and a Local Zone, and with two declared networks."""
    spec = worlds.spec(**{"tags": {"owner": "network"}, "azure.virtual_networks": ["workloads", "data"], **declared})
    data = VirtualNetwork(id=DATA, prefixes=(DATA_PREFIX,), remote_gateway_networks=(worlds.NETWORK,))
    subnets = [
        Subnet(id=id, zone=zone, cidr=IPv4Network(f"10.101.{n}.0/24"))
        for n, (id, zone) in enumerate([*zip(PUBLIC[1:], ZONES[1:], strict=True), (LOCAL, LOCAL_ZONE)], 10)
    ]
    places = (*PUBLIC, LOCAL)
    world.change_aws(
        established_in=world.spec.aws.vpc,
        subnets=(*world.aws.subnets, *subnets),
    )
    _azure(world, virtual_networks=(*world.azure.virtual_networks, data))
    acl = worlds.network_acl().model_copy(update={"subnets": places})
    survey = worlds.surveyed(offering_zones=frozenset(ZONES), network_acls=(acl,))
    return replace(world, spec=spec, survey=survey)


def make_right(world: World) -> None:
    """All is right, by one gateway; foreign things stay."""
    subnet = world.spec.aws.gateway_subnet or PUBLIC[0]
    gateway = worlds.gateway(subnet=subnet, interface=wild.INTERFACES[0])
    borne = {"interface": gateway.interface, "association": "eipassoc-0"}
    elastic_ip = world.aws.elastic_ip.model_copy(update=borne)
    world.change_aws(gateways=(gateway,), elastic_ip=elastic_ip, own_routes=frozenset())
    own = {(table.id, prefix) for table in possible.private(world) for prefix in world.azure.prefixes}
    for table in world.aws.route_tables:
        for route in table.routes:
            if route.destination in wild.PREFIXES:
                world.point(table.id, worlds.route(str(route.destination), ""))
    for table_id, prefix in own:
        world.point(table_id, worlds.route(str(prefix), gateway.interface))
    world.change_aws(own_routes=frozenset(own))
    gateway_there = world.azure.gateway
    assert gateway_there is not None
    _vpn(world, provisioning_state="Succeeded")
    tags = {**world.spec.tags, **world.ref.tags}
    local = LocalNetworkGateway(
        id=world.ref.local_network_gateway_id,
        address=elastic_ip.address,
        prefixes=tuple(sorted(world.aws.cidrs)),
        provisioning_state="Succeeded",
        ours=True,
        tags=tags,
    )
    connection = worlds.connection(
        gateway=gateway_there.id, local_network_gateway=local.id, policy=world.spec.policy, tags=tags
    )
    _azure(world, local_network_gateway=local, connection=connection)
    between = possible.ranges(world, world.azure, possible.Start.of(world))
    rules: tuple[Rule, ...] = tuple(sorted(possible.rules(world.azure, between), key=str))
    world.change_aws(rules=rules, published_version=possible.version(world, world.azure, between))


def _known(draw: st.DrawFn, world: World) -> known.Known | None:
    """Of the same place, of another, or none."""
    kind = draw(st.sampled_from(("good", "good", "good", "elsewhere", "none")))
    found = known.of(world.azure, world.ref, worlds.NOW)
    if found is None or kind == "none":
        return None
    return found if kind == "good" else found.model_copy(update={"ref": "another"})


SILENCES = ((False,), (False,), (True,), (True, False), (True, True, False), (False, True), (False, True, False))


@st.composite
def case(draw: st.DrawFn) -> Case:
    """One world. In half of them all is right before the obstacles come."""
    world = _wild(draw)
    whole = draw(st.booleans())
    if whole:
        make_right(world)
    world.known = _known(draw, world)
    # Evenly: what Hypothesis draws by itself is the empty list in half of the worlds.
    even = draw(st.randoms(use_true_random=False))
    names = even.sample(sorted(OBSTACLES), even.choice((0, 1, 1, 2, 3)))
    world.full_zones = frozenset(draw(st.sampled_from(((), (), ZONES[:1], ZONES[:2], ZONES[1:], ZONES))))
    world.dead_zones = frozenset(draw(st.sampled_from(((), (), (), ZONES[:1], ZONES[1:2]))))
    if draw(st.integers(0, 2)) == 0:
        world.change_aws(gateways=())  # and nothing else is known of the instance
    return Case(world, tuple(names), draw(st.sampled_from(SILENCES)), whole)
