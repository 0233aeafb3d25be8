"""Renders what the gateway runs: the Libreswan 5.2 connections and the nftables ruleset. Text in, no secret, no effect.

Options: ipsec.conf(5) of Libreswan 5.2. Azure's side: "About cryptographic requirements and Azure VPN gateways".
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from link.spec import DhGroup, IkeEncryption, IkeIntegrity, IpsecEncryption, IpsecIntegrity, IpsecPolicy, PfsGroup
from link.wanted import Tunnel

# Azure's phase 1 lifetime is 28,800 s and cannot be changed (Azure VPN FAQ). Ours ends first, so that our side rekeys.
IKE_LIFETIME_S = 25_200
# Our share of Azure's child SA lifetime, for the same reason. Volume needs none: the side that started a child SA
# renews it at a quarter of ipsec-max-bytes (ipsec.conf(5)).
CHILD_SHARE = 0.8
# Azure advises to clamp to 1350 (about VPN devices); the tunnel's MTU is set by the agent.
MSS = 1350

_IKE_ENCRYPTION: Mapping[IkeEncryption, str] = {
    IkeEncryption.AES256: "aes256",
    IkeEncryption.AES192: "aes192",
    IkeEncryption.AES128: "aes128",
    IkeEncryption.GCMAES256: "aes_gcm256",
    IkeEncryption.GCMAES128: "aes_gcm128",
}
# With a GCM cipher this word names the pseudo-random function, which a proposal still needs.
_IKE_INTEGRITY: Mapping[IkeIntegrity, str] = {IkeIntegrity.SHA256: "sha2_256", IkeIntegrity.SHA384: "sha2_384"}
_DH_GROUP: Mapping[DhGroup, str] = {DhGroup.DHGROUP14: "modp2048", DhGroup.ECP256: "dh19", DhGroup.ECP384: "dh20"}
_IPSEC_ENCRYPTION: Mapping[IpsecEncryption, str] = {
    IpsecEncryption.GCMAES256: "aes_gcm256",
    IpsecEncryption.GCMAES192: "aes_gcm192",
    IpsecEncryption.GCMAES128: "aes_gcm128",
    IpsecEncryption.AES256: "aes256",
    IpsecEncryption.AES192: "aes192",
    IpsecEncryption.AES128: "aes128",
}
# Empty: the cipher authenticates by itself.
_IPSEC_INTEGRITY: Mapping[IpsecIntegrity, str] = {
    IpsecIntegrity.GCMAES256: "",
    IpsecIntegrity.GCMAES192: "",
    IpsecIntegrity.GCMAES128: "",
    IpsecIntegrity.SHA256: "-sha2_256",
}
_PFS_GROUP: Mapping[PfsGroup, str] = {PfsGroup.PFS2048: "modp2048", PfsGroup.ECP256: "dh19", PfsGroup.ECP384: "dh20"}


def connection_name(tunnel: Tunnel) -> str:
    """The name under which Libreswan knows the tunnel."""
    return f"causeway-{tunnel.number}"


def ike_proposal(policy: IpsecPolicy) -> str:
    """The one phase 1 proposal, in Libreswan's words."""
    cipher, integrity = _IKE_ENCRYPTION[policy.ike_encryption], _IKE_INTEGRITY[policy.ike_integrity]
    return f"{cipher}-{integrity};{_DH_GROUP[policy.dh_group]}"


def esp_proposal(policy: IpsecPolicy) -> str:
    """The one phase 2 proposal with its group, which is what pins perfect forward secrecy at a rekey."""
    cipher, integrity = _IPSEC_ENCRYPTION[policy.ipsec_encryption], _IPSEC_INTEGRITY[policy.ipsec_integrity]
    return f"{cipher}{integrity};{_PFS_GROUP[policy.pfs_group]}"


def render_conf(elastic_ip: IPv4Address, tunnels: tuple[Tunnel, ...], policy: IpsecPolicy) -> str:
    """The content of a file in /etc/ipsec.d: one connection for each tunnel, a setting a line."""
    # Where there is another tunnel each peer is asked once a second, for the agent (gateway/agent/pulse.py). By this
    # value alone Libreswan 5.2 asks whatever else it has heard of the peer (recent_last_contact in ikev2_liveness.c).
    dpd_delay_s = 1 if len(tunnels) > 1 else policy.dpd_timeout_s // 9
    return "\n".join(_connection(elastic_ip, tunnel, policy, dpd_delay_s) for tunnel in tunnels)


def _connection(elastic_ip: IPv4Address, tunnel: Tunnel, policy: IpsecPolicy, dpd_delay_s: int) -> str:
    child_s = int(policy.sa_lifetime_s * CHILD_SHARE)
    settings = {
        "keyexchange": "ikev2",
        "authby": "secret",
        "left": "%defaultroute",
        "leftid": elastic_ip,
        "leftsubnet": "0.0.0.0/0",
        "leftupdown": "%disabled",  # interfaces and routes are the agent's
        "right": tunnel.peer,
        "rightid": tunnel.peer,
        "rightsubnet": "0.0.0.0/0",
        "ipsec-interface": tunnel.number,
        "overlapip": "yes",  # the same any-to-any selectors on several tunnels (libreswan issue 2783)
        "ike": ike_proposal(policy),
        "esp": esp_proposal(policy),
        "pfs": "yes",
        "ikelifetime": f"{IKE_LIFETIME_S}s",
        "ipsec-lifetime": f"{child_s}s",
        "ipsec-max-bytes": f"{policy.sa_data_size_kb}KiB",
        # Drawn at random up to twice this before the end (rekeyfuzz is 100%); short lifetimes need a short one.
        "rekeymargin": f"{min(540, child_s // 10)}s",
        "rekey": "yes",
        "dpddelay": f"{dpd_delay_s}s",  # with the next line: ours notices before Azure does
        "retransmit-timeout": f"{policy.dpd_timeout_s // 3}s",
        "mobike": "no",
        # "This is the only SA between us" (RFC 7296, 2.4): a new gateway's first words end what its predecessor left.
        "initial-contact": "yes",
        "fragmentation": "no",  # CVE-2026-12413: a fragment can end the daemon, 4.6 to 5.3
        "esn": "no",  # Azure offers none at a rekey (libreswan issue 765)
        "encapsulation": "yes",  # always ESP in UDP 4500: an Elastic IP is a NAT
        "auto": "add",  # the agent starts it; Azure is ResponderOnly
    }
    lines = [f"    {key}={value}" for key, value in settings.items()]
    return "\n".join([f"conn {connection_name(tunnel)}", *lines, ""])


def render_nftables(
    tunnels: tuple[Tunnel, ...], vpc_cidrs: tuple[IPv4Network, ...], remote_prefixes: tuple[IPv4Network, ...]
) -> str:
    """The whole ruleset of the gateway, to be loaded by `nft -f` in one transaction.

    `flush table` empties the chains and keeps the two named counters, so a reload does not set them to zero.
    """
    interfaces = _set(f'"ipsec{tunnel.number}"' for tunnel in tunnels)
    peers = _set(str(tunnel.peer) for tunnel in tunnels)
    aws, azure = _prefixes(vpc_cidrs), _prefixes(remote_prefixes)
    return f"""\
table inet causeway
flush table inet causeway
table inet causeway {{
    counter outer_in {{ }}
    counter outer_out {{ }}

    chain raw {{
        type filter hook prerouting priority raw
        fib daddr type != local notrack comment "what passes through needs no entry in the connection table"
    }}

    chain input {{
        type filter hook input priority filter; policy drop
        iifname "lo" accept
        iifname != {interfaces} ip saddr {peers} udp dport {{ 500, 4500 }} counter name outer_in accept
        ct state established,related accept
        meta l4proto {{ icmp, ipv6-icmp }} accept
        iifname != {interfaces} udp dport {{ 68, 546 }} accept comment "DHCP"
    }}

    chain forward {{
        type filter hook forward priority filter; policy drop
        tcp flags syn tcp option maxseg size set {MSS} comment "only ever lowers it"
        iifname != {interfaces} oifname {interfaces} ip saddr {aws} ip daddr {azure} accept
        iifname {interfaces} oifname != {interfaces} ip saddr {azure} ip daddr {aws} accept
    }}

    chain output {{
        type filter hook output priority filter; policy accept
        oifname != {interfaces} ip daddr {peers} udp sport {{ 500, 4500 }} counter name outer_out
        oifname != {{ "lo", {interfaces[1:-1].strip()} }} ip daddr {azure} drop comment "nothing in clear text"
    }}
}}
"""


def _set(elements: Iterable[str]) -> str:
    return "{ " + ", ".join(elements) + " }"


def _prefixes(networks: tuple[IPv4Network, ...]) -> str:
    """An interval set, in which nft allows no prefix inside another."""
    return _set(str(network) for network in collapse_addresses(networks))
