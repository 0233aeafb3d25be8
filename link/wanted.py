"""What each end should be, derived from spec and facts: the two documents that leave the controller."""

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import StringConstraints

from link.record import Record
from link.spec import IpsecPolicy, LinkName, Probe

CONNECTION_MODE = "ResponderOnly"  # one side starts, so that crossed IKE_AUTHs cannot happen (libreswan issue 2445)

SecretArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]+:secret:\S+$")]


def own_tags(link: str, deployment: str) -> dict[str, str]:
    """The tags by which everything of ours is told from foreign, in both clouds."""
    return {"causeway-link": link, "causeway-deployment": deployment}


class Deployment(Record):
    """What one deployment of a link is known by: `id` (account/region/link), its PSK's secret, its agent's version."""

    id: str
    psk_secret: str
    agent: str


class AzureRef(Record):
    """Where the Azure side of one link is, and how ours is told from foreign there. `name` names both our resources."""

    link: LinkName
    deployment: str
    subscription: str
    resource_group: str
    vpn_gateway: str
    virtual_networks: tuple[str, ...]
    psk_secret: SecretArn  # it also tells the account and the region of the AWS side

    @property
    def name(self) -> str:
        """The name of the local network gateway and of the connection."""
        return f"causeway-{self.link}"

    @property
    def aws_region(self) -> str:
        """The region of the link's AWS side."""
        return self.psk_secret.split(":")[3]

    @property
    def aws_role(self) -> str:
        """ARN of the role that the Function takes for this link, and with which no other link's secret can be read."""
        _, partition, _, _, account, *_ = self.psk_secret.split(":")
        return f"arn:{partition}:iam::{account}:role/{self.name}-azure"

    @property
    def local_network_gateway_id(self) -> str:
        """ARM's id of our local network gateway. ARM compares ids without regard to case."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Network/localNetworkGateways/{self.name}"

    @property
    def tags(self) -> dict[str, str]:
        """What a resource of this deployment bears; one of our name without them is somebody else's."""
        return own_tags(self.link, self.deployment)


class AzureWanted(Record):
    """The Azure resources that should exist: a local network gateway and a connection.

    `reset`: one that is as wanted is begun anew, once.
    """

    address: IPv4Address
    prefixes: tuple[IPv4Network, ...]
    policy: IpsecPolicy
    mode: str = CONNECTION_MODE
    tags: dict[str, str]
    reset: bool = False


class AzureWork(Record):
    """What the Function is asked to make true, and whom to tell. `wanted` None means: remove what is ours."""

    ref: AzureRef
    wanted: AzureWanted | None
    task_token: str


class Tunnel(Record):
    """One tunnel of the link: XFRM interface `ipsec<number>` to one address of the Azure gateway."""

    number: int
    peer: IPv4Address


class GatewayConfiguration(Record):
    """What a gateway applies. No secret is in it: the agent reads the PSK from the secret named here."""

    link: str
    elastic_ip: IPv4Address
    tunnels: tuple[Tunnel, ...]
    vpc_cidrs: tuple[IPv4Network, ...]
    remote_prefixes: tuple[IPv4Network, ...]
    psk_secret: str
    probe: Probe | None
    ipsec_conf: str
    nftables: str
