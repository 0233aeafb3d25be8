"""Reads what Libreswan 5.2 (tests/fixtures), iproute2 and nft print, and counts bytes through rekeys."""

from pathlib import Path

import pytest

from gateway.agent import status
from gateway.agent.status import Bytes, ChildSa, Route, Traffic

FIXTURES = Path(__file__).parents[1] / "fixtures" / "libreswan-5.2"


def line(serial: int, tunnel: int, time: int, i: int, o: int) -> str:
    numbers = f"add_time={time}, inBytes={i}, outBytes={o}, maxBytes=2^63B"
    return f"#{serial}: \"causeway-{tunnel}\", type=ESP, {numbers}, id='203.0.113.4'"


@pytest.mark.parametrize("prefix", ["", "006 "])
def test_a_line_is_read_with_and_without_the_prefix_of_older_versions(prefix: str) -> None:
    text = f"{prefix}{line(2, 1, 1234567890, 84, 168)}\n"
    assert status.parse_traffic(text) == (ChildSa(2, 1, 84, 168),)


@pytest.mark.parametrize(
    "text", ["", "\n", "whack: Pluto is not running", '#2: "other", type=ESP, add_time=1, inBytes=1']
)
def test_what_is_not_ours_is_passed_over(text: str) -> None:
    assert status.parse_traffic(text) == ()


def test_bytes_survive_a_rekey_and_a_restart_of_the_daemon() -> None:
    traffic = Traffic()
    for found in (
        [ChildSa(2, 1, 10, 20)],
        [ChildSa(2, 1, 15, 30), ChildSa(4, 1, 1, 1)],  # the old one lives on for a moment
        [ChildSa(4, 1, 5, 6)],
        [ChildSa(4, 1, 2, 0)],  # a daemon that was started anew uses serials again
    ):
        traffic = traffic.count(found)
    assert traffic.of(1) == Bytes(15 + 5 + 2, 30 + 6 + 0)
    assert traffic.of(2) == Bytes()


def test_the_two_halves_of_one_child_sa_are_not_counted_twice() -> None:
    text = (FIXTURES / "trafficstatus-one-child-sa.txt").read_text()  # one look a line; add_time goes to and fro
    traffic = Traffic()
    for look in text.splitlines():
        traffic = traffic.count(status.parse_traffic(look))
    assert traffic.of(1) == Bytes(117776, 117776)


def test_states_are_sorted_by_tunnel() -> None:
    second = (FIXTURES / "showstates-waiting.txt").read_text().replace("causeway-1", "causeway-2")
    text = second + (FIXTURES / "showstates-up.txt").read_text()
    assert {number: len(lines) for number, lines in status.parse_states(text).items()} == {1: 3, 2: 1}


def test_routes_are_read_as_they_are_written() -> None:
    text = (
        '[{"type":"unreachable","dst":"10.0.0.0/16","metric":4000,"flags":[]},'
        '{"dst":"10.0.0.0/16","dev":"ipsec1","scope":"link","prefsrc":"10.101.0.5","metric":10,"flags":[]},'
        '{"dst":"10.9.9.9","dev":"ipsec1","scope":"link","metric":10,"flags":["linkdown"]}]'
    )
    assert status.parse_routes(text) == {
        Route("10.0.0.0/16", "", 4000),
        Route("10.0.0.0/16", "ipsec1", 10),
        Route("10.9.9.9/32", "ipsec1", 10),
    }
    assert status.parse_routes("") == frozenset()


def test_interfaces_and_counters_are_read() -> None:
    links = '[{},{"ifname":"ipsec1","flags":["NOARP","UP"],"mtu":1400},{"ifname":"ipsec2","flags":[],"mtu":1500}]'
    assert status.parse_interfaces(links) == (
        status.Interface("ipsec1", True, 1400),
        status.Interface("ipsec2", False, 1500),
    )
    counters = '{"nftables":[{"metainfo":{}},{"counter":{"family":"inet","name":"outer_in","packets":1,"bytes":99}}]}'
    assert status.parse_counters(counters) == {"outer_in": 99}


def test_the_settings_of_a_connection_are_told_from_what_becomes_of_it() -> None:
    text = (FIXTURES / "connectionstatus-negotiating.txt").read_text()
    settings = status.parse_connections(text)
    assert len(settings) == 7
    later = text.replace("#1", "#7").replace("unrouted-bare-negotiation", "routed-tunnel").replace("PFS+UP+", "PFS+")
    assert status.parse_connections(later) == settings
    for edited in (
        text.replace("AES_GCM_16_256-NONE", "AES_GCM_16_128-NONE"),
        text.replace("21600s", "3600s"),
        text.replace("remote: 203", "remote: 204"),
        "",
    ):
        assert status.parse_connections(edited) != settings


def test_the_kernels_states_are_counted() -> None:
    assert status.parse_counts("\t SAD count 2\n\t SPD IN  0 OUT 4 FWD 1\n") == (2, 0)
    assert status.parse_counts("Cannot send dump request") == ()
