"""Worlds at random: a link whose facts were edited in every way that we can think of, by whomever."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hypothesis import strategies as st

from link import facts, plan, wanted
from link.condition import Condition
from link.spec import LinkSpec
from tests import worlds
from tests.link.simulator import World

ALLOCATION = "eipalloc-1"
PREFIXES = tuple(IPv4Network(f"10.{n}.0.0/16") for n in range(3))
CIDRS = tuple(IPv4Network(f"10.{n}.0.0/16") for n in (101, 102))
TABLES = ("rtb-0000000000000000b", "rtb-0000000000000000c")
GONE_TABLE = "rtb-0000000000000000d"
INTERFACES = tuple(f"eni-00000000000000{n}" for n in range(4))
FOREIGN = "eni-0000000000000foe"
FOREIGN_TARGETS = (FOREIGN, "tgw-1", "pcx-1")
DEPLOYED = wanted.Deployment(id=worlds.DEPLOYMENT, psk_secret=worlds.PSK_SECRET, agent=worlds.AGENT)
PEERS = tuple(IPv4Address(f"203.0.113.{n}") for n in (4, 5))
EC2_STATES = ("pending", "running", "running", "running", "stopping", "stopped", "shutting-down")
PROVISIONING = ("Succeeded", "Succeeded", "Succeeded", "Failed", "Updating", "Creating", "Deleting")
FOREIGN_RULES = (
    facts.Rule(protocol="tcp", from_port=22, to_port=22, cidr=IPv4Network("0.0.0.0/0")),
    facts.Rule(protocol="-1", from_port=None, to_port=None, cidr=IPv4Network("0.0.0.0/0")),
    facts.Rule(protocol="udp", from_port=500, to_port=500, cidr=IPv4Network("192.0.2.1/32")),
)


def _some[T](values: tuple[T, ...], least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=least).map(lambda found: tuple(found))


def _seldom(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 19)) == 19


def _gateway(draw: st.DrawFn, number: int, spec: LinkSpec) -> facts.Gateway:
    state = draw(st.sampled_from(EC2_STATES))
    booted = state != "pending" and draw(st.integers(0, 3)) > 0
    return worlds.gateway(
        id=f"i-{number:017d}",
        interface=INTERFACES[number],
        state=state,
        instance_type=draw(st.sampled_from((spec.aws.instance_type, spec.aws.instance_type, "t3.medium"))),
        image=draw(st.sampled_from((spec.aws.image_or_default, spec.aws.image_or_default, "ami-00000000", None))),
        agent=draw(st.sampled_from((worlds.AGENT, worlds.AGENT, "another", None))),
        source_dest_check=draw(st.booleans()),
        booted=booted,
        failed=not booted and draw(st.booleans()),
        condemned=Condition(reason="GatewayDead", message="it is silent") if _seldom(draw) else None,
    )


def _target(draw: st.DrawFn, gateways: tuple[facts.Gateway, ...], *, recorded: bool) -> str:
    """A route that is not recorded as ours leads to others only seldom, or most walks would be refused."""
    ours = tuple(one.interface for one in gateways) or ("eni-00000000000gone",)
    strangers = FOREIGN_TARGETS if recorded or _seldom(draw) else ()
    target: str = draw(st.sampled_from((*ours, *ours, *strangers)))
    return target


def _tables(draw: st.DrawFn, gateways: tuple[facts.Gateway, ...]) -> tuple[Any, Any]:
    """The route tables and what of them is recorded as ours, among it what is not there any more."""
    recorded = {
        (table, prefix)
        for table in (*TABLES, GONE_TABLE)
        for prefix in PREFIXES
        if draw(st.booleans()) and (table != GONE_TABLE or _seldom(draw))
    }
    interfaces = {one.interface for one in gateways}
    tables = [worlds.aws().route_tables[0]]
    for number, id in enumerate(TABLES):
        routes = [worlds.route(str(cidr), "local") for cidr in CIDRS]
        routes += [worlds.route("192.168.0.0/16", "tgw-1")]
        for prefix in PREFIXES:
            is_ours = (id, prefix) in recorded
            if draw(st.integers(0, 3)):
                target = _target(draw, gateways, recorded=is_ours)
                gone = target.startswith("eni-") and target not in (*interfaces, FOREIGN)
                if gone and not is_ours:
                    continue  # we record a route before we make it
                routes.append(worlds.route(str(prefix), target, blackhole=gone or draw(st.integers(0, 9)) == 9))
        tables.append(facts.RouteTable(id=id, main=False, subnets=(f"subnet-{'bc'[number]}",), routes=tuple(routes)))
    return draw(st.permutations(tables)), frozenset(recorded)


def _elastic_ip(draw: st.DrawFn, gateways: tuple[facts.Gateway, ...]) -> facts.ElasticIp:
    interface = draw(
        st.sampled_from((None, FOREIGN, *(one.interface for one in gateways), *(one.interface for one in gateways)))
    )
    return facts.ElasticIp(
        allocation=ALLOCATION,
        address=IPv4Address("198.51.100.7"),
        association="eipassoc-0" if interface else None,
        interface=interface,
    )


def _local(draw: st.DrawFn, ref: wanted.AzureRef, right: wanted.AzureWanted) -> facts.LocalNetworkGateway | None:
    if draw(st.integers(0, 4)) == 0:
        return None
    ours = not _seldom(draw)
    return facts.LocalNetworkGateway(
        id=ref.local_network_gateway_id,
        address=draw(st.sampled_from((right.address, right.address, IPv4Address("192.0.2.9"), None))),
        prefixes=draw(st.sampled_from((right.prefixes, right.prefixes, CIDRS, ()))),
        provisioning_state=draw(st.sampled_from(PROVISIONING)),
        ours=ours,
        tags={**right.tags, **ref.tags} if ours and draw(st.integers(0, 3)) else (ref.tags if ours else {}),
    )


def _connection(
    draw: st.DrawFn, ref: wanted.AzureRef, right: wanted.AzureWanted, local: facts.LocalNetworkGateway | None
) -> facts.Connection | None:
    if draw(st.integers(0, 4)) == 0:
        return None
    ours = not _seldom(draw)
    others = ("/subscriptions/s/another",)
    policy = right.policy.model_copy(update={"sa_lifetime_s": 3600})
    return worlds.connection(
        provisioning_state=draw(st.sampled_from(PROVISIONING)),
        gateway=draw(st.sampled_from(("/subscriptions/s/gateway", "/SUBSCRIPTIONS/s/gateway", *others))),
        local_network_gateway=draw(st.sampled_from((ref.local_network_gateway_id, *others))) if local else others[0],
        protocol=draw(st.sampled_from(("IKEv2", "IKEv2", "IKEv2", "IKEv1"))),
        mode=draw(st.sampled_from((right.mode, right.mode, "Default"))),
        policy=draw(st.sampled_from((right.policy, right.policy, policy, None))),
        key_matches=draw(st.sampled_from((True, True, False, None))),
        ours=ours,
        tags={**right.tags, **ref.tags} if ours and draw(st.integers(0, 3)) else (ref.tags if ours else {}),
    )


@st.composite
def world(draw: st.DrawFn) -> World:
    """One world. A quarter of them are as a walk has left them, but for one edit."""
    spec = worlds.spec(tags={"owner": "network"})
    azure = worlds.azure(
        gateway=worlds.vpn_gateway(
            addresses=draw(_some(PEERS, 1)), provisioning_state=draw(st.sampled_from(PROVISIONING[:4]))
        ),
        virtual_networks=(facts.VirtualNetwork(id=worlds.NETWORK, prefixes=draw(_some(PREFIXES, 1))),),
    )
    gateways = tuple(_gateway(draw, number, spec) for number in range(draw(st.integers(0, 3))))
    tables, recorded = _tables(draw, gateways)
    bare = worlds.aws(
        cidrs=draw(_some(CIDRS, 1)),
        subnets=(
            *worlds.aws().subnets,
            facts.Subnet(id="subnet-c", zone="eu-west-1b", cidr=IPv4Network("10.101.2.0/24")),
        ),
        route_tables=tuple(tables),
        gateways=tuple(draw(st.permutations(gateways))),
        elastic_ip=_elastic_ip(draw, gateways),
        own_routes=recorded,
        established_in=draw(st.sampled_from((spec.aws.vpc, spec.aws.vpc, None))),
    )
    ref, right = (
        plan.azure_ref(spec, DEPLOYED),
        plan.azure_wanted(spec, facts.Facts(aws=bare, azure=azure), DEPLOYED.id),
    )
    local = _local(draw, ref, right)
    azure = azure.model_copy(
        update={"local_network_gateway": local, "connection": _connection(draw, ref, right, local)}
    )
    both = facts.Facts(aws=bare, azure=azure)
    digest = plan.configuration(spec, both, DEPLOYED.psk_secret).digest()
    rules = draw(_some((*sorted(plan.wanted_rules(both), key=str), *FOREIGN_RULES)))
    published = draw(st.sampled_from((digest, digest, "another", None)))
    aws = bare.model_copy(update={"rules": rules, "published_version": published})
    boots = draw(st.lists(st.booleans(), max_size=1))
    return World(spec, DEPLOYED, aws, azure, boots=boots, azure_fails=draw(st.integers(0, 2)))
