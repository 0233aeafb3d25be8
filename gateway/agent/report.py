"""Builds what the agent tells the controller (the documents of link/reading.py) and decides when. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.agent.fault import Fault
from gateway.agent.status import Bytes, Outer

BOOTED = "GatewayBooted"
BOOT_FAILED = "GatewayBootFailed"
READING = "GatewayReading"
TUNNEL_LOST = "GatewayTunnelLost"
TUNNEL_BACK = "GatewayTunnelBack"
APPLIED = "GatewayConfigurationApplied"
HELPED = "GatewayHelped"

QUIET = timedelta(seconds=60)

UP, DOWN, UNKNOWN = "up", "down", "unknown"


def source(link: str) -> str:
    """Under which the gateway of a link speaks: the only one that its role may use (link/watched.py)."""
    return f"causeway.gateway.{link}"


@dataclass(frozen=True)
class TunnelLook:
    """One tunnel at one look."""

    number: int
    state: str
    inner: Bytes


@dataclass(frozen=True)
class Look:
    """One look at the whole gateway. `probe` is None when none is configured, `outer` when it could not be read."""

    version: str | None
    read_at: datetime
    tunnels: tuple[TunnelLook, ...]
    probe: str | None
    outer: Outer | None
    fault: str | None


@dataclass(frozen=True)
class Speaker:
    """Who speaks."""

    link: str
    instance: str

    def booted(self, version: str) -> dict[str, Any]:
        """Detail of GatewayBooted."""
        return {"link": self.link, "instance": self.instance, "version": version}

    def boot_failure(self, fault: Fault) -> dict[str, Any]:
        """Detail of GatewayBootFailed."""
        return {"link": self.link, "instance": self.instance, "reason": fault.reason, "message": fault.message}

    def helped(self, remedy: str, why: Fault, at: datetime) -> dict[str, Any]:
        """Detail of GatewayHelped."""
        told = {"remedy": remedy, "reason": why.reason, "because": why.message, "at": at.isoformat()}
        return {"link": self.link, "instance": self.instance, **told}

    def reading(self, look: Look) -> dict[str, Any]:
        """Detail of GatewayReading."""
        tunnels = [
            {"number": t.number, "state": t.state, "bytes_in": t.inner.bytes_in, "bytes_out": t.inner.bytes_out}
            for t in look.tunnels
        ]
        return {
            "link": self.link,
            "instance": self.instance,
            "version": look.version,
            "read_at": look.read_at.isoformat(),
            "tunnels": tunnels,
            "probe": look.probe,
            "outer_bytes_in": look.outer and look.outer.bytes_in,
            "outer_bytes_out": look.outer and look.outer.bytes_out,
            "counting_since": look.outer and look.outer.since,
            "fault": look.fault,
        }


def worth_telling(last: Look | None, now: Look) -> bool:
    """Whether something changed that somebody waits for, or a minute passed in silence."""
    return last is None or _essence(last) != _essence(now) or now.read_at - last.read_at >= QUIET


def kind(last: Look | None, now: Look) -> str:
    """The name under which a look is told: what changed, and of several changes what matters most."""
    if last and _which(now, DOWN) - _which(last, DOWN):
        return TUNNEL_LOST  # also of one that was unknown in between
    if _which(now, UP) - (_which(last, UP) if last else frozenset()):
        return TUNNEL_BACK
    return APPLIED if last is None or last.version != now.version else READING


def _which(look: Look, state: str) -> frozenset[int]:
    return frozenset(tunnel.number for tunnel in look.tunnels if tunnel.state == state)


def _essence(look: Look) -> tuple[object, ...]:
    return (look.version, look.probe, look.fault, tuple((tunnel.number, tunnel.state) for tunnel in look.tunnels))


@dataclass(frozen=True)
class Datum:
    """One value of one metric of one link."""

    link: str
    name: str
    value: float
    unit: str
    read_at: datetime

    def fields(self) -> dict[str, str]:
        """As PutMetricData names them in its query protocol."""
        return {
            "MetricName": self.name,
            "Value": repr(self.value),
            "Unit": self.unit,
            "Timestamp": self.read_at.isoformat(timespec="seconds"),
            "Dimensions.member.1.Name": "Link",
            "Dimensions.member.1.Value": self.link,
        }


def metrics(link: str, last: Look | None, now: Look) -> tuple[Datum, ...]:
    """What CloudWatch is told of the time since `last`. What is unknown has no value."""
    values: dict[str, tuple[float, str]] = {}
    known = [tunnel.state for tunnel in now.tunnels if tunnel.state != UNKNOWN]
    if known:
        values["TunnelUp"] = (float(UP in known), "Count")
    if now.probe in (UP, DOWN):
        values["ProbeUp"] = (float(now.probe == UP), "Count")
    before = last.outer if last else Bytes()
    if before and now.outer:
        values["OuterBytesIn"] = (float(_grown(before.bytes_in, now.outer.bytes_in)), "Bytes")
        values["OuterBytesOut"] = (float(_grown(before.bytes_out, now.outer.bytes_out)), "Bytes")
    return tuple(Datum(link, name, value, unit, now.read_at) for name, (value, unit) in values.items())


def _grown(before: int, now: int) -> int:
    """A counter that is smaller than before began anew."""
    return now - before if now >= before else now


def with_outer(look: Look, outer: Outer | None) -> Look:
    """The same look with the counters, which are read only when somebody is told."""
    return replace(look, outer=outer)
