"""The difference between wanted and found, as ordered steps. The only place that decides a change. Pure.

Every state of the walk looks again and applies its own steps of a fresh plan, so a repeated or late state does no harm.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from link import choose, ipsec, own_routes, steps
from link.condition import Condition
from link.facts import AwsFacts, Facts, Gateway, RouteTable, Rule
from link.ranges import carried
from link.spec import LinkSpec
from link.steps import Action, State, Step
from link.wanted import AzureRef, AzureWanted, Deployment, GatewayConfiguration, Tunnel, own_tags

IKE_PORTS = (500, 4500)  # ISAKMP, and IKE and ESP in UDP behind NAT (RFC 3948)


def azure_ref(spec: LinkSpec, deployed: Deployment) -> AzureRef:
    """Where the link's Azure side is."""
    return AzureRef(
        link=spec.name,
        deployment=deployed.id,
        subscription=spec.azure.subscription,
        resource_group=spec.azure.resource_group,
        vpn_gateway=spec.azure.vpn_gateway,
        virtual_networks=spec.azure.virtual_networks,
        psk_secret=deployed.psk_secret,
    )


def tags(spec: LinkSpec, deployment: str) -> dict[str, str]:
    """The tags by which everything of ours is known, in both clouds, and the person's own."""
    return {**spec.tags, **own_tags(spec.name, deployment)}


def azure_wanted(spec: LinkSpec, facts: Facts, deployment: str, *, reset: bool = False) -> AzureWanted:
    """The Azure resources that should exist."""
    return AzureWanted(
        address=facts.aws.elastic_ip.address,
        prefixes=carried(facts).cidrs,
        policy=spec.policy,
        tags=tags(spec, deployment),
        reset=reset,
    )


def configuration(spec: LinkSpec, facts: Facts, psk_secret: str) -> GatewayConfiguration:
    """What the gateway should run: one tunnel for each address of the Azure gateway."""
    if facts.azure.gateway is None:
        raise ValueError("no configuration without an Azure gateway")
    tunnels = tuple(
        Tunnel(number=n, peer=peer) for n, peer in enumerate(sorted(facts.azure.gateway.addresses), start=1)
    )
    between = carried(facts)
    return GatewayConfiguration(
        link=spec.name,
        elastic_ip=facts.aws.elastic_ip.address,
        tunnels=tunnels,
        vpc_cidrs=between.cidrs,
        remote_prefixes=between.prefixes,
        psk_secret=psk_secret,
        probe=spec.probe,
        ipsec_conf=ipsec.render_conf(facts.aws.elastic_ip.address, tunnels, spec.policy),
        nftables=ipsec.render_nftables(tunnels, between.cidrs, between.prefixes),
    )


def wanted_rules(facts: Facts) -> frozenset[Rule]:
    """Inbound: IKE and ESP-in-UDP from the Azure gateway, everything from the VPC, nothing else."""
    ike = {
        Rule(protocol="udp", from_port=port, to_port=port, cidr=IPv4Network(peer))
        for peer in facts.azure.peers
        for port in IKE_PORTS
    }
    vpc = {Rule(protocol="-1", from_port=None, to_port=None, cidr=cidr) for cidr in carried(facts).cidrs}
    return frozenset(ike | vpc)


def _rules(facts: Facts) -> Iterator[Step]:
    """While Azure has no gateway, or shows none of its addresses, the rules for the former ones stay."""
    wanted, found = wanted_rules(facts), frozenset(facts.aws.rules)
    peers_known = facts.azure.peers != ()
    order = lambda rule: (rule.protocol, rule.from_port or 0, rule.cidr)  # noqa: E731
    for rule in sorted(wanted - found, key=order):
        message = f"{rule.cidr} must reach the gateway"
        yield steps.step(State.LAUNCH_GATEWAY, steps.AllowInbound(rule), "InboundRuleMissing", message, rule.name)
    for rule in sorted(found - wanted, key=order):
        if peers_known or rule.from_port not in IKE_PORTS:
            message = f"nothing of the link needs {rule.cidr} to reach the gateway"
            yield steps.step(State.LAUNCH_GATEWAY, steps.RevokeInbound(rule), "InboundRuleForeign", message, rule.name)


def _gateway(spec: LinkSpec, facts: Facts, deployed: Deployment, offering: frozenset[str] | None) -> Iterator[Step]:
    found = choose.gateway(spec, deployed.agent, facts.aws.gateways, facts.aws.elastic_ip.interface)
    if found is None:
        yield _launch(spec, facts.aws, deployed, offering)
        return
    if found.source_dest_check:
        message = f"{found.id} could not forward packets"
        forward = steps.DisableSourceDestCheck(found.interface)
        yield steps.step(State.ATTACH_ELASTIC_IP, forward, "SourceDestCheckOn", message)
    if facts.aws.elastic_ip.interface != found.interface:
        message = f"{facts.aws.elastic_ip.address} is not on {found.id}"
        attach = steps.AttachElasticIp(facts.aws.elastic_ip.allocation, found.interface)
        yield steps.step(State.ATTACH_ELASTIC_IP, attach, "ElasticIpElsewhere", message)
    yield from _routes(spec, facts, found.interface)


def _launch(spec: LinkSpec, facts: AwsFacts, deployed: Deployment, offering: frozenset[str] | None) -> Step:
    """A gateway beside the one that serves, where there is one: it takes over once it has booted."""
    serving = choose.serving(facts.gateways, facts.elastic_ip.interface)
    why = choose.misfit(spec, deployed.agent, serving) if serving else None
    missing = Condition(reason="GatewayMissing", message="the link has no gateway instance")
    launch = steps.LaunchGateway(choose.places(spec, facts, deployed.agent, offering))
    return Step(State.LAUNCH_GATEWAY, launch, why or missing)


def _configuration(spec: LinkSpec, facts: Facts, deployed: Deployment) -> Iterator[Step]:
    """A link that has been up is re-pointed last: until Azure is ready, the old configuration carries its traffic.

    While Azure has no gateway, or shows none of its addresses, what is published stays.
    """
    if not facts.azure.peers:
        return
    wanted = configuration(spec, facts, deployed.psk_secret)
    published = facts.aws.published_version
    if published == wanted.digest():
        return
    action = steps.PublishConfiguration(wanted)
    if published is None or not facts.aws.established:
        missing = "no gateway could boot without it"
        yield steps.step(State.LAUNCH_GATEWAY, action, "ConfigurationMissing", missing)
    else:
        differs = "the published configuration is not the wanted one"
        yield steps.step(State.REPOINT_GATEWAY, action, "ConfigurationDiffers", differs)


def _routes(spec: LinkSpec, facts: Facts, interface: str) -> Iterator[Step]:
    """A route of another team in the way is left alone, and what it leads to is reported by preflight."""
    tables, prefixes = choose.routed_tables(spec, facts.aws), carried(facts).prefixes
    for table in tables:
        for prefix in prefixes:
            if why := _why_route(facts.aws, table, prefix, interface):
                reason, message = why
                if reason == "RouteMissing":
                    action: Action = steps.CreateRoute(table.id, prefix, interface)
                else:
                    carries = _carries(facts.aws, table, prefix, interface)
                    action = steps.ReplaceRoute(table.id, prefix, interface, carries)
                yield steps.of_route(State.ADJUST_ROUTES, action, reason, message, table.id, prefix)
    kept = {(table.id, prefix) for table in tables for prefix in prefixes}
    for table_id, destination in sorted(facts.aws.own_routes - kept):
        yield _unwanted(facts.aws, table_id, destination)


def _why_route(facts: AwsFacts, table: RouteTable, prefix: IPv4Network, interface: str) -> tuple[str, str] | None:
    route = choose.route_to(table, prefix)
    if route is None:
        return "RouteMissing", f"{table.id} has no route to {prefix}"
    if route.target == interface and (table.id, prefix) not in facts.own_routes:
        message = f"{table.id} routes {prefix} to the gateway, and the link does not know that it is its own"
        return "RouteUnrecorded", message
    if (route.target != interface or route.blackhole) and own_routes.is_ours(table.id, route, facts):
        return "RouteElsewhere", f"{table.id} routes {prefix} to {route.target or 'nowhere'}"
    return None


def _carries(facts: AwsFacts, table: RouteTable, prefix: IPv4Network, interface: str) -> bool:
    """Whether the route leads to another gateway of the link's that works."""
    route = choose.route_to(table, prefix)
    target = route.target if route and route.target != interface else None
    return any(one.interface == target and one.booted and not one.condemned for one in choose.alive(facts.gateways))


def _unwanted(facts: AwsFacts, table_id: str, destination: IPv4Network) -> Step:
    """What becomes of a recorded route that is not wanted any more: its prefix is gone, or its table.

    What was not seen is not deleted: of a table that is not there, IAM cannot tell whether it is in our VPC.
    """
    state, disown = State.ADJUST_ROUTES, steps.DisownRoute(table_id, destination)
    if own_routes.is_gone(facts, table_id, destination):
        message = f"{table_id} has no route to {destination}"
        return steps.of_route(state, disown, "RouteGone", message, table_id, destination)
    if theirs := own_routes.elsewhere(facts, table_id, destination):
        message = f"{destination} is no longer behind Azure, and another team has pointed it in {table_id} at {theirs}"
        return steps.of_route(state, disown, "RouteNotOurs", message, table_id, destination)
    delete = steps.DeleteRoute(table_id, destination)
    message = f"{destination} is no longer behind Azure"
    return steps.of_route(state, delete, "PrefixGone", message, table_id, destination)


def retire_all(gateways: tuple[Gateway, ...], keep: str | None = None) -> Iterator[Step]:
    """The steps that end every gateway but one."""
    for gateway in gateways:
        if gateway.id != keep and gateway.state != "shutting-down":
            message = f"{gateway.id} is not the link's gateway"
            terminate = steps.TerminateGateway(gateway.id)
            yield steps.step(State.RETIRE_GATEWAY, terminate, "GatewayNotWanted", message, gateway.id)


def up(
    spec: LinkSpec, facts: Facts, deployed: Deployment, offering: frozenset[str] | None = None, *, reset: bool = False
) -> tuple[Step, ...]:
    """The steps that bring the link up from what was found, in the order of the walk.

    `offering` are the zones that offer the instance type, where Preflight could read them. `reset` has Azure begin its
    connection anew when nothing of it differs.
    """
    eip_interface = facts.aws.elastic_ip.interface
    chosen = choose.gateway(spec, deployed.agent, facts.aws.gateways, eip_interface)
    message = "the Function compares and corrects; it changes nothing that is right"
    connect = steps.ConnectAzure(azure_wanted(spec, facts, deployed.id, reset=reset))
    planned = (
        *_rules(facts),
        *_configuration(spec, facts, deployed),
        *_gateway(spec, facts, deployed, offering),
        steps.step(State.CONNECT_AZURE, connect, "AzureSideWanted", message),
        *(retire_all(facts.aws.gateways, chosen.id) if chosen else ()),
    )
    return tuple(sorted(planned, key=lambda step: list(State).index(step.state)))
