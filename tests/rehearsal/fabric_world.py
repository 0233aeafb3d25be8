"""A small AWS side and a small Azure side, as the fabric reads them."""

import dataclasses
from ipaddress import IPv4Address, IPv4Network

from rehearsal import aws_view, azure_view

PUBLIC = aws_view.Subnet("subnet-00000000000000pub", "vpc-1", IPv4Network("10.101.0.0/24"))
PRIVATE = aws_view.Subnet("subnet-00000000000000prv", "vpc-1", IPv4Network("10.101.1.0/24"))
VNET = IPv4Network("10.0.0.0/16")
EVERYWHERE = IPv4Network("0.0.0.0/0")
AZURE = IPv4Network("203.0.113.4/32")

GATEWAY = aws_view.Instance(
    instance_id="i-1",
    state="running",
    subnet_id=PUBLIC.subnet_id,
    interface_id="eni-1",
    private_ip=IPv4Address("10.101.0.5"),
    mac="02:00:00:00:00:05",
    source_dest_check=False,
    public_ip=IPv4Address("198.51.100.1"),
    group_ids=("sg-1",),
)
GROUP = aws_view.SecurityGroup(
    "sg-1",
    ingress=(aws_view.Rule("udp", (500, 500), (AZURE,), ()), aws_view.Rule("-1", None, (), ("sg-1",))),
    egress=(aws_view.Rule("-1", None, (EVERYWHERE,), ()),),
)
LOCAL = aws_view.Route(IPv4Network("10.101.0.0/16"), "local")
MAIN = aws_view.RouteTable("rtb-1", "vpc-1", True, (), (LOCAL, aws_view.Route(VNET, "eni-1")))
WITH_INTERNET = aws_view.RouteTable(
    "rtb-2", "vpc-1", False, (PUBLIC.subnet_id,), (LOCAL, aws_view.Route(EVERYWHERE, "igw-1"))
)
VIEW = aws_view.View((PUBLIC, PRIVATE), (GATEWAY,), (GROUP,), (MAIN, WITH_INTERNET))


def with_gateway(**changes: object) -> aws_view.View:
    """The same world with another gateway instance."""
    changed = dataclasses.replace(GATEWAY, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(VIEW, instances=(changed,))


CONNECTION = azure_view.Connection.model_validate(
    {
        "name": "main",
        "peer_ip": "198.51.100.1",
        "remote_prefixes": ["10.101.0.0/16"],
        "shared_key": "not-a-secret",
        "ike_encryption": "AES256",
        "ike_integrity": "SHA256",
        "dh_group": "DHGroup14",
        "ipsec_encryption": "GCMAES256",
        "ipsec_integrity": "GCMAES256",
        "pfs_group": "PFS2048",
        "sa_life_time_seconds": 27000,
        "dpd_timeout_seconds": 45,
        "connection_mode": "ResponderOnly",
    }
)
AZURE_GATEWAY = azure_view.Gateway(
    gateway_ip=IPv4Address("203.0.113.4"), vnet_prefixes=(VNET,), connections=(CONNECTION,)
)
