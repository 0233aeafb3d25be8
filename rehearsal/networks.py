"""The customer's networks in both clouds, and a host in each: what the world is built from and the fabric joins."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class Host:
    """A machine of the customer's, as a namespace; `place` is how checks name it."""

    place: str
    namespace: str
    address: IPv4Address


@dataclass(frozen=True)
class Subnet:
    """A subnet of a VPC; `zone` is the last letter of its availability zone."""

    cidr: IPv4Network
    zone: str
    public: bool


@dataclass(frozen=True)
class Vpc:
    """A VPC with a public and a private subnet in each of two zones; the host is in the first private one."""

    letter: str
    cidr: IPv4Network

    @property
    def subnets(self) -> list[Subnet]:
        """The public one of the first zone comes first: that is where a gateway is launched that has the choice."""
        cidrs = self.cidr.subnets(new_prefix=24)
        kinds = ((True, "a"), (False, "a"), (False, "b"), (True, "b"))
        return [Subnet(next(cidrs), zone, public) for public, zone in kinds]

    @property
    def host(self) -> Host:
        return Host(f"VPC {self.letter}", f"cw-vpc-{self.letter.lower()}", self.subnets[1].cidr[10])


@dataclass(frozen=True)
class VNet:
    """A virtual network with its VPN gateway; the gateway's second address is for an active-active one."""

    number: int
    cidr: IPv4Network
    gateway_addresses: tuple[IPv4Address, IPv4Address]  # TEST-NET-3 (RFC 5737)

    @property
    def name(self) -> str:
        return f"vnet-{self.number}"

    @property
    def workloads(self) -> IPv4Network:
        return list(self.cidr.subnets(new_prefix=24))[1]

    @property
    def gateway(self) -> str:
        return f"vpn-gateway-{self.number}"

    @property
    def host(self) -> Host:
        return Host(f"VNet {self.number}", f"cw-{self.name}", self.workloads[10])


VPC_A = Vpc("A", IPv4Network("10.101.0.0/16"))
VPC_B = Vpc("B", IPv4Network("10.102.0.0/16"))
VPCS = (VPC_A, VPC_B)
VNET_1 = VNet(1, IPv4Network("10.0.0.0/16"), (IPv4Address("203.0.113.4"), IPv4Address("203.0.113.5")))
VNET_2 = VNet(2, IPv4Network("10.1.0.0/16"), (IPv4Address("203.0.113.14"), IPv4Address("203.0.113.15")))
VNET_3 = VNet(3, IPv4Network("10.2.0.0/16"), (IPv4Address("203.0.113.24"), IPv4Address("203.0.113.25")))
VNETS = (VNET_1, VNET_2, VNET_3)
# What the customer adds to a link that is up: a range of VPC A's and of VNet 1's, with a host in each.
NEW_CIDR = IPv4Network("10.111.0.0/16")
NEW_HOST = Host("VPC A's new range", "cw-vpc-a-new", NEW_CIDR[10])
NEW_PREFIX = IPv4Network("10.3.0.0/16")
IN_NEW_PREFIX = Host("VNet 1's new range", VNET_1.host.namespace, NEW_PREFIX[266])
AWS_HOSTS = (*(vpc.host for vpc in VPCS), NEW_HOST)
HOSTS = (*AWS_HOSTS, *(vnet.host for vnet in VNETS))


def vnet_of(gateway_address: IPv4Address) -> VNet:
    """The virtual network whose VPN gateway has this address. Raises LookupError for an address of nobody."""
    for vnet in VNETS:
        if gateway_address in vnet.gateway_addresses:
            return vnet
    raise LookupError(f"{gateway_address} is no VPN gateway's address")
