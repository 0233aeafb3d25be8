"""Decides what the gateway should do next from its configuration and one look at it. Pure; act.py does it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.agent.configuration import Configuration
from gateway.agent.fault import Fault
from gateway.agent.status import Route

# Worse than every tunnel's route. While it stands alone, traffic for the other side ends here and not in clear text.
UNREACHABLE_METRIC = 4000
METRIC_PER_TUNNEL = 10
TUNNEL_MTU = 1400
DISK_MB = 16


def disk_fault(free_mb: int) -> Fault | None:
    """Whether the disk is about to be full. The tunnel does not need it, a new configuration does."""
    return Fault("DiskFull", f"less than {DISK_MB} MB of the disk are free") if free_mb < DISK_MB else None


def blocking_routes(configuration: Configuration) -> frozenset[Route]:
    """The standing route of every prefix of the other side."""
    return frozenset(Route(str(prefix), "", UNREACHABLE_METRIC) for prefix in configuration.remote_prefixes)


def used(up: frozenset[int], silent: frozenset[int]) -> frozenset[int]:
    """The tunnels that get traffic, of those that are up. Where none answers, silence says nothing of any of them."""
    return up - silent or up


def wanted_routes(configuration: Configuration, up: frozenset[int], silent: frozenset[int]) -> frozenset[Route]:
    """All our routes: through each tunnel that is used, the lowest number first, and the standing ones."""
    through = frozenset(
        Route(str(prefix), tunnel.interface, METRIC_PER_TUNNEL * tunnel.number)
        for prefix in configuration.remote_prefixes
        for tunnel in configuration.tunnels
        if tunnel.number in used(up, silent)
    )
    return through | blocking_routes(configuration)


@dataclass(frozen=True)
class ConnectionChanges:
    """Connections to take away, and connections to load anew, which ends their SAs. The others keep theirs."""

    delete: tuple[str, ...]
    load: tuple[str, ...]


def connection_changes(loaded: str, wanted: str) -> ConnectionChanges:
    """Compares two contents of the connections' file."""
    before, after = _connections(loaded), _connections(wanted)
    return ConnectionChanges(
        delete=tuple(name for name in before if name not in after),
        load=tuple(name for name, text in after.items() if before.get(name) != text),
    )


def _connections(text: str) -> Mapping[str, str]:
    parts = re.split(r"^conn (\S+)$", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


class Nudge(StrEnum):
    """What to do for a tunnel that is down."""

    NOTHING = "nothing"
    INITIATE = "initiate"
    RESTART = "restart"
    TERMINATE = "terminate"


class Awaited(StrEnum):
    """What the next round waits for, so that it begins as soon as this is there."""

    NOTHING = "nothing"
    ADDRESS = "address"
    TUNNEL = "tunnel"
    ANSWER = "answer"


def awaited(
    configuration: Configuration, ours: bool | None, up: frozenset[int], suspects: frozenset[int] = frozenset()
) -> Awaited:
    """A gateway that takes over waits for the Elastic IP and then for its tunnels; traffic waits all the while.

    So does traffic through a tunnel whose peer owes an answer, where it may be moved to another.
    """
    if not ours:
        return Awaited.ADDRESS
    if any(tunnel.number not in up for tunnel in configuration.tunnels):
        return Awaited.TUNNEL
    return Awaited.ANSWER if suspects else Awaited.NOTHING


# The next try is a second or more away: Libreswan doubles the pause between the repetitions of IKE_SA_INIT.
_FAR_RETRY = re.compile(r"\bIKE_SA_INIT_I\b.*\bRETRANSMIT in [1-9]")


def nudge(states: Sequence[str], ours: bool | None, *, alone: bool = True) -> Nudge:
    """How to help a tunnel that is down; docs/experiments/two-tunnels.md has the table behind it.

    `ours` tells whether this instance bears the Elastic IP. Without it the peer must hear nothing from here, or the
    gateway that does bear it would lose its tunnel. `alone`: no other tunnel is up, so that nothing is lost when a
    negotiation is ended: with it Libreswan 5.2 takes the kernel's policy of the other tunnel away.
    """
    if not ours:
        return Nudge.TERMINATE if ours is False and states else Nudge.NOTHING
    if not states:
        return Nudge.INITIATE
    return Nudge.RESTART if alone and all(_FAR_RETRY.search(state) for state in states) else Nudge.NOTHING
