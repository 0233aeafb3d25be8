"""Which address ranges the link carries. A range that overlaps what is carried already is not routed. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from link.facts import Facts


@dataclass(frozen=True)
class Carried:
    """The VPC's ranges and the prefixes behind Azure between which the link routes, each sorted."""

    cidrs: tuple[IPv4Network, ...]
    prefixes: tuple[IPv4Network, ...]


def carried(facts: Facts) -> Carried:
    """All ranges, but those that overlap and were not routed before. Preflight reports them as OverlappingRanges.

    A prefix with a route of the link's was there first. Of two new prefixes that overlap neither is carried, because
    nothing tells which one is meant. A range of the VPC that overlaps a carried prefix came after it.

    While the prefixes of a declared network are not known, whatever is routed may be one of them, and stays.
    """
    routed = {destination for _, destination in facts.aws.own_routes}
    unseen = routed if facts.azure.unseen_networks else set()
    prefixes, cidrs = tuple(sorted({*facts.azure.prefixes, *unseen})), facts.aws.cidrs
    crossed = {one for pair in combinations(prefixes, 2) if pair[0].overlaps(pair[1]) for one in pair}
    crossed |= {prefix for prefix in prefixes if any(prefix.overlaps(cidr) for cidr in cidrs)}
    kept = tuple(prefix for prefix in prefixes if prefix in routed or prefix not in crossed)
    return Carried(tuple(sorted(cidr for cidr in cidrs if not any(cidr.overlaps(one) for one in kept))), kept)
