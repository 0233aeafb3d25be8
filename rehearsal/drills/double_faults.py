"""Drills in which something breaks while something else is wrong, which must not stop the repair.

Each is a plain drill with more around it, so that its sign, its healer and its bound are the plain one's.
"""

from collections.abc import Mapping
from dataclasses import replace

from rehearsal.drills import bad_link, clouds, findings, unreachable, zones
from rehearsal.drills.drill import Drill, Healer, in_order

# What breaks while the Function is away, by the plain drill that breaks it.
_WITHOUT_FUNCTION = {
    "gateway-terminated": "gateway-terminated",
    "route-deleted": "route-deleted",
    "elastic-ip-moved": "elastic-ip-elsewhere",
    "rule-removed": "inbound-rule-removed",
}

_HUB_AND_SPOKE = r"the gateway is told of \['10\.0\.0\.0/16', '10\.4\.0\.0/16'\] behind Azure"
_ONLY_HUB = r"the gateway is told of \['10\.0\.0\.0/16'\] behind Azure"
# Each with the faults that it means: a range that overlaps or has no room is not routed, a lost peering's still is.
_FINDINGS = {
    "foreign-route": (findings.Finding("RouteTaken", findings.take_route, findings.give_route_back), ""),
    "overlap": (
        findings.Finding("OverlappingRanges", findings.overlap, findings.delete_spoke, findings.is_not_routed),
        rf"rtb-\w+ has no route to 10\.101\.200\.0/24|{_ONLY_HUB}",
    ),
    "lost-peering": (
        findings.Finding(
            "VirtualNetworkNotAttached",
            findings.lose_peering,
            findings.declare_hub_alone,
            findings.keeps_its_routes,
        ),
        rf"rtb-\w+ routes 10\.4\.0\.0/16 to the gateway, and it is not behind Azure|{_HUB_AND_SPOKE}",
    ),
    "route-quota": (
        findings.Finding("RouteLimit", findings.fill_tables, findings.empty_tables),
        r"rtb-\w+ has no route to 10\.3\.0\.0/16",
    ),
}


def of(plain: Mapping[str, Drill]) -> tuple[Drill, ...]:
    """All that need one link; `plain` are the plain drills by their names."""
    dies = plain["gateway-terminated"]
    return (
        *(_without_function(name, plain[what]) for name, what in _WITHOUT_FUNCTION.items()),
        *(_with_finding(name, dies) for name in _FINDINGS),
        replace(
            dies,
            name="zone-full",
            break_=zones.fill_and_terminate,
            judge=zones.judge,
            restore=zones.give_back,
            extra_s=zones.NEXT_ZONE_S,
        ),
    )


def beside_a_bad_link(plain: Mapping[str, Drill]) -> tuple[Drill, ...]:
    """Those that need two links. They are done on the good one."""
    dies = plain["gateway-terminated"]
    kinds = {
        "row-unreadable": bad_link.unreadable_row(dies.break_),
        "function-hangs": bad_link.hanging_function(dies.break_),
        "table-denied": bad_link.denied_table(dies.break_),
    }
    return tuple(
        replace(
            dies,
            name=f"one-bad-link-{name}",
            prepare=one.prepare,
            break_=one.break_,
            judge=one.judge,
            restore=one.restore,
        )
        for name, one in kinds.items()
    )


def _without_function(name: str, plain: Drill) -> Drill:
    """The Function is away for longer than an alert takes where a gateway is replaced, and else for two looks."""
    long = plain.healer is Healer.INSTANCE
    without = unreachable.WithoutFunction(plain.break_, alerts=long)
    return replace(
        plain,
        name=f"function-unreachable-{name}",
        break_=without.break_,
        mend=without.come_back,
        lasts_s=unreachable.ALERT_S if long else unreachable.HEALS_S,
        watched_s=unreachable.TWO_LOOKS_S,
        judge=without.judge,
        restore=in_order(plain.restore, clouds.clear),
    )


def _with_finding(name: str, dies: Drill) -> Drill:
    finding, tolerated = _FINDINGS[name]
    return replace(
        dies,
        name=f"finding-then-{dies.name}-{name}",
        prepare=finding.prepare,
        judge=finding.judge,
        restore=finding.take_back,
        tolerated=tolerated,
    )
