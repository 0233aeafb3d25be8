"""One look at the tunnel from the gateway, as the agent reports it. What could not be read is unknown, not down."""

from datetime import datetime
from enum import StrEnum

from link.record import Record


class Observation(StrEnum):
    """What is known of a thing that should work."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class TunnelReading(Record):
    """One tunnel: whether a child SA is installed, and the inner bytes that it has carried.

    Also down is one whose peer is silent while another tunnel carries the traffic.
    """

    number: int
    state: Observation
    bytes_in: int
    bytes_out: int


class Reading(Record):
    """What the gateway sees. `probe` is None when the configuration names none. `read_at` is aware, UTC.

    The outer bytes are what the gateway received and sent on UDP 500 and 4500 since `counting_since` (aware, UTC), IP
    headers included. None: they could not be read, or the agent is of a version that does not say since when.

    `fault` says what is wrong that the agent could name: a CamelCase word, a colon and a sentence (docs/runbook.md).
    """

    link: str
    instance: str
    version: str | None
    read_at: datetime
    tunnels: tuple[TunnelReading, ...]
    probe: Observation | None
    outer_bytes_in: int | None
    outer_bytes_out: int | None
    fault: str | None = None
    counting_since: datetime | None = None


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


class Booted(Record):
    """Detail of GatewayBooted: the instance is ready to take over the Elastic IP."""

    link: str
    instance: str
    version: str


class BootFailure(Record):
    """Detail of GatewayBootFailed: `reason` is one CamelCase word, `message` one sentence."""

    link: str
    instance: str
    reason: str
    message: str


class Helped(Record):
    """Detail of GatewayHelped: a remedy of the agent's own, begun at `at` (aware, UTC), and the sentence why."""

    link: str
    instance: str
    remedy: str
    reason: str
    because: str
    at: datetime
