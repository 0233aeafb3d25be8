"""Looks at the machine: Libreswan, routes, interfaces, counters. Changes nothing.

What could not be read is None, which is not the same as nothing found.
"""

import json
from collections.abc import Mapping

from gateway.agent import metadata, program, status

ROUTE_PROTOCOL = "111"  # marks our routes; a number that iproute2 has no name for


def child_sas() -> tuple[status.ChildSa, ...] | None:
    """The child SAs that are installed."""
    try:
        return status.parse_traffic(program.run([program.WHACK, "--trafficstatus"], timeout_s=5))
    except program.ProgramFailed:
        return None


def states() -> Mapping[int, tuple[str, ...]]:
    """Libreswan's lines about each tunnel's SAs, also those under negotiation."""
    return status.parse_states(program.run([program.WHACK, "--showstates"], timeout_s=5))


def routes() -> frozenset[status.Route]:
    """Our routes."""
    return status.parse_routes(program.run([program.IP, "-json", "-4", "route", "show", "proto", ROUTE_PROTOCOL]))


def interfaces() -> tuple[status.Interface, ...]:
    """The tunnels' interfaces."""
    return status.parse_interfaces(program.run([program.IP, "-json", "link", "show", "type", "xfrm"]))


def outer_bytes() -> status.Bytes:
    """What passed on UDP 500 and 4500 since the first ruleset, IP headers included."""
    try:
        counters = status.parse_counters(program.run([program.NFT, "--json", "list", "counters"]))
    except program.ProgramFailed:
        return status.Bytes()
    return status.Bytes(counters.get("outer_in", 0), counters.get("outer_out", 0))


def own_address() -> str | None:
    """The address with which the gateway speaks inside the VPC, known to the other side as part of the VPC's range."""
    rows = json.loads(program.run([program.IP, "-json", "-4", "route", "get", metadata.ADDRESS]) or "[]")
    return str(rows[0]["prefsrc"]) if rows and "prefsrc" in rows[0] else None
