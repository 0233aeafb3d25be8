"""Reasons not to begin, each by name and with its remedy, as a list of named checks. Pure: facts in, findings out."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations, groupby

from link import choose, own_routes, preflight_aws, preflight_azure
from link.facts import AwsFacts, Facts, Route
from link.finding import Check, Finding, Level, refused, warned
from link.spec import LinkSpec
from link.survey import Survey

MOST_OF_A_REASON = 20
# What a route leads to, by the beginning of its target's id.
_KINDS = {
    "pcx-": "a VPC peering",
    "tgw-": "a transit gateway",
    "eni-": "a network interface",
    "nat-": "a NAT gateway",
    "vgw-": "a virtual private gateway",
    "igw-": "an internet gateway",
    "eigw-": "an egress-only internet gateway",
    "lgw-": "a local gateway",
    "cagw-": "a carrier gateway",
    "vpce-": "a VPC endpoint",
    "i-": "an instance",
    "arn:": "a core network",
}


def _overlaps(facts: Facts) -> Iterator[Finding]:
    ranges = [("VPC", cidr) for cidr in facts.aws.cidrs]
    ranges += [
        (network.id.rsplit("/", 1)[-1], prefix)
        for network in facts.azure.virtual_networks
        for prefix in network.prefixes
    ]
    ranges += [
        (f"{peered.id.rsplit('/', 1)[-1]} (peered, with gateway transit)", prefix)
        for peered in facts.azure.peered
        for prefix in peered.prefixes
    ]
    for (one, a), (other, b) in combinations(ranges, 2):
        if a.overlaps(b):
            how = "is also" if a == b else "overlaps"
            message = f"{a} of {one} {how} {b} of {other}"
            yield refused("OverlappingRanges", message, "give one of the networks another range", f"{a} {b}")


def _foreign_routes(spec: LinkSpec, facts: Facts) -> Iterator[tuple[str, Route, IPv4Network]]:
    """Routes of others that have to do with an Azure prefix, in the tables that we would write."""
    for table in choose.private_tables(spec, facts.aws):
        for route in table.routes:
            if (
                route.target == "local"
                or route.destination == choose.ANYWHERE
                or own_routes.is_ours(table.id, route, facts.aws)
            ):
                continue
            for prefix in facts.azure.prefixes:
                if route.destination.overlaps(prefix):
                    yield table.id, route, prefix


def _named(target: str) -> str:
    kind = next((kind for start, kind in _KINDS.items() if target.startswith(start)), "something")
    return f"{kind} ({target or 'without an id'})"


def taken_routes(spec: LinkSpec, facts: Facts) -> tuple[Finding, ...]:
    """Refusals for routes of others inside an Azure prefix. AdjustRoutes asks again before it acts."""
    return tuple(
        refused(
            "RouteTaken",
            f"{table} already routes {route.destination} to {_named(route.target)}, and {prefix} is behind Azure",
            "remove that route or choose other tables by aws.route_tables",
            f"{table}/{route.destination}",
        )
        for table, route, prefix in _foreign_routes(spec, facts)
        if route.destination.subnet_of(prefix)
    )


def _shadowed_routes(spec: LinkSpec, facts: Facts) -> Iterator[Finding]:
    """One warning for each of the wider routes, whatever number of prefixes it covers."""
    for (table, route), found in groupby(_foreign_routes(spec, facts), key=lambda one: one[:2]):
        prefixes = [prefix for _, _, prefix in found if not route.destination.subnet_of(prefix)]
        if prefixes:
            message = (
                f"{table} routes {route.destination} to {_named(route.target)}, and what the link routes to "
                f"{', '.join(map(str, prefixes))} is more specific and takes that part away from it"
            )
            remedy = "make sure that nothing behind it needs it"
            yield warned("RouteShadowed", message, remedy, f"{table}/{route.destination}")


def _moved(spec: LinkSpec, facts: AwsFacts) -> Iterator[Finding]:
    """A link that is somewhere cannot be moved by a change: what is ours there would be nobody's."""
    remedy = "undo that change; for the other place declare another link, and destroy this one when it is up"
    if facts.established_in not in (None, spec.aws.vpc):
        message = f"the link is up in {facts.established_in}, aws.vpc says {spec.aws.vpc}"
        yield refused("VpcChanged", message, remedy)
    wanted = (spec.azure.subscription, spec.azure.resource_group)
    if facts.azure_side and facts.azure_side != wanted:
        there, here = "/".join(facts.azure_side), "/".join(wanted)
        message = f"the link's connection is in {there}, azure.subscription and resource_group say {here}"
        yield refused("AzureSideChanged", message, remedy)


def _probe(spec: LinkSpec, prefixes: tuple[IPv4Network, ...]) -> Iterator[Finding]:
    if spec.probe and prefixes and not any(spec.probe.address in prefix for prefix in prefixes):
        known = ", ".join(map(str, prefixes))
        message = f"{spec.probe.address} is in no prefix behind Azure ({known})"
        yield refused("ProbeElsewhere", message, "correct probe.address")


def checks(spec: LinkSpec, facts: Facts, survey: Survey) -> tuple[Check, ...]:
    """Everything that is checked before a walk, in the order in which a person would look."""
    return (
        Check.of("place of the link", _moved(spec, facts.aws)),
        Check.of("address ranges of both sides", _overlaps(facts)),
        *preflight_aws.checks(spec, facts, survey),
        Check.of("routes to Azure", (*taken_routes(spec, facts), *_shadowed_routes(spec, facts))),
        *preflight_azure.checks(spec, facts.azure),
        Check.of("probe address", _probe(spec, facts.azure.prefixes)),
    )


def standing(spec: LinkSpec, facts: Facts) -> tuple[Finding, ...]:
    """The refusals that both clouds' facts show by themselves. They hold back their own step, and are reported."""
    checked = (
        Check.of("", _overlaps(facts)),
        *preflight_aws.networks(spec, facts.aws),
        Check.of("", taken_routes(spec, facts)),
        *preflight_azure.checks(spec, facts.azure),
        Check.of("", _probe(spec, facts.azure.prefixes)),
    )
    return bounded(refusals(checked))


def bounded(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """At most `MOST_OF_A_REASON` of each reason: what is kept, alerted and handed on stays small."""
    seen: Counter[str] = Counter()
    kept = []
    for finding in findings:
        seen[finding.reason] += 1
        if seen[finding.reason] <= MOST_OF_A_REASON:
            kept.append(finding)
    return tuple(kept)


def _of(level: Level, checked: tuple[Check, ...]) -> tuple[Finding, ...]:
    return tuple(finding for check in checked for finding in check.findings if finding.level is level)


def refusals(checked: tuple[Check, ...]) -> tuple[Finding, ...]:
    """Every reason not to begin; none means go."""
    return _of(Level.REFUSED, checked)


def warnings(checked: tuple[Check, ...]) -> tuple[Finding, ...]:
    """What a person should know although it does not stand in the way."""
    return _of(Level.WARNING, checked)
