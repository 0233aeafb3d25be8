"""What was found in both clouds at one look. Plain values: no judgement, no client, no wish."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from link.condition import Condition
from link.record import Record
from link.spec import IpsecPolicy


class Route(Record):
    """One row of a route table. `target` is "local", an interface, gateway or other id; empty when AWS names none."""

    destination: IPv4Network
    target: str
    blackhole: bool = False


class RouteTable(Record):
    """A route table of the VPC, with the subnets that it serves explicitly."""

    id: str
    main: bool
    subnets: tuple[str, ...]
    routes: tuple[Route, ...]


class Subnet(Record):
    """A subnet of the VPC."""

    id: str
    zone: str
    cidr: IPv4Network


class Rule(Record):
    """One inbound permission of the gateway's security group. Ports are None for all protocols ("-1")."""

    protocol: str
    from_port: int | None
    to_port: int | None
    cidr: IPv4Network

    @property
    def name(self) -> str:
        """What tells it from other rules of the group."""
        return f"{self.protocol}/{self.from_port or 'all'}/{self.cidr}"


class Gateway(Record):
    """A gateway instance of this link that is not terminated. `state` is EC2's word.

    `image` is the image as the link declared it when the instance was launched, not the AMI: a parameter that has
    moved on makes no gateway wrong. `agent` is the version of the user data. Both are tags; None where one is gone.
    `failed` says that its boot cannot succeed. `condemned` says why it must be replaced though it has booted.
    """

    id: str
    state: str
    instance_type: str
    image: str | None
    agent: str | None
    subnet: str
    interface: str
    private_address: IPv4Address | None
    source_dest_check: bool
    booted: bool
    failed: bool = False
    condemned: Condition | None = None


class ElasticIp(Record):
    """The link's permanent address, and the interface that bears it now."""

    allocation: str
    address: IPv4Address
    association: str | None
    interface: str | None


# Before the stack is deployed. The address stands for the one that nobody knows yet; no other sentence can hold it.
NOT_ALLOCATED = ElasticIp(allocation="", address=IPv4Address("255.255.255.255"), association=None, interface=None)


class AwsFacts(Record):
    """One look at the AWS side. The last five fields are what the link's table remembers, because no cloud can tell.

    `own_routes` are the (route table, destination) pairs that are ours. `established_in` is the VPC in which the link
    was verified, None before that. `azure_side` is the (subscription, resource group) where ours is or may be in Azure.
    `launched_zones` are the zones in which gateways were launched, the newest last, each once.
    """

    cidrs: tuple[IPv4Network, ...]
    internet_gateway: str | None
    subnets: tuple[Subnet, ...]
    route_tables: tuple[RouteTable, ...]
    rules: tuple[Rule, ...]
    gateways: tuple[Gateway, ...]
    elastic_ip: ElasticIp
    own_routes: frozenset[tuple[str, IPv4Network]]
    published_version: str | None
    established_in: str | None = None
    azure_side: tuple[str, str] | None = None
    launched_zones: tuple[str, ...] = ()

    @property
    def established(self) -> bool:
        """The link has been up: from then on a walk that fails leaves it as it was, and does not take it down."""
        return self.established_in is not None


class VpnGateway(Record):
    """The Azure VPN gateway. `addresses` are its public ones, one for each active instance.

    `virtual_network` is the id of the network in which it stands; None when Azure did not tell.
    """

    id: str
    location: str
    sku: str
    vpn_type: str
    provisioning_state: str
    addresses: tuple[IPv4Address, ...]
    virtual_network: str | None = None


class LocalNetworkGateway(Record):
    """Azure's picture of the AWS side. `ours` tells whether it bears this deployment's tags."""

    id: str
    address: IPv4Address | None
    prefixes: tuple[IPv4Network, ...]
    provisioning_state: str
    ours: bool
    tags: dict[str, str] = {}


class ConnectionStatus(StrEnum):
    """Azure's word for the tunnel."""

    UNKNOWN = "Unknown"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    NOT_CONNECTED = "NotConnected"


class Connection(Record):
    """The Azure connection. `policy` is None when it is not one complete custom policy that we allow.

    `key_matches` compares the shared key by keyed digest; None means that it could not be compared.
    """

    id: str
    provisioning_state: str
    status: ConnectionStatus
    gateway: str
    local_network_gateway: str
    protocol: str
    mode: str
    policy: IpsecPolicy | None
    key_matches: bool | None
    ingress_bytes: int
    egress_bytes: int
    ours: bool
    tags: dict[str, str] = {}


class Peered(Record):
    """A virtual network that another one lets use its gateway, with the prefixes that the peering carries."""

    id: str
    prefixes: tuple[IPv4Network, ...]


class VirtualNetwork(Record):
    """A virtual network that the link names.

    `remote_gateway_networks` are those whose gateways it uses by peering, `transit` those that it lets use its own.
    """

    id: str
    prefixes: tuple[IPv4Network, ...]
    remote_gateway_networks: tuple[str, ...] = ()
    transit: tuple[Peered, ...] = ()


class AzureFacts(Record):
    """One look at the Azure side. A resource that does not exist is None; one that could not be read is an error.

    `psk_fault` says what is wrong with the link's key, `psk_unread` why it could not be read; neither holds any of it.
    """

    gateway: VpnGateway | None
    virtual_networks: tuple[VirtualNetwork, ...]
    missing_networks: tuple[str, ...] = ()
    local_network_gateway: LocalNetworkGateway | None
    connection: Connection | None
    psk_fault: str | None = None
    psk_unread: str | None = None

    @property
    def peers(self) -> tuple[IPv4Address, ...]:
        """The VPN gateway's addresses. Empty: it is missing or has none now, and may come back by the same ones."""
        return self.gateway.addresses if self.gateway else ()

    @property
    def unseen_networks(self) -> tuple[str, ...]:
        """Declared networks that are missing, and that no earlier observation stands in for (link/known.py)."""
        there = {network.id.rpartition("/")[2].lower() for network in self.virtual_networks}
        return tuple(name for name in self.missing_networks if name.lower() not in there)

    @property
    def peered(self) -> tuple[Peered, ...]:
        """Networks behind the gateway that the link does not name: the gateway's own network lets them use it.

        A network that itself uses another's gateway has none to share (Azure: gateway transit is not transitive).
        """
        named = {network.id.lower() for network in self.virtual_networks}
        hubs = [network for network in self.virtual_networks if not network.remote_gateway_networks]
        return tuple(peered for hub in hubs for peered in hub.transit if peered.id.lower() not in named)

    @property
    def prefixes(self) -> tuple[IPv4Network, ...]:
        """Every prefix behind the gateway, sorted, each once."""
        behind = [network.prefixes for network in self.virtual_networks] + [one.prefixes for one in self.peered]
        return tuple(sorted({prefix for prefixes in behind for prefix in prefixes}))


class Facts(Record):
    """One look at both sides."""

    aws: AwsFacts
    azure: AzureFacts
