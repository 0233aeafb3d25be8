"""What must be done on the Azure side: the difference between what a link wants and what was found there.

The steps come in the order in which they must be done. The caller begins the first one and looks again.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from link import errors
from link.condition import Condition
from link.facts import AzureFacts, Connection, LocalNetworkGateway, VpnGateway
from link.spec import IpsecPolicy
from link.steps import State, Step
from link.wanted import AzureRef, AzureWanted

PROTOCOL = "IKEv2"
# ARM's words for an operation that still runs. Any other word but Succeeded is an end that needs correcting.
RUNNING = frozenset({"Creating", "Updating", "Deleting"})


@dataclass(frozen=True)
class PutLocalNetworkGateway:
    """Create or correct Azure's picture of the AWS side."""

    location: str
    address: IPv4Address
    prefixes: tuple[IPv4Network, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class PutConnection:
    """Create or correct the connection. The shared key is never part of it."""

    location: str
    gateway: str
    local_network_gateway: str
    policy: IpsecPolicy
    mode: str
    tags: dict[str, str]


@dataclass(frozen=True)
class SetSharedKey:
    """Write the link's PSK to the connection."""


@dataclass(frozen=True)
class ResetConnection:
    """Have Azure begin the connection anew."""


@dataclass(frozen=True)
class DeleteConnection:
    """Remove our connection."""


@dataclass(frozen=True)
class DeleteLocalNetworkGateway:
    """Remove our local network gateway, which no connection uses any more."""


@dataclass(frozen=True)
class Wait:
    """Azure is still busy; look again."""


type AzureAction = (
    PutLocalNetworkGateway
    | PutConnection
    | SetSharedKey
    | ResetConnection
    | DeleteConnection
    | DeleteLocalNetworkGateway
    | Wait
)
RESET = "ConnectionStuck"


type Why = tuple[str, str]


def _step(action: AzureAction, why: Why, subject: str = "", state: State = State.CONNECT_AZURE) -> Step:
    reason, message = why
    return Step(state, action, Condition(reason=reason, subject=subject, message=message))


def steps(
    ref: AzureRef, wanted: AzureWanted | None, facts: AzureFacts, begun: Collection[str] = ()
) -> tuple[Step, ...]:
    """Every step still to be done, in order; none when the Azure side is as wanted. Refuses by AzureFailed.

    `begun` are the reasons for which this work has begun steps before: no look tells that a connection was reset.
    """
    if wanted is None:
        return _waits(facts) or tuple(_removals(facts))
    _refuse_foreign(ref, facts)
    if facts.gateway is None:
        raise errors.AzureFailed(
            f"VpnGatewayMissing: there is no VPN gateway {ref.vpn_gateway} in {ref.resource_group}"
        )
    stuck = (RESET, "it is as wanted, and stays down")
    reset = () if RESET in begun or not wanted.reset else (_step(ResetConnection(), stuck),)
    return _waits(facts) or tuple(_corrections(ref, wanted, facts, facts.gateway)) or reset


def _refuse_foreign(ref: AzureRef, facts: AzureFacts) -> None:
    for kind, found in (("LocalNetworkGateway", facts.local_network_gateway), ("Connection", facts.connection)):
        if found is not None and not found.ours:
            raise errors.AzureFailed(
                f"Foreign{kind}: {found.id} exists and does not bear this deployment's tags; "
                "remove it, or give the link another name"
            )


def _waits(facts: AzureFacts) -> tuple[Step, ...]:
    """Azure refuses changes while the gateway itself or one of our resources is changing."""
    for word, found in (
        ("VpnGateway", facts.gateway),
        ("LocalNetworkGateway", facts.local_network_gateway),
        ("Connection", facts.connection),
    ):
        if found is None or found.provisioning_state not in RUNNING:
            continue
        if isinstance(found, VpnGateway) or found.ours:
            state = found.provisioning_state
            return (_step(Wait(), (f"{word}{state}", f"Azure says {state} of {found.id}"), found.id),)
    return ()


def _removals(facts: AzureFacts) -> Iterator[Step]:
    if facts.connection is not None and facts.connection.ours:
        why = ("ConnectionUnwanted", "no link wants the connection any more")
        yield _step(DeleteConnection(), why, state=State.DISCONNECT_AZURE)
    if facts.local_network_gateway is not None and facts.local_network_gateway.ours:
        unwanted = ("LocalNetworkGatewayUnwanted", "no link wants the local network gateway any more")
        yield _step(DeleteLocalNetworkGateway(), unwanted, state=State.DISCONNECT_AZURE)


def _corrections(ref: AzureRef, wanted: AzureWanted, facts: AzureFacts, gateway: VpnGateway) -> Iterator[Step]:
    tags = {**wanted.tags, **ref.tags}
    why = _why_local_network_gateway(facts.local_network_gateway, wanted, tags)
    if why is not None:
        yield _step(PutLocalNetworkGateway(gateway.location, wanted.address, wanted.prefixes, tags), why)
    connection = facts.connection
    if connection is not None and (why := _why_replace(connection, gateway.id, ref.local_network_gateway_id)):
        yield _step(DeleteConnection(), why)
        connection = None
    why = _why_connection(connection, wanted, tags)
    if why is not None:
        local = ref.local_network_gateway_id
        yield _step(PutConnection(gateway.location, gateway.id, local, wanted.policy, wanted.mode, tags), why)
    if connection is None or connection.key_matches is not True:
        yield _step(SetSharedKey(), _why_key(connection))


def _why_local_network_gateway(
    found: LocalNetworkGateway | None, wanted: AzureWanted, tags: dict[str, str]
) -> Why | None:
    if found is None:
        return "LocalNetworkGatewayMissing", "Azure has no picture of the AWS side yet"
    if found.provisioning_state != "Succeeded":
        return "LocalNetworkGatewayFailed", f"Azure ended its last change with {found.provisioning_state}"
    if found.address != wanted.address:
        return "GatewayAddressChanged", f"Azure knows the address {found.address}, ours is {wanted.address}"
    if sorted(found.prefixes) != sorted(wanted.prefixes):
        return "VpcPrefixesChanged", f"Azure knows {_listed(found.prefixes)}, the VPC has {_listed(wanted.prefixes)}"
    return _why_tags(found.tags, tags)


def _why_replace(found: Connection, gateway: str, local_network_gateway: str) -> Why | None:
    """Ends and protocol of a connection are fixed when it is made (Azure VPN FAQ)."""
    if found.gateway.lower() != gateway.lower():
        return "ConnectionGatewayChanged", f"the connection belongs to {found.gateway}, the link wants {gateway}"
    if found.local_network_gateway.lower() != local_network_gateway.lower():
        return "ConnectionPeerChanged", f"the connection leads to {found.local_network_gateway}, which is not ours"
    if found.protocol != PROTOCOL:
        return "ConnectionProtocolChanged", f"the connection speaks {found.protocol}, the link wants {PROTOCOL}"
    return None


def _why_connection(found: Connection | None, wanted: AzureWanted, tags: dict[str, str]) -> Why | None:
    if found is None:
        return "ConnectionMissing", "Azure has no connection to the AWS side yet"
    if found.provisioning_state != "Succeeded":
        return "ConnectionFailed", f"Azure ended its last change with {found.provisioning_state}"
    if found.policy != wanted.policy:
        return "PolicyChanged", "the connection's policy is not the one that both ends are pinned to"
    if found.mode != wanted.mode:
        return "ConnectionModeChanged", f"the connection's mode is {found.mode}, the link wants {wanted.mode}"
    return _why_tags(found.tags, tags)


def _why_tags(found: dict[str, str], wanted: dict[str, str]) -> Why | None:
    """Further tags may be there: an Azure policy adds them."""
    differing = sorted(key for key, value in wanted.items() if found.get(key) != value)
    return ("TagsChanged", f"tags are missing or differ: {', '.join(differing)}") if differing else None


def _why_key(connection: Connection | None) -> Why:
    if connection is None:
        return "SharedKeyMissing", "a new connection has no key of ours"
    if connection.key_matches is None:
        return "SharedKeyUnknown", "the connection's key could not be compared with the link's"
    return "SharedKeyChanged", "the connection's key is not the link's"


def _listed(prefixes: tuple[IPv4Network, ...]) -> str:
    return ", ".join(str(prefix) for prefix in sorted(prefixes)) or "none"
