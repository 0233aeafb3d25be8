"""One look at the tunnel from the gateway, as the agent reports it. What could not be read is unknown, not down.

The agent may be of another version, or under another's control: fields that are not known here are ignored, all others
are bounded. A text is shortened to a line; anything else that is out of bounds is refused.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, assert_never

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from link.record import Record
from link.spec import LinkName
from link.text import Line

CLOCKS = timedelta(minutes=2)  # by which two clocks may differ
TUNNELS = 8  # an active-active Azure gateway has two or three addresses

Instance = Annotated[str, StringConstraints(pattern=r"^i-[0-9a-z]+$", max_length=19)]
# The boot script reports a failure also when the instance's metadata did not answer (gateway/agent/failed.py).
InstanceIfKnown = Annotated[str, StringConstraints(pattern=r"^(i-[0-9a-z]+|unknown)$", max_length=19)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]+$", max_length=64)]  # a digest
Reason = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]*$", max_length=64)]
Remedy = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+$", max_length=64)]
Counter = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
# Bounded, because the first and the last hours of datetime's range cannot be converted to UTC.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2020, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]


def is_future(at: datetime, now: datetime) -> bool:
    """Whether the sender's clock is wrong. An old time is only late."""
    return at > now + CLOCKS


class Told(Record):
    """What a gateway sends."""

    model_config = ConfigDict(extra="ignore")


class Observation(StrEnum):
    """What is known of a thing that should work."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class TunnelReading(Told):
    """One tunnel: whether a child SA is installed, and the inner bytes that it has carried.

    Also down is one whose peer is silent while another tunnel carries the traffic.
    """

    number: Annotated[int, Field(strict=True, ge=1, le=TUNNELS)]
    state: Observation
    bytes_in: Counter
    bytes_out: Counter


def _unique(tunnels: tuple[TunnelReading, ...]) -> tuple[TunnelReading, ...]:
    if len({tunnel.number for tunnel in tunnels}) < len(tunnels):
        raise ValueError("a tunnel is named twice")
    return tunnels


class Reading(Told):
    """What the gateway sees. `probe` is None when the configuration names none. `read_at` is aware, UTC.

    The outer bytes are what the gateway received and sent on UDP 500 and 4500 since `counting_since` (aware, UTC), IP
    headers included. None: they could not be read, or the agent is of a version that does not say since when.

    `fault` says what is wrong that the agent could name: a CamelCase word, a colon and a sentence (docs/runbook.md).
    """

    link: LinkName
    instance: Instance
    version: Version | None
    read_at: Moment
    tunnels: Annotated[tuple[TunnelReading, ...], Field(max_length=TUNNELS), AfterValidator(_unique)]
    probe: Observation | None
    outer_bytes_in: Counter | None
    outer_bytes_out: Counter | None
    fault: Line | None = None
    counting_since: Moment | None = None


class GatewayEvent(StrEnum):
    """The detail-types under which the agent speaks, with the source of its link (link/watched.py).

    A lost tunnel, one that is back and an applied configuration are said as a Reading, in the place of READING.
    """

    BOOTED = "GatewayBooted"
    BOOT_FAILED = "GatewayBootFailed"
    READING = "GatewayReading"
    TUNNEL_LOST = "GatewayTunnelLost"
    TUNNEL_BACK = "GatewayTunnelBack"
    CONFIGURATION_APPLIED = "GatewayConfigurationApplied"
    HELPED = "GatewayHelped"


class Booted(Told):
    """Detail of GatewayBooted: the instance is ready to take over the Elastic IP."""

    link: LinkName
    instance: Instance
    version: Version


class BootFailure(Told):
    """Detail of GatewayBootFailed: `reason` is one CamelCase word, `message` one sentence."""

    link: LinkName
    instance: InstanceIfKnown
    reason: Reason
    message: Line


class Helped(Told):
    """Detail of GatewayHelped: a remedy of the agent's own, begun at `at` (aware, UTC), and the sentence why."""

    link: LinkName
    instance: Instance
    remedy: Remedy
    reason: Reason
    because: Line
    at: Moment


def parse(kind: GatewayEvent, detail: object, now: datetime) -> Reading | Helped | Booted | BootFailure:
    """The detail of an event. Raises ValueError for what no gateway of Causeway's sends."""
    told: Reading | Helped | Booted | BootFailure
    match kind:
        case (
            GatewayEvent.READING
            | GatewayEvent.TUNNEL_LOST
            | GatewayEvent.TUNNEL_BACK
            | GatewayEvent.CONFIGURATION_APPLIED
        ):
            told = Reading.model_validate(detail)
            at = max(told.read_at, told.counting_since or told.read_at)
        case GatewayEvent.HELPED:
            told = Helped.model_validate(detail)
            at = told.at
        case GatewayEvent.BOOTED:
            return Booted.model_validate(detail)
        case GatewayEvent.BOOT_FAILED:
            return BootFailure.model_validate(detail)
        case _:
            assert_never(kind)
    if is_future(at, now):
        raise ValueError(f"its time, {at.isoformat()}, is more than {CLOCKS} ahead of {now.isoformat()}")
    return told
