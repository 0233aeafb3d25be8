"""The steps that a plan is made of: what would be changed, why, and in which state of the walk. Values only."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from link.condition import Condition
from link.facts import Rule, Subnet
from link.record import Record
from link.wanted import AzureWanted, GatewayConfiguration

if TYPE_CHECKING:
    from link.azure_plan import AzureAction


class State(StrEnum):
    """The states of the walk, named as the state machine names them. They read like the manual procedure."""

    DISCOVER = "Discover"
    PREFLIGHT = "Preflight"
    LAUNCH_GATEWAY = "LaunchGateway"
    WAIT_FOR_BOOT = "WaitForBoot"
    EXPLAIN_BOOT = "ExplainBoot"
    ATTACH_ELASTIC_IP = "AttachElasticIp"
    ADJUST_ROUTES = "AdjustRoutes"
    CONNECT_AZURE = "ConnectAzure"
    REPOINT_GATEWAY = "RepointGateway"
    VERIFY = "Verify"
    DISCONNECT_AZURE = "DisconnectAzure"
    REMOVE_ROUTES = "RemoveRoutes"
    RESTORE_GATEWAY = "RestoreGateway"
    RETIRE_GATEWAY = "RetireGateway"
    REPORT = "Report"


class Wanted(StrEnum):
    """What a walk makes true: the link is there, or nothing of it is."""

    UP = "up"
    DOWN = "down"


class Why(Record):
    """Why a walk was started by itself: what asked for the look, and what the look found."""

    trigger: str
    reason: str
    subject: str = ""
    message: str = ""


class Goal(StrEnum):
    """What a walk works towards now. It is what was wanted until a state fails."""

    UP = "up"
    DOWN = "down"
    RESTORE = "restore"


@dataclass(frozen=True)
class AllowInbound:
    """Add an inbound rule to the gateway's security group."""

    rule: Rule


@dataclass(frozen=True)
class RevokeInbound:
    """Remove an inbound rule."""

    rule: Rule


@dataclass(frozen=True)
class PublishConfiguration:
    """Put the configuration where the gateway's agent reads it."""

    configuration: GatewayConfiguration


@dataclass(frozen=True)
class LaunchGateway:
    """Launch a gateway instance in the first of these subnets whose zone has room for it."""

    places: tuple[Subnet, ...]


@dataclass(frozen=True)
class DisableSourceDestCheck:
    """Let the interface forward packets that are not its own."""

    interface: str


@dataclass(frozen=True)
class AttachElasticIp:
    """Move the link's address to the interface, in one call, wherever it was."""

    allocation: str
    interface: str


@dataclass(frozen=True)
class DetachElasticIp:
    """Take the link's address off its interface."""

    association: str


@dataclass(frozen=True)
class CreateRoute:
    """Record a route as the link's and make it."""

    table: str
    destination: IPv4Network
    interface: str


@dataclass(frozen=True)
class ReplaceRoute:
    """Record a route as the link's and point it at the interface.

    `carries`: it leads to another gateway that works. Where AWS refuses, that gateway must stay.
    """

    table: str
    destination: IPv4Network
    interface: str
    carries: bool = False


@dataclass(frozen=True)
class DeleteRoute:
    """Delete a route of the link and strike it from the link's record."""

    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class DisownRoute:
    """Strike a route from the link's record: it is gone, or another team has pointed it elsewhere."""

    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class ConnectAzure:
    """Ask the Function to create or correct the Azure side."""

    wanted: AzureWanted


@dataclass(frozen=True)
class TerminateGateway:
    """Terminate a gateway instance."""

    instance: str


type Action = (
    AllowInbound
    | RevokeInbound
    | PublishConfiguration
    | LaunchGateway
    | DisableSourceDestCheck
    | AttachElasticIp
    | DetachElasticIp
    | CreateRoute
    | ReplaceRoute
    | DeleteRoute
    | DisownRoute
    | ConnectAzure
    | TerminateGateway
)


def is_single(action: "Action | AzureAction") -> bool:
    """Concerns one rule or one route: a link that was verified goes on past such a step that AWS refuses.

    Not past a route that carries: the gateway to which it leads would be ended next.
    """
    if isinstance(action, ReplaceRoute):
        return not action.carries
    return isinstance(action, AllowInbound | RevokeInbound | CreateRoute | DeleteRoute | DisownRoute)


@dataclass(frozen=True)
class Step:
    """One change: in which state of the walk, what is done, and the condition that it ends."""

    state: State
    action: "Action | AzureAction"
    condition: Condition

    @property
    def verb(self) -> str:
        """The action's name."""
        return type(self.action).__name__


def step(state: State, action: Action, reason: str, message: str, subject: str = "") -> Step:
    """A step with its condition."""
    return Step(state, action, Condition(reason=reason, subject=subject, message=message))


def of_route(state: State, action: Action, reason: str, message: str, table: str, destination: IPv4Network) -> Step:
    """A step of one route, whose subject is the table and the destination."""
    return step(state, action, reason, message, f"{table}/{destination}")
