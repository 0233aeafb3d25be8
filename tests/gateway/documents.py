"""A published configuration as the controller makes it, for the tests of the agent."""

from ipaddress import IPv4Address, IPv4Network

from gateway.agent import configuration
from link import ipsec, spec, wanted

ELASTIC_IP = IPv4Address("198.51.100.10")
PREFIXES = (IPv4Network("10.0.0.0/16"), IPv4Network("172.16.0.0/24"))
PEERS = (IPv4Address("203.0.113.4"), IPv4Address("203.0.113.5"))


def document(tunnels: int = 2, probe: spec.Probe | None = None) -> wanted.GatewayConfiguration:
    """The controller's document."""
    wanted_tunnels = tuple(wanted.Tunnel(number=n, peer=peer) for n, peer in enumerate(PEERS[:tunnels], start=1))
    cidrs = (IPv4Network("10.101.0.0/16"),)
    return wanted.GatewayConfiguration(
        link="main",
        elastic_ip=ELASTIC_IP,
        tunnels=wanted_tunnels,
        vpc_cidrs=cidrs,
        remote_prefixes=PREFIXES,
        psk_secret="arn:aws:secretsmanager:eu-west-1:000000000000:secret:psk-AbCdEf",
        probe=probe,
        ipsec_conf=ipsec.render_conf(ELASTIC_IP, wanted_tunnels, spec.IpsecPolicy()),
        nftables=ipsec.render_nftables(wanted_tunnels, cidrs, PREFIXES),
    )


def parsed(tunnels: int = 2, probe: spec.Probe | None = None) -> configuration.Configuration:
    """The same as the agent reads it."""
    return configuration.parse("v1", document(tunnels, probe).model_dump_json())
