"""What the VPC's router is told for given subnets, instances, security groups and route tables."""

import dataclasses
from ipaddress import IPv4Network

from rehearsal import aws_view, vpc, wires
from tests.rehearsal import fabric_world as world

RUNNING = frozenset({"i-1"})


def routes(view: aws_view.View, running: frozenset[str] = RUNNING) -> set[str]:
    entries = vpc.plan(view, running).entries
    return {line for entry in entries for line in entry.put if line.startswith("route replace")}


def ruleset(view: aws_view.View) -> str:
    (found,) = vpc.plan(view, RUNNING).rulesets
    return found.text


def test_a_subnet_uses_its_own_table_and_the_others_the_main_one() -> None:
    assert "route replace 0.0.0.0/0 via 100.64.0.1 dev igw table 1000" in routes(world.VIEW)
    assert "route replace 10.0.0.0/16 via 10.101.0.5 dev sn000000000pub table 1001" in routes(world.VIEW)


def test_a_prefix_that_no_table_has_is_dropped_and_not_routed_by_a_later_rule() -> None:
    assert "route replace blackhole 0.0.0.0/0 table 1001" in routes(world.VIEW)
    assert not any("10.0.0.0/16" in line and "table 1000" in line for line in routes(world.VIEW))


def test_a_route_to_a_machine_that_does_not_run_is_a_blackhole() -> None:
    assert "route replace blackhole 10.0.0.0/16 table 1001" in routes(world.VIEW, frozenset())


def test_the_vpc_itself_is_reached_from_every_subnet() -> None:
    for number in (1000, 1001):
        assert f"route replace 10.101.1.0/24 dev sn000000000prv table {number}" in routes(world.VIEW)


def test_another_vpc_is_not_reached() -> None:
    other = aws_view.Subnet("subnet-000000000000other", "vpc-2", IPv4Network("10.102.0.0/24"))
    both = dataclasses.replace(world.VIEW, subnets=(*world.VIEW.subnets, other))
    assert {line for line in routes(both) if "10.102" in line or "table 1002" in line} == {
        "route replace 10.102.0.0/24 dev sn0000000other table 1002",
        "route replace blackhole 0.0.0.0/0 table 1002",
    }


def test_a_packet_is_routed_by_the_subnet_it_comes_from() -> None:
    puts = [line for entry in vpc.plan(world.VIEW, RUNNING).entries for line in entry.put]
    assert "rule add pref 1001 iif sn000000000prv lookup 1001" in puts


def test_every_bridge_comes_before_the_first_route() -> None:
    kinds = [entry.key.split()[0] for entry in vpc.plan(world.VIEW, RUNNING).entries]
    assert max(index for index, kind in enumerate(kinds) if kind == "bridge") < kinds.index("route")


def test_a_rule_becomes_a_match_and_everything_else_is_dropped() -> None:
    _, _, chain = ruleset(world.VIEW).partition("chain to_eni_1 {")
    rules = [line.strip() for line in chain.partition("}")[0].splitlines() if line.strip()]
    assert rules == ["ip saddr 203.0.113.4/32 udp dport 500-500 return", "ip saddr 10.101.0.5 return", "counter drop"]


def test_a_group_is_enforced_by_hardware_address_and_next_hop_after_known_flows() -> None:
    lines = [line.strip() for line in ruleset(world.VIEW).partition("chain forward")[2].splitlines()]
    known = lines.index("ct state established,related accept")
    assert known < lines.index("ether saddr 02:00:00:00:00:05 jump from_eni_1")
    assert known < lines.index("rt ip nexthop 10.101.0.5 jump to_eni_1")


def test_protocols_without_ports_are_matched_by_name_or_number() -> None:
    def rendered(protocol: str, ports: tuple[int, int] | None) -> list[str]:
        rule = aws_view.Rule(protocol, ports, (world.AZURE,), ())
        group = aws_view.SecurityGroup("sg-1", (rule,), ())
        text = vpc.render_groups(aws_view.View((world.PUBLIC,), (world.GATEWAY,), (group,), ()))
        return [line.strip() for line in text.splitlines() if "203.0.113.4" in line]

    assert rendered("icmp", None) == ["ip saddr 203.0.113.4/32 ip protocol icmp return"]
    assert rendered("50", None) == ["ip saddr 203.0.113.4/32 ip protocol 50 return"]
    assert rendered("tcp", (22, 80)) == ["ip saddr 203.0.113.4/32 tcp dport 22-80 return"]
    assert rendered("tcp", None) == ["ip saddr 203.0.113.4/32 tcp dport 0-65535 return"]


def test_the_source_destination_check_is_enforced_only_where_it_is_on() -> None:
    assert "ip saddr !=" not in ruleset(world.VIEW)
    checked = ruleset(world.with_gateway(source_dest_check=True))
    assert "ether saddr 02:00:00:00:00:05 ip saddr != { 0.0.0.0, 10.101.0.5 } counter drop" in checked
    assert "ether daddr 02:00:00:00:00:05 ip daddr != 10.101.0.5 counter drop" in checked


def test_a_stopped_instance_has_no_rules() -> None:
    assert "eni_1" not in ruleset(world.with_gateway(state="stopped"))


def test_an_interface_name_is_never_longer_than_the_kernel_takes() -> None:
    assert len(vpc.bridge_name(world.PUBLIC)) <= 15


def test_merged_plans_keep_their_order_and_name_a_namespace_once() -> None:
    one = wires.Plan(("a", "b"), (wires.Entry("a", "1", ()),))
    two = wires.Plan(("b", "c"), (wires.Entry("b", "2", ()),))
    merged = wires.merge([one, two])
    assert merged.namespaces == ("a", "b", "c")
    assert [entry.key for entry in merged.entries] == ["1", "2"]
