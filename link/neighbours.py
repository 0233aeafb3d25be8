"""Whether the declared links can stand side by side. Preflight sees one link; this sees all of a cdk.json. Pure."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from link.facts import AzureFacts
from link.finding import Check, Finding, refused
from link.spec import LinkSpec


def check(links: Sequence[tuple[LinkSpec, AzureFacts]]) -> Check:
    """One VPC can route a prefix to one gateway only."""
    return Check.of("links beside each other", _shared(links))


def _shared(links: Sequence[tuple[LinkSpec, AzureFacts]]) -> Iterator[Finding]:
    for (one, here), (other, there) in combinations(links, 2):
        if (one.aws.region, one.aws.vpc) != (other.aws.region, other.aws.vpc) or _apart(one, other):
            continue
        for a in here.prefixes:
            for b in there.prefixes:
                if a.overlaps(b):
                    what = str(a) if a == b else f"{a} and {b}"
                    message = f"{one.name} and {other.name} both route {what} from {one.aws.vpc}"
                    remedy = "give them different virtual networks, or different aws.route_tables"
                    yield refused("PrefixShared", message, remedy, f"{one.name} {other.name} {a} {b}")


def _apart(one: LinkSpec, other: LinkSpec) -> bool:
    """Links that name their route tables may share a prefix, as long as no table is named by both."""
    tables = one.aws.route_tables, other.aws.route_tables
    return tables[0] is not None and tables[1] is not None and set(tables[0]).isdisjoint(tables[1])
