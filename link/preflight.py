"""Reasons not to begin, each by name and with its remedy. Pure: facts in, refusals out."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from link import choose
from link.facts import AwsFacts, AzureFacts, Facts
from link.spec import LinkSpec


@dataclass(frozen=True)
class Refusal:
    """`reason` is one CamelCase word, `message` says what was found and what would be right."""

    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def _overlaps(facts: Facts) -> Iterator[Refusal]:
    ranges = [("VPC", cidr) for cidr in facts.aws.cidrs]
    ranges += [
        (network.id.rsplit("/", 1)[-1], prefix)
        for network in facts.azure.virtual_networks
        for prefix in network.prefixes
    ]
    for (one, a), (other, b) in combinations(ranges, 2):
        if a.overlaps(b):
            how = "is also" if a == b else "overlaps"
            message = f"{a} of {one} {how} {b} of {other}; give one of the networks another range"
            yield Refusal("OverlappingRanges", message)


def _aws(spec: LinkSpec, facts: AwsFacts) -> Iterator[Refusal]:
    named = spec.aws.gateway_subnet
    if facts.internet_gateway is None:
        yield Refusal("NoInternetGateway", f"{spec.aws.vpc} has no internet gateway; attach one")
    elif named and named not in {subnet.id for subnet in facts.subnets}:
        yield Refusal("NoPublicSubnet", f"{named} is not a subnet of {spec.aws.vpc}; correct aws.gateway_subnet")
    elif named and named not in choose.public_subnets(facts):
        message = f"{named} has no route 0.0.0.0/0 to the internet gateway; add it or name another subnet"
        yield Refusal("NoPublicSubnet", message)
    elif not choose.public_subnets(facts):
        message = f"{spec.aws.vpc} has no subnet with a route 0.0.0.0/0 to its internet gateway; make one public"
        yield Refusal("NoPublicSubnet", message)
    known = {table.id for table in facts.route_tables}
    for table in spec.aws.route_tables or ():
        if table not in known:
            yield Refusal("NoRouteTable", f"{table} is not a route table of {spec.aws.vpc}; correct aws.route_tables")
    if not choose.private_tables(spec, facts):
        message = (
            f"{spec.aws.vpc} has no route table that serves a private subnet; associate one or name aws.route_tables"
        )
        yield Refusal("NoRouteTable", message)


def _azure(spec: LinkSpec, facts: AzureFacts) -> Iterator[Refusal]:
    if facts.gateway is None:
        message = (
            f"{spec.azure.vpn_gateway} is not in resource group {spec.azure.resource_group}; correct azure.vpn_gateway"
        )
        yield Refusal("VpnGatewayMissing", message)
        return
    if facts.gateway.sku == "Basic":
        message = f"{spec.azure.vpn_gateway} has SKU Basic, which has no custom IPsec policy; use VpnGw1AZ"
        yield Refusal("GatewaySkuBasic", message)
    if facts.gateway.vpn_type != "RouteBased":
        message = f"{spec.azure.vpn_gateway} is {facts.gateway.vpn_type}; a custom IKEv2 policy needs a RouteBased one"
        yield Refusal("GatewayPolicyBased", message)
    if not facts.gateway.addresses:
        yield Refusal("GatewayWithoutAddress", f"{spec.azure.vpn_gateway} has no public address; attach one")
    for name in facts.missing_networks:
        group = spec.azure.resource_group
        message = f"virtual network {name} is not in resource group {group}; correct azure.virtual_networks"
        yield Refusal("VirtualNetworkMissing", message)


def _taken_routes(spec: LinkSpec, facts: Facts) -> Iterator[Refusal]:
    ours = {gateway.interface for gateway in facts.aws.gateways}
    for table in choose.private_tables(spec, facts.aws):
        for prefix in facts.azure.prefixes:
            route = choose.route_to(table, prefix)
            if route and route.target not in {*ours, "local"} and (table.id, prefix) not in facts.aws.own_routes:
                target = route.target or "nowhere"
                message = f"{table.id} already routes {prefix} to {target}; remove that route or choose other tables"
                yield Refusal("RouteTaken", message)


def _probe(spec: LinkSpec, prefixes: tuple[IPv4Network, ...]) -> Iterator[Refusal]:
    if spec.probe and prefixes and not any(spec.probe.address in prefix for prefix in prefixes):
        known = ", ".join(map(str, prefixes))
        message = f"{spec.probe.address} is in no prefix behind Azure ({known}); correct probe.address"
        yield Refusal("ProbeElsewhere", message)


def refusals(spec: LinkSpec, facts: Facts) -> tuple[Refusal, ...]:
    """Every reason not to begin; none means go."""
    return (
        *_overlaps(facts),
        *_aws(spec, facts.aws),
        *_azure(spec, facts.azure),
        *_taken_routes(spec, facts),
        *_probe(spec, facts.azure.prefixes),
    )
