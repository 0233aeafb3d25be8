"""What one look at a link leaves for the next: what was tried, since when it is not well, what was alerted. Pure."""

from enum import StrEnum

from pydantic import AwareDatetime

from link.condition import Key
from link.flow import Flow
from link.reading import Observation
from link.record import Record


class Remedy(StrEnum):
    """What a look can lead to. Walk is the plan for what differs; the others are parts of a walk, asked for by name."""

    WALK = "Walk"
    RESET_CONNECTION = "ResetConnection"
    REPLACE_GATEWAY = "ReplaceGateway"


class Pause(Record):
    """Maintenance: until then the link is looked at, and nothing is changed."""

    until: AwareDatetime
    why: str


class Attempt(Record):
    """How often a remedy was begun for one condition, and when last."""

    reason: str
    subject: str
    remedy: Remedy
    times: int
    last_at: AwareDatetime

    @property
    def key(self) -> tuple[str, str, Remedy]:
        """What it counts."""
        return (self.reason, self.subject, self.remedy)


class Notification(Record):
    """When a person was last alerted to a condition, and since when no look has found it."""

    reason: str
    subject: str
    at: AwareDatetime
    absent_since: AwareDatetime | None = None

    @property
    def key(self) -> Key:
        """The condition's."""
        return (self.reason, self.subject)


class HealingState(Record):
    """What the next look must know.

    `since`: when a problem of this state was first seen since the link was last well. By state and not by reason: a
    link that is down shows it by one reason now and by another a minute later. `walks` and `alerts`: the times of the
    last hour.
    """

    attempts: tuple[Attempt, ...] = ()
    since: dict[Observation, AwareDatetime] = {}
    notified: tuple[Notification, ...] = ()
    walks: tuple[AwareDatetime, ...] = ()
    alerts: tuple[AwareDatetime, ...] = ()
    flow: Flow | None = None
