"""Renders the internet: 1:1 translation of public addresses, the way to each Azure gateway, and what is counted on it.

Translation is stateless, as at an internet gateway: an association that moves takes the next packet with it. Text only,
except `counters`, which reads what the rules counted.
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rehearsal import aws_view, networks, places, vpc, wires

NAMESPACE = places.NAMESPACE_INTERNET
TABLE = "internet"
ENDPOINT_ADDRESS = "192.0.2.10"  # of places.AWS_ENDPOINT_IN_VM
CLEAR_TEXT = "clear_text"  # a packet between the two networks that is in no tunnel
FRAGMENTS = "fragments"
NO_PUBLIC_ADDRESS = "no_public_address"  # from a machine that has none: an internet gateway drops it
PRIVATE = "10.0.0.0/8"
IKE_PORTS = "{ 500, 4500 }"

type Addresses = Mapping[ipaddress.IPv4Address, ipaddress.IPv4Address]


@dataclass(frozen=True)
class Counter:
    packets: int
    bytes: int


def public_addresses(view: aws_view.View) -> dict[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """Private address to public address, of every living instance that has one."""
    return {found.private_ip: found.public_ip for found in view.instances if found.living and found.public_ip}


def plan(
    view: aws_view.View, peers: Mapping[ipaddress.IPv4Address, str], vnets: Iterable[ipaddress.IPv4Network]
) -> wires.Plan:
    """`peers` maps an Azure gateway's address to the name of its link here."""
    edge = (
        f"addr add {vpc.INTERNET_END}/30 dev vpc",
        "link set vpc up",
        f"addr add {ENDPOINT_ADDRESS}/32 dev lo",
        f"route add default via {vpc.ROUTER_END}",  # where addresses lead after translation
    )
    entries = [wires.Entry(NAMESPACE, "edge", edge, ("addr flush dev vpc", "addr flush dev lo"))]
    for address, link in peers.items():
        entries.append(wires.Entry(NAMESPACE, f"way to {address}", (f"route replace {address}/32 dev {link}",)))
    ruleset = wires.Ruleset(NAMESPACE, render(public_addresses(view), vnets))
    return wires.Plan((NAMESPACE,), tuple(entries), (ruleset,))


def counter_name(direction: str, address: ipaddress.IPv4Address) -> str:
    """Bytes of IKE and ESP-in-UDP, IP header included, "to" or "from" a public address of the AWS side."""
    return f"{direction}_{address}"


def render(public: Addresses, vnets: Iterable[ipaddress.IPv4Network]) -> str:
    """Loading this again keeps the counters: only rules are flushed."""
    out = ", ".join(f"{own} : {address}" for own, address in public.items())
    back = ", ".join(f"{address} : {own}" for own, address in public.items())
    out_rule = f"    ip saddr set ip saddr map {{ {out} }}\n" if public else ""
    back_rule = f"    ip daddr set ip daddr map {{ {back} }}\n" if public else ""
    inner = ", ".join(sorted({*(str(vpc.cidr) for vpc in networks.VPCS), *map(str, vnets)}))
    names = [CLEAR_TEXT, FRAGMENTS, NO_PUBLIC_ADDRESS]
    names += [counter_name(direction, address) for address in public.values() for direction in ("to", "from")]
    declared = "".join(f"add counter ip {TABLE} {name}\n" for name in names)
    sent = "".join(
        f"    ip saddr {address} udp sport {IKE_PORTS} counter name {counter_name('from', address)}\n"
        for address in public.values()
    )
    received = "".join(
        f"    ip daddr {address} udp dport {IKE_PORTS} counter name {counter_name('to', address)}\n"
        for address in public.values()
    )
    return (
        f"add table ip {TABLE}\n{declared}flush table ip {TABLE}\ntable ip {TABLE} {{\n"
        f"  chain wire {{\n    type filter hook prerouting priority raw; policy accept;\n"
        f"    ip frag-off & 0x3fff != 0 counter name {FRAGMENTS}\n"
        f"    ip daddr {{ {inner} }} counter name {CLEAR_TEXT} drop\n"
        f"    iifname != vpc ip saddr {{ {inner} }} counter name {CLEAR_TEXT} drop\n"
        f"    ip daddr {PRIVATE} drop\n"
        f"{out_rule}"
        f"    ip saddr {PRIVATE} counter name {NO_PUBLIC_ADDRESS} drop\n"
        f"{sent}{received}{back_rule}  }}\n"
        f"  chain answers {{\n    type filter hook output priority raw; policy accept;\n{back_rule}  }}\n"
        f"  chain nobody {{\n    type filter hook forward priority filter; policy accept;\n"
        f"    oifname vpc ip daddr != {PRIVATE} drop\n  }}\n}}\n"
    )


def outer_bytes(direction: str, counted: Mapping[str, Counter]) -> int:
    """All bytes "to" or "from" the AWS side, by whatever address: one that moves or is exchanged takes none along."""
    return sum(one.bytes for name, one in counted.items() if name.startswith(f"{direction}_"))


def counters() -> dict[str, Counter]:
    """What has been counted since the namespace was made."""
    answer = wires.run(["ip", "netns", "exec", NAMESPACE, "nft", "-j", "list", "counters", "table", "ip", TABLE])
    found = [entry["counter"] for entry in json.loads(answer)["nftables"] if "counter" in entry]
    return {entry["name"]: Counter(entry["packets"], entry["bytes"]) for entry in found}
