"""Renders what an Azure VPN gateway runs: its namespace, its routes, and its connections for strongSwan. Pure.

Where the behaviour of Azure's gateway is not published, the choice made here is named in docs/rehearsal.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import NotRequired, TypedDict

from rehearsal import azure_view, internet, networks, places, proposals, vpc, wires

IKE_LIFETIME_S = 28_800  # fixed, whatever the policy says: Azure VPN gateway FAQ
REKEY_SHARE = 0.9  # of a lifetime, after which the gateway itself would rekey (ours)
VICI_PORT = 4502  # in the peer's own namespace, because a socket's path may be longer than the system takes
TUNNEL_MTU = 1400  # Azure: "About VPN devices", without MSS clamping
VNET_ROUTER = "100.64.255.1"
# kernel-libipsec before kernel-netlink, or ESP would be asked of a kernel that lacks it.
PLUGINS = "random nonce openssl kdf hmac sha1 sha2 md5 aes gcm kernel-libipsec kernel-netlink socket-default vici"


class Child(TypedDict):
    local_ts: list[str]
    remote_ts: list[str]
    esp_proposals: list[str]
    rekey_time: str
    life_time: str
    start_action: str
    dpd_action: str
    close_action: str


class Authentication(TypedDict):
    auth: str
    id: NotRequired[str]


class Connection(TypedDict):
    """A connection as strongSwan's `load-conn` takes it: swanctl.conf(5)."""

    version: str
    local_addrs: list[str]
    remote_addrs: list[str]
    proposals: list[str]
    rekey_time: str
    over_time: str
    dpd_delay: str
    encap: str
    mobike: str
    unique: str
    keyingtries: str
    local: Authentication
    remote: Authentication
    children: dict[str, Child]


class Secret(TypedDict):
    """A shared key as `load-shared` takes it."""

    id: str
    type: str
    data: str
    owners: list[str]


def namespace(gateway_ip: IPv4Address) -> str:
    return f"{places.NAMESPACE_PEER}{gateway_ip.packed[-1]}"


def link(gateway_ip: IPv4Address) -> str:
    """The name of the gateway's link in the internet and in the workload host."""
    return f"peer{gateway_ip.packed[-1]}"


@dataclass(frozen=True)
class Lifetimes:
    """For how long an SA lives."""

    ike_s: int
    child_s: int


def connection(
    gateway: azure_view.Gateway, wanted: azure_view.Connection, lifetimes: Lifetimes | None = None
) -> Connection:
    """As a route-based gateway: any-to-any selectors, its own address as identity; the other side may have any.

    `lifetimes` are other ones than Azure's, for a rehearsal of rekeys.
    """
    lifetimes = lifetimes or Lifetimes(IKE_LIFETIME_S, wanted.sa_life_time_seconds)
    ike = proposals.ike(wanted.ike_encryption, wanted.ike_integrity, wanted.dh_group)
    esp = proposals.esp(wanted.ipsec_encryption, wanted.ipsec_integrity, wanted.pfs_group)
    ike_rekey_s = round(lifetimes.ike_s * REKEY_SHARE)
    child = Child(
        local_ts=["0.0.0.0/0"],
        remote_ts=["0.0.0.0/0"],
        esp_proposals=[esp],
        rekey_time=f"{round(lifetimes.child_s * REKEY_SHARE)}s",
        life_time=f"{lifetimes.child_s}s",
        start_action="none" if wanted.connection_mode == "ResponderOnly" else "start",
        dpd_action="clear",
        close_action="none",
    )
    return Connection(
        version="2",
        local_addrs=[str(gateway.gateway_ip)],
        remote_addrs=[str(wanted.peer_ip)],
        proposals=[ike],
        rekey_time=f"{ike_rekey_s}s",
        over_time=f"{lifetimes.ike_s - ike_rekey_s}s",
        dpd_delay=f"{max(1, wanted.dpd_timeout_seconds // 3)}s",  # then retransmissions, see `configuration`
        encap="yes",
        mobike="no",
        unique="replace",  # a gateway that was replaced without goodbye displaces what it left behind
        keyingtries="0",
        local=Authentication(auth="psk", id=str(gateway.gateway_ip)),
        remote=Authentication(auth="psk"),
        children={wanted.name: child},
    )


def secret(gateway: azure_view.Gateway, wanted: azure_view.Connection) -> Secret:
    owners = [str(gateway.gateway_ip), str(wanted.peer_ip)]
    return Secret(id=wanted.name, type="IKE", data=wanted.shared_key.get_secret_value(), owners=owners)


def configuration(log: Path) -> str:
    """strongswan.conf of one peer. Nothing is written but the log; it never holds a key at this level."""
    return f"""charon-systemd {{
  load = {PLUGINS}
  install_virtual_ip = no
  # 2 + 3.6 + 6.5 + 11.7 s after the last sign of life and dpd_delay: about Azure's DPD time-out of 45 s in all
  retransmit_timeout = 2
  retransmit_tries = 3
  plugins {{
    vici {{
      socket = tcp://127.0.0.1:{VICI_PORT}
    }}
  }}
  filelog {{
    rehearsal {{
      path = {log}
      time_format = %F %T
      default = 1
      flush_line = yes
    }}
  }}
}}
"""


def plan(gateway: azure_view.Gateway, *, tunnel: bool) -> wires.Plan:
    """The gateway's namespace; `tunnel` once strongSwan has made its TUN device."""
    name, near = namespace(gateway.gateway_ip), link(gateway.gateway_ip)
    host = networks.vnet_of(gateway.gateway_ip).host
    on_internet = (
        f"link add {near} type veth peer name internet netns {name}",
        f"link set {near} up",
    )
    to_internet = (
        f"addr add {gateway.gateway_ip}/32 dev internet",
        "link set internet up",
        f"route add default via {vpc.INTERNET_END} dev internet onlink",
    )
    # kernel-libipsec sends everything into its tunnel by a table of its own; an Azure gateway sends what the local
    # network gateway lists. So the main table is asked first, and it knows every destination.
    main_first = wires.Entry(name, "rule", ("rule add pref 100 lookup main",), ("rule del pref 100",))
    to_vnet = (
        f"link add vnet type veth peer name {near} netns {host.namespace}",
        f"addr add {VNET_ROUTER}/32 dev vnet",
        "link set vnet up",
    )
    entries = [
        wires.Entry(internet.NAMESPACE, f"link {name}", on_internet, (f"link del {near}",)),
        main_first,
        wires.Entry(name, "internet", to_internet, ("addr flush dev internet",)),
        wires.Entry(name, "vnet", to_vnet, ("link del vnet",)),
        wires.Entry(host.namespace, f"link {near}", (f"link set {near} up",)),
    ]
    nowhere = f"blackhole {internet.PRIVATE}"  # Azure's own route of this range (None): never to the internet
    entries.append(wires.Entry(name, "private", (f"route replace {nowhere}",), (f"route del {nowhere}",)))
    entries += [_route(name, str(prefix), "vnet") for prefix in gateway.vnet_prefixes]
    if tunnel:
        entries.append(wires.Entry(name, "tunnel", (f"link set ipsec0 mtu {TUNNEL_MTU} up",)))
        prefixes = {str(prefix) for wanted in gateway.connections for prefix in wanted.remote_prefixes}
        entries += [_route(name, prefix, "ipsec0") for prefix in sorted(prefixes)]
    return wires.Plan((name,), tuple(entries))


def _route(name: str, prefix: str, device: str) -> wires.Entry:
    line = f"{prefix} dev {device}"
    return wires.Entry(name, f"route {prefix}", (f"route replace {line}",), (f"route del {line}",))


def plan_hosts(connected: Collection[IPv4Address]) -> wires.Plan:
    """The workload hosts: packets leave by every instance of their gateway that has a tunnel, as Azure's do."""
    return wires.merge(
        _host(vnet.host, [one for one in vnet.gateway_addresses if one in connected]) for vnet in networks.VNETS
    )


def _host(host: networks.Host, ways: Iterable[IPv4Address]) -> wires.Plan:
    entries = [wires.Entry(host.namespace, "address", (f"addr add {host.address}/32 dev lo",))]
    if hops := " ".join(f"nexthop via {VNET_ROUTER} dev {link(way)} onlink" for way in ways):
        line = f"default src {host.address} {hops}"
        entries.append(wires.Entry(host.namespace, "way out", (f"route replace {line}",), ("route del default",)))
    return wires.Plan((host.namespace,), tuple(entries))
