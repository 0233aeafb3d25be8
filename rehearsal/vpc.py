"""Renders the AWS side: a bridge for each subnet, each subnet's own route table, security groups, source/dest check.

The namespace is the router of all VPCs; each knows its own subnets only. Ports of a bridge are isolated and the router
answers ARP for them, so that a packet between two machines of one subnet passes the router too, as in EC2. Text only.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from rehearsal import aws_view, networks, places, wires

NAMESPACE = places.NAMESPACE_VPC
MTU = 9001  # inside a VPC: "Network MTU for your EC2 instance", Amazon EC2 user guide
INTERNET_MTU = 1500  # through an internet gateway: same page
ROUTER_END = "100.64.0.2"  # the link between the VPC router and the internet gateway
INTERNET_END = "100.64.0.1"
FIRST_TABLE = 1000
GROUPS = "groups"  # nft tables
CHECKS = "checks"


def plan(view: aws_view.View, running: frozenset[str]) -> wires.Plan:
    """Everything of the VPCs; `running` names the instances whose virtual machine runs."""
    entries = [*_edge(), *_hosts(view)]
    for number, subnet in enumerate(view.subnets, FIRST_TABLE):
        entries += [_bridge(subnet), *_routes(view, subnet, number, running), _rule(subnet, number)]
    ruleset = wires.Ruleset(NAMESPACE, render_groups(view) + render_checks(view))
    # Every bridge before any route, because a route may leave by another subnet's bridge.
    entries.sort(key=lambda entry: not entry.key.startswith(("bridge", "igw")))
    return wires.Plan((NAMESPACE, *(host.namespace for host in networks.AWS_HOSTS)), tuple(entries), (ruleset,))


def bridge_name(subnet: aws_view.Subnet) -> str:
    """An interface's name has at most 15 characters."""
    return f"sn{subnet.subnet_id[-12:]}"


def _bridge(subnet: aws_view.Subnet) -> wires.Entry:
    name = bridge_name(subnet)
    return wires.Entry(
        NAMESPACE,
        f"bridge {subnet.subnet_id}",
        (
            f"link add {name} mtu {MTU} type bridge",
            f"addr add {subnet.router}/{subnet.cidr.prefixlen} dev {name}",
            f"link set {name} up",
        ),
        (f"link del {name}",),
    )


def _edge() -> list[wires.Entry]:
    """The internet gateway's link; what may pass it is decided on the other end, where addresses are translated."""
    peer = f"type veth peer name vpc netns {places.NAMESPACE_INTERNET}"
    link = (
        f"link add igw mtu {INTERNET_MTU} {peer}",
        f"addr add {ROUTER_END}/30 dev igw",
        "link set igw up",
    )
    return [wires.Entry(NAMESPACE, "igw", link, ("link del igw",))]


def _hosts(view: aws_view.View) -> Iterator[wires.Entry]:
    """The private hosts, which stand for a customer's machines; they are no instances and have no security group."""
    hosts = networks.AWS_HOSTS
    for host, subnet in ((host, subnet) for host in hosts for subnet in view.subnets if host.address in subnet.cidr):
        # The router's end bears the name of the host's namespace.
        end = host.namespace
        port = (
            f"link add {end} mtu {MTU} type veth peer name eth0 mtu {MTU} netns {host.namespace}",
            f"link set {end} master {bridge_name(subnet)}",
            f"link set {end} type bridge_slave isolated on",
            f"link set {end} up",
        )
        yield wires.Entry(NAMESPACE, f"host {end}", port, (f"link del {end}",))
        inside = (
            f"addr add {host.address}/{subnet.cidr.prefixlen} dev eth0",
            "link set eth0 up",
            f"route add default via {subnet.router}",
        )
        yield wires.Entry(host.namespace, "host", inside, ("addr flush dev eth0",))


def _rule(subnet: aws_view.Subnet, number: int) -> wires.Entry:
    """In AWS a packet is routed by the subnet it comes from, not by its source address."""
    line = f"pref {number} iif {bridge_name(subnet)} lookup {number}"
    return wires.Entry(NAMESPACE, f"rule {subnet.subnet_id}", (f"rule add {line}",), (f"rule del {line}",))


def _routes(
    view: aws_view.View, subnet: aws_view.Subnet, number: int, running: frozenset[str]
) -> Iterator[wires.Entry]:
    """The subnet's table: the VPC itself, the routes of its route table, and nothing else (an unknown prefix drops)."""
    table = view.table_of(subnet)
    routes = {other.cidr: f"dev {bridge_name(other)}" for other in view.subnets if other.vpc_id == subnet.vpc_id}
    for route in table.routes if table else ():
        if route.target != "local":
            routes[route.prefix] = _hop(view, route, running)
    # Without this a prefix that the table lacks would go on to the next rule and be routed by the main table.
    if ipaddress.IPv4Network("0.0.0.0/0") not in routes:
        routes[ipaddress.IPv4Network("0.0.0.0/0")] = "blackhole"
    for prefix, hop in sorted(routes.items(), key=lambda item: item[0]):
        line = f"blackhole {prefix}" if hop == "blackhole" else f"{prefix} {hop}"
        yield wires.Entry(
            NAMESPACE,
            f"route {subnet.subnet_id} {prefix}",
            (f"route replace {line} table {number}",),
            (f"route del {prefix} table {number}",),
        )


def _hop(view: aws_view.View, route: aws_view.Route, running: frozenset[str]) -> str:
    if route.target.startswith("igw-"):
        return f"via {INTERNET_END} dev igw"
    subnets = {subnet.subnet_id: subnet for subnet in view.subnets}
    for instance in view.instances:
        if route.target in (instance.interface_id, instance.instance_id) and instance.instance_id in running:
            return f"via {instance.private_ip} dev {bridge_name(subnets[instance.subnet_id])}"
    return "blackhole"


def render_groups(view: aws_view.View) -> str:
    """Security groups: stateful, per interface, told by the MAC it sends from or the next hop it is reached by."""
    members = {
        group.group_id: [instance.private_ip for instance in view.instances if group.group_id in instance.group_ids]
        for group in view.groups
    }
    groups = {group.group_id: group for group in view.groups}
    chains, jumps = "", ""
    for instance in sorted(view.instances, key=lambda instance: instance.interface_id):
        if not instance.living:
            continue
        own = [groups[group_id] for group_id in instance.group_ids if group_id in groups]
        name = instance.interface_id.replace("-", "_")
        egress = [match for group in own for match in _matches("daddr", group.egress, members)]
        ingress = [match for group in own for match in _matches("saddr", group.ingress, members)]
        chains += _chain(f"from_{name}", egress) + _chain(f"to_{name}", ingress)
        jumps += f"    ether saddr {instance.mac} jump from_{name}\n"
        jumps += f"    rt ip nexthop {instance.private_ip} jump to_{name}\n"
    hook = "    type filter hook forward priority filter; policy accept;\n"
    forward = f"  chain forward {{\n{hook}    ct state established,related accept\n{jumps}  }}\n"
    return f"table ip {GROUPS}\ndelete table ip {GROUPS}\ntable ip {GROUPS} {{\n{chains}{forward}}}\n"


def _chain(name: str, matches: Iterable[str]) -> str:
    rules = "".join(f"    {match} return\n" for match in matches)
    return f"  chain {name} {{\n{rules}    counter drop\n  }}\n"


def _matches(
    side: str, rules: Iterable[aws_view.Rule], members: Mapping[str, list[ipaddress.IPv4Address]]
) -> Iterator[str]:
    for rule in rules:
        sources = [str(network) for network in rule.networks]
        sources += [str(address) for group_id in rule.group_ids for address in members.get(group_id, [])]
        for source in sources:
            yield f"ip {side} {source}{_protocol(rule)}"


def _protocol(rule: aws_view.Rule) -> str:
    match rule.protocol:
        case "-1":
            return ""
        case "tcp" | "udp":
            ports = f" dport {rule.ports[0]}-{rule.ports[1]}" if rule.ports else " dport 0-65535"
            return f" {rule.protocol}{ports}"
        case protocol:
            return f" ip protocol {protocol}"


def render_checks(view: aws_view.View) -> str:
    """The source/destination check, on the wire of the machine; DHCP's unspecified address is no source."""
    sent, received = "", ""
    for instance in sorted(view.instances, key=lambda instance: instance.interface_id):
        if instance.living and instance.source_dest_check:
            own = instance.private_ip
            sent += f"    ether saddr {instance.mac} ip saddr != {{ 0.0.0.0, {own} }} counter drop\n"
            received += f"    ether daddr {instance.mac} ip daddr != {own} counter drop\n"
    return (
        f"table bridge {CHECKS}\ndelete table bridge {CHECKS}\ntable bridge {CHECKS} {{\n"
        f"  chain sent {{\n    type filter hook prerouting priority -300; policy accept;\n{sent}  }}\n"
        f"  chain received {{\n    type filter hook postrouting priority 0; policy accept;\n{received}  }}\n}}\n"
    )
