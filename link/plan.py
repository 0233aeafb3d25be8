"""The difference between wanted and found, as ordered steps. The only place that decides a change. Pure.

Every state of the walk looks again and applies its own steps of a fresh plan, so a repeated or late state does no harm.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from link import choose, ipsec, steps
from link.facts import AwsFacts, Facts, Gateway, Route, Rule
from link.spec import LinkSpec
from link.steps import Step
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


def azure_wanted(spec: LinkSpec, facts: AwsFacts, deployment: str, *, reset: bool = False) -> AzureWanted:
    """The Azure resources that should exist."""
    return AzureWanted(
        address=facts.elastic_ip.address,
        prefixes=tuple(sorted(facts.cidrs)),
        policy=spec.policy,
        tags=tags(spec, deployment),
        reset=reset,
    )


def configuration(spec: LinkSpec, facts: Facts, psk_secret: str) -> GatewayConfiguration:
    """What the gateway should run: one tunnel for each address of the Azure gateway."""
    if facts.azure.gateway is None:
        raise ValueError("no configuration without an Azure gateway; preflight refuses it")
    tunnels = tuple(
        Tunnel(number=n, peer=peer) for n, peer in enumerate(sorted(facts.azure.gateway.addresses), start=1)
    )
    cidrs = tuple(sorted(facts.aws.cidrs))
    return GatewayConfiguration(
        link=spec.name,
        elastic_ip=facts.aws.elastic_ip.address,
        tunnels=tunnels,
        vpc_cidrs=cidrs,
        remote_prefixes=facts.azure.prefixes,
        psk_secret=psk_secret,
        probe=spec.probe,
        ipsec_conf=ipsec.render_conf(facts.aws.elastic_ip.address, tunnels, spec.policy),
        nftables=ipsec.render_nftables(tunnels, cidrs, facts.azure.prefixes),
    )


def wanted_rules(facts: Facts) -> frozenset[Rule]:
    """Inbound: IKE and ESP-in-UDP from the Azure gateway, everything from the VPC, nothing else."""
    peers = facts.azure.gateway.addresses if facts.azure.gateway else ()
    ike = {
        Rule(protocol="udp", from_port=port, to_port=port, cidr=IPv4Network(peer))
        for peer in peers
        for port in IKE_PORTS
    }
    vpc = {Rule(protocol="-1", from_port=None, to_port=None, cidr=cidr) for cidr in facts.aws.cidrs}
    return frozenset(ike | vpc)


def _rules(facts: Facts) -> Iterator[Step]:
    wanted, found = wanted_rules(facts), frozenset(facts.aws.rules)
    order = lambda rule: (rule.protocol, rule.from_port or 0, rule.cidr)  # noqa: E731
    for rule in sorted(wanted - found, key=order):
        yield steps.AllowInbound("InboundRuleMissing", f"{rule.cidr} must reach the gateway", rule)
    for rule in sorted(found - wanted, key=order):
        yield steps.RevokeInbound(
            "InboundRuleForeign", f"nothing of the link needs {rule.cidr} to reach the gateway", rule
        )


def _gateway(spec: LinkSpec, facts: Facts, deployed: Deployment, subnet: str | None) -> Iterator[Step]:
    found = choose.gateway(spec, deployed.agent, facts.aws.gateways, facts.aws.elastic_ip.interface)
    if found is None:
        yield _launch(spec, facts.aws, deployed, subnet)
        return
    if found.source_dest_check:
        yield steps.DisableSourceDestCheck(
            "SourceDestCheckOn", f"{found.id} could not forward packets", found.interface
        )
    if facts.aws.elastic_ip.interface != found.interface:
        because = f"{facts.aws.elastic_ip.address} is not on {found.id}"
        yield steps.AttachElasticIp("ElasticIpElsewhere", because, facts.aws.elastic_ip.allocation, found.interface)
    yield from _routes(spec, facts, found.interface)


def _launch(spec: LinkSpec, facts: AwsFacts, deployed: Deployment, subnet: str | None) -> Step:
    """A gateway beside the one that serves, where there is one: it takes over once it has booted."""
    serving = choose.serving(facts.gateways, facts.elastic_ip.interface)
    why = choose.misfit(spec, deployed.agent, serving) if serving else None
    reason, because = (why.reason, why.because) if why else ("GatewayMissing", "the link has no gateway instance")
    return steps.LaunchGateway(reason, because, subnet or choose.gateway_subnet(spec, facts))


def _configuration(spec: LinkSpec, facts: Facts, deployed: Deployment) -> Iterator[Step]:
    """A link that has been up is re-pointed last: until Azure is ready, the old configuration carries its traffic."""
    wanted = configuration(spec, facts, deployed.psk_secret)
    published = facts.aws.published_version
    if published == wanted.digest():
        return
    if published is None or not facts.aws.established:
        yield steps.PublishConfiguration("ConfigurationMissing", "no gateway could boot without it", wanted)
    else:
        yield steps.RepointGateway("ConfigurationDiffers", "the published configuration is not the wanted one", wanted)


def _routes(spec: LinkSpec, facts: Facts, interface: str) -> Iterator[Step]:
    tables = choose.private_tables(spec, facts.aws)
    for table in tables:
        for prefix in facts.azure.prefixes:
            route = choose.route_to(table, prefix)
            if route is None:
                because = f"{table.id} has no route to {prefix}"
                yield steps.CreateRoute("RouteMissing", because, table.id, prefix, interface)
            elif route.target == interface and (table.id, prefix) not in facts.aws.own_routes:
                because = f"{table.id} routes {prefix} to the gateway, and the link does not know that it is its own"
                yield steps.ReplaceRoute("RouteUnrecorded", because, table.id, prefix, interface)
            elif (route.target != interface or route.blackhole) and _is_ours(table.id, route, facts.aws):
                because = f"{table.id} routes {prefix} to {route.target or 'nowhere'}"
                yield steps.ReplaceRoute("RouteElsewhere", because, table.id, prefix, interface)
    kept = {(table.id, prefix) for table in tables for prefix in facts.azure.prefixes}
    for table_id, destination in sorted(facts.aws.own_routes - kept):
        yield _unwanted(facts.aws, table_id, destination)


def _unwanted(facts: AwsFacts, table_id: str, destination: IPv4Network) -> Step:
    """What becomes of a recorded route that is not wanted any more: its prefix is gone, or its table.

    What was not seen is not deleted: of a table that is not there, IAM cannot tell whether it is in our VPC.
    """
    table = next((table for table in facts.route_tables if table.id == table_id), None)
    if table is None or choose.route_to(table, destination) is None:
        return steps.GiveUpRoute("RouteGone", f"{table_id} has no route to {destination}", table_id, destination)
    if theirs := _elsewhere(facts, table_id, destination):
        because = f"{destination} is no longer behind Azure, and somebody has pointed it in {table_id} at {theirs}"
        return steps.GiveUpRoute("RouteNotOurs", because, table_id, destination)
    return steps.DropRoute("PrefixGone", f"{destination} is no longer behind Azure", table_id, destination)


def _elsewhere(facts: AwsFacts, table_id: str, destination: IPv4Network) -> str | None:
    """Whither a route that was ours leads, when that is neither a gateway of ours nor, perhaps, one that has ended."""
    table = next((table for table in facts.route_tables if table.id == table_id), None)
    route = choose.route_to(table, destination) if table else None
    ours = {gateway.interface for gateway in facts.gateways}
    if route is None or route.target in ours or (route.blackhole and route.target.startswith(("eni-", "i-"))):
        return None
    return route.target or "something unknown"


def _is_ours(table: str, route: Route, facts: AwsFacts) -> bool:
    ours = {gateway.interface for gateway in facts.gateways}
    return route.target in ours or (table, route.destination) in facts.own_routes


def _retire(facts: AwsFacts, keep: str | None) -> Iterator[Step]:
    for gateway in facts.gateways:
        if gateway.id != keep and gateway.state != "shutting-down":
            yield steps.TerminateGateway("GatewayNotWanted", f"{gateway.id} is not the link's gateway", gateway.id)


def up(
    spec: LinkSpec, facts: Facts, deployed: Deployment, subnet: str | None = None, *, reset: bool = False
) -> tuple[Step, ...]:
    """The steps that bring the link up from what was found, in the order of the walk.

    `subnet` is where Preflight wants a new gateway, which knows more of the zones than these facts. `reset` has Azure
    begin its connection anew when nothing of it differs.
    """
    bearer = facts.aws.elastic_ip.interface
    chosen = choose.gateway(spec, deployed.agent, facts.aws.gateways, bearer)
    because = "the Function compares and corrects; it changes nothing that is right"
    planned = (
        *_rules(facts),
        *_configuration(spec, facts, deployed),
        *_gateway(spec, facts, deployed, subnet),
        steps.ConnectAzure("AzureSideWanted", because, azure_wanted(spec, facts.aws, deployed.id, reset=reset)),
        *(_retire(facts.aws, chosen.id) if chosen else ()),
    )
    return tuple(sorted(planned, key=lambda step: list(steps.State).index(step.state)))


def kept(facts: AwsFacts, serving: str | None) -> Gateway | None:
    """The gateway that a failed change leaves: the one that served before, or where that is gone, one that can."""
    before = tuple(gateway for gateway in facts.gateways if gateway.id == serving)
    bearer = facts.elastic_ip.interface
    return choose.serving(before, bearer) or choose.serving(facts.gateways, bearer)


def restore(facts: AwsFacts, serving: str | None) -> tuple[Step, ...]:
    """The steps that give a link back to the gateway that served it, and end what a failed walk has launched."""
    keep = kept(facts, serving)
    return (*(_given_back(facts, keep) if keep else ()), *_retire(facts, keep.id if keep else None))


def _given_back(facts: AwsFacts, keep: Gateway) -> Iterator[Step]:
    """All that a gateway needs to serve: a newcomer, where the one that served is gone, may have none of it yet."""
    because = f"the walk failed, and {keep.id} is what can serve"
    if keep.source_dest_check:
        yield steps.DisableSourceDestCheck("WalkFailed", because, keep.interface)
    if facts.elastic_ip.interface != keep.interface:
        yield steps.AttachElasticIp("WalkFailed", because, facts.elastic_ip.allocation, keep.interface)
    for table in facts.route_tables:
        for route in table.routes:
            ours = _is_ours(table.id, route, facts) and not _elsewhere(facts, table.id, route.destination)
            if ours and route.target != keep.interface:
                because = f"{table.id} routes {route.destination} to {route.target or 'nowhere'}"
                yield steps.ReplaceRoute("WalkFailed", because, table.id, route.destination, keep.interface)


def down(facts: AwsFacts) -> tuple[Step, ...]:
    """The steps that remove the AWS side of the link, in the order of the walk."""
    planned: list[Step] = [_without(facts, *own) for own in sorted(facts.own_routes)]
    because = "the link goes"
    if facts.elastic_ip.association:
        planned.append(steps.DetachElasticIp("LinkNotWanted", because, facts.elastic_ip.association))
    planned += _retire(facts, keep=None)
    planned += [steps.CloseInbound("LinkNotWanted", because, rule) for rule in facts.rules]
    return tuple(planned)


def _without(facts: AwsFacts, table_id: str, destination: IPv4Network) -> Step:
    """What becomes of one route of ours."""
    table = next((table for table in facts.route_tables if table.id == table_id), None)
    if table is None or choose.route_to(table, destination) is None:
        because = f"{table_id} has no route to {destination} any more"
        return steps.ForgetRoute("RouteGone", because, table_id, destination)
    theirs = _elsewhere(facts, table_id, destination)
    if theirs is None:
        return steps.RemoveRoute("LinkNotWanted", "the link goes", table_id, destination)
    because = f"somebody has pointed {destination} in {table_id} at {theirs}; it was left"
    return steps.LeaveRoute("RouteNotOurs", because, table_id, destination)
