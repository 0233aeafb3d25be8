"""The steps that a plan is made of: what would be changed, why, and in which state of the walk. Values only."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import ClassVar

from link.facts import Rule
from link.record import Record
from link.wanted import AzureWanted, GatewayConfiguration


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
    because: str


class Goal(StrEnum):
    """What a walk works towards now. It is what was wanted until a state fails."""

    UP = "up"
    DOWN = "down"
    RESTORE = "restore"


@dataclass(frozen=True)
class Step:
    """One change. `reason` is one CamelCase word, `because` one sentence."""

    state: ClassVar[State]
    reason: str
    because: str


@dataclass(frozen=True)
class AllowInbound(Step):
    """Adds an inbound rule to the gateway's security group."""

    state = State.LAUNCH_GATEWAY
    rule: Rule


@dataclass(frozen=True)
class RevokeInbound(Step):
    """Removes an inbound rule that nobody wants."""

    state = State.LAUNCH_GATEWAY
    rule: Rule


@dataclass(frozen=True)
class PublishConfiguration(Step):
    """Puts the first configuration where the gateway's agent reads it."""

    state = State.LAUNCH_GATEWAY
    configuration: GatewayConfiguration


@dataclass(frozen=True)
class LaunchGateway(Step):
    """Launches a gateway instance with an inline interface and a temporary public address."""

    state = State.LAUNCH_GATEWAY
    subnet: str


@dataclass(frozen=True)
class DisableSourceDestCheck(Step):
    """Lets the interface forward packets that are not its own."""

    state = State.ATTACH_ELASTIC_IP
    interface: str


@dataclass(frozen=True)
class AttachElasticIp(Step):
    """Moves the link's address to the interface, in one call, wherever it was."""

    state = State.ATTACH_ELASTIC_IP
    allocation: str
    interface: str


@dataclass(frozen=True)
class CreateRoute(Step):
    """Adds a route to the gateway."""

    state = State.ADJUST_ROUTES
    table: str
    destination: IPv4Network
    interface: str


@dataclass(frozen=True)
class ReplaceRoute(Step):
    """Points a route of ours at the gateway."""

    state = State.ADJUST_ROUTES
    table: str
    destination: IPv4Network
    interface: str


@dataclass(frozen=True)
class DropRoute(Step):
    """Deletes a route of ours that is not wanted any more."""

    state = State.ADJUST_ROUTES
    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class GiveUpRoute(Step):
    """Strikes such a route from our list without touching it: it is gone, or somebody has pointed it elsewhere."""

    state = State.ADJUST_ROUTES
    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class ConnectAzure(Step):
    """Asks the Function to create or correct the Azure side."""

    state = State.CONNECT_AZURE
    wanted: AzureWanted


@dataclass(frozen=True)
class RepointGateway(Step):
    """Replaces the configuration of a link that has been up, once the Azure side is ready for it."""

    state = State.REPOINT_GATEWAY
    configuration: GatewayConfiguration


@dataclass(frozen=True)
class RemoveRoute(Step):
    """Deletes a route of ours because the link goes."""

    state = State.REMOVE_ROUTES
    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class ForgetRoute(Step):
    """Strikes a route from our list: it is gone."""

    state = State.REMOVE_ROUTES
    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class LeaveRoute(Step):
    """Strikes a route from our list without touching it: somebody has pointed it elsewhere, so it is theirs now."""

    state = State.REMOVE_ROUTES
    table: str
    destination: IPv4Network


@dataclass(frozen=True)
class CloseInbound(Step):
    """Removes an inbound rule because the link goes."""

    state = State.RETIRE_GATEWAY
    rule: Rule


@dataclass(frozen=True)
class DetachElasticIp(Step):
    """Takes the link's address off the interface."""

    state = State.RETIRE_GATEWAY
    association: str


@dataclass(frozen=True)
class TerminateGateway(Step):
    """Ends a gateway instance."""

    state = State.RETIRE_GATEWAY
    instance: str
