"""The drills of an active-active gateway: what is asked for, what counts as moved in time, and what as given back."""

import argparse
import dataclasses
from typing import Any

import pytest

from rehearsal import traffic
from rehearsal.drills import catalogue, options, outcome, peers
from rehearsal.drills.healing import Healing
from rehearsal.drills.peers import Killing, Look
from tests.rehearsal.drill_scene import WHOLE

TWO = ({"number": 1, "peer": "203.0.113.4"}, {"number": 2, "peer": "203.0.113.5"})
BROKE_AT = 1000.0


def at_two_addresses() -> Any:
    return dataclasses.replace(WHOLE, configuration={**WHOLE.configuration, "tunnels": TWO})


def test_a_peer_is_named_by_the_tunnel_to_it_and_only_where_there_is_another() -> None:
    assert [str(Killing(number).address(at_two_addresses())) for number in (1, 2)] == ["203.0.113.4", "203.0.113.5"]
    with pytest.raises(LookupError, match="--active-active"):
        Killing(1).address(WHOLE)


SAID = """\
unreachable 10.0.0.0/16 metric 4000
10.0.0.0/16 dev ipsec2 scope link src 10.101.0.5 metric 20
#4: "causeway-1", type=ESP, add_time=1234567890, inBytes=84, outBytes=84, maxBytes=2^63B, id='203.0.113.4'
"""


def test_route_and_sa_of_the_killed_peers_tunnel_are_read_and_not_the_others() -> None:
    assert Killing(1).look(SAID) == Look(route=False, sa=True)
    assert Killing(2).look(SAID) == Look(route=True, sa=False)


HELD, MOVED, ENDED = Look(route=True, sa=True), Look(route=False, sa=True), Look(route=False, sa=False)
LEFT_LYING = Look(route=True, sa=False)


@pytest.mark.parametrize(
    ("looks", "wrong"),
    [
        ([HELD, MOVED, ENDED], []),
        ([MOVED], []),
        ([HELD, ENDED], ["tunnel 1 had its route for as long as its SA"]),
        ([MOVED, LEFT_LYING], ["tunnel 1 still had a route when its peer came back"]),
        ([], ["tunnel 1 had its route for as long as its SA", "tunnel 1 still had a route when its peer came back"]),
    ],
)
def test_traffic_must_have_moved_while_the_dead_peers_sa_still_stood(looks: list[Look], wrong: list[str]) -> None:
    assert list(Killing(1, looks).judge(WHOLE, BROKE_AT)) == wrong


def answers(*lost: int, newest: int) -> traffic.Answers:
    moments = {number: BROKE_AT + number / 5 for number in range(1, newest + 1) if number not in lost}
    return traffic.Answers(moments, newest)


BACK = "traffic was not back while the fault lasted"
AGAIN = "2 pings were lost when the fault had ended"


@pytest.mark.parametrize(
    ("lost", "wrong"),
    [
        ((), []),
        ((3, 4, 5), []),
        ((3, 35), [BACK]),
        (tuple(range(3, 41)), [BACK]),
        ((3, 45, 46), [AGAIN]),
        ((*range(3, 41), 45, 46), [BACK, AGAIN]),
    ],
)
def test_it_is_healed_before_the_fault_ends_and_its_end_costs_nothing(lost: tuple[int, ...], wrong: list[str]) -> None:
    during = answers(*(number for number in lost if number <= 40), newest=40)
    assert outcome.healed_meanwhile(during, answers(*lost, newest=80), steady_s=3.0) == wrong


def rounds(*arguments: str) -> list[tuple[list[str], Healing]]:
    parser = argparse.ArgumentParser()
    options.arguments(parser)
    found = options.rounds_of(parser.parse_args(arguments))
    return [([drill.name for drill in one.drills], one.mode) for one in found]


PEERS = ["peer-1-killed", "peer-2-killed"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--active-active"], [(PEERS, Healing.ON)]),
        (["--active-active", "--without-remedy"], [(PEERS, Healing.OFF)]),
        (["--active-active", "route-deleted"], [(["route-deleted"], Healing.ON)]),
        (["route-deleted"], [(["route-deleted"], Healing.ON)]),
    ],
)
def test_an_active_active_gateway_loses_each_peer_in_turn(
    arguments: list[str], wanted: list[tuple[list[str], Healing]]
) -> None:
    assert rounds(*arguments) == wanted


def test_a_full_run_at_one_address_kills_no_peer() -> None:
    assert not {name for drills, _ in rounds("--all") for name in drills} & set(PEERS)


def test_traffic_must_be_back_within_five_seconds_of_a_peers_death() -> None:
    found = outcome.Seen(BROKE_AT, "gone", (), BROKE_AT + 45, answers(3, newest=80), BROKE_AT + 0.8)
    judged = [outcome.of(one, "on", found, None) for one in catalogue.ACTIVE_ACTIVE]
    assert [(one.bound_s, one.judged, one.ended) for one in judged] == [(5.0, "ok", "healed")] * 2
    assert all(one.lasts_s == peers.AWAY_S for one in catalogue.ACTIVE_ACTIVE)
