"""Looks at the machine: Libreswan, routes, interfaces, counters. Changes nothing.

What could not be read is None, which is not the same as nothing found.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from gateway.agent import metadata, program, status

ROUTE_PROTOCOL = "111"  # marks our routes; a number that iproute2 has no name for

# Since when the counters count (act.protect). In /run, which is empty after a boot, as they are then.
SINCE = Path("/run/causeway/since")
ANSWER_S = 1.5  # a daemon that has not answered by then is asked again in the next round


def child_sas() -> tuple[status.ChildSa, ...]:
    """The child SAs that are installed. Raises ProgramFailed: no daemon; ProgramHung: one that does not answer."""
    return status.parse_traffic(program.run([program.WHACK, "--trafficstatus"], timeout_s=ANSWER_S))


def states() -> Mapping[int, tuple[str, ...]]:
    """Libreswan's lines about each tunnel's SAs, also those under negotiation."""
    return status.parse_states(program.run([program.WHACK, "--showstates"], timeout_s=ANSWER_S))


def routes() -> frozenset[status.Route]:
    """Our routes."""
    return status.parse_routes(program.run([program.IP, "-json", "-4", "route", "show", "proto", ROUTE_PROTOCOL]))


def interfaces() -> tuple[status.Interface, ...]:
    """The tunnels' interfaces."""
    return status.parse_interfaces(program.run([program.IP, "-json", "link", "show", "type", "xfrm"]))


def connections() -> frozenset[str] | None:
    """What the daemon holds of the connections' texts, as it prints it."""
    try:
        return status.parse_connections(program.run([program.WHACK, "--connectionstatus"], timeout_s=ANSWER_S))
    except program.ProgramFailed:
        return None


def ruleset() -> str | None:
    """Our nftables rules without their counters; empty when the table is gone."""
    try:
        return program.run([program.NFT, "--stateless", "list", "table", "inet", "causeway"], timeout_s=ANSWER_S)
    except program.ProgramHung:
        return None
    except program.ProgramFailed:
        return ""


def kernel_is_empty() -> bool:
    """Whether the kernel has no security association, or no policy that leads traffic to one. Not when unknown."""
    try:
        said = program.run([program.IP, "-batch", "-"], given="xfrm state count\nxfrm policy count\n")
    except program.ProgramFailed:
        return False
    return 0 in status.parse_counts(said)


def disk_free_mb() -> int:
    """What is left of the root file system."""
    found = os.statvfs("/")
    return found.f_bavail * found.f_frsize >> 20


def outer() -> status.Outer | None:
    """What passed on UDP 500 and 4500, IP headers included, since the counters began."""
    try:
        counters = status.parse_counters(program.run([program.NFT, "--json", "list", "counters"]))
        return status.Outer(counters["outer_in"], counters["outer_out"], SINCE.read_text())
    except (program.ProgramFailed, KeyError, OSError):
        return None


def own_address() -> str | None:
    """The address with which the gateway speaks inside the VPC, known to the other side as part of the VPC's range."""
    rows = json.loads(program.run([program.IP, "-json", "-4", "route", "get", metadata.ADDRESS]) or "[]")
    return str(rows[0]["prefsrc"]) if rows and "prefsrc" in rows[0] else None
