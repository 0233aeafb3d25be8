"""A peer that died while its SA stands: noticed within seconds, never by mistake, trusted again only after a while."""

import itertools
from collections.abc import Iterator, Mapping

import pytest

from gateway.agent import decide, status
from gateway.agent.main import HURRY_S, PERIOD_S
from gateway.agent.pulse import Pulse

BOTH = frozenset({1, 2})
ONE, TWO = frozenset({1}), frozenset({2})
NOBODY: frozenset[int] = frozenset()
LATE = {1: 1}


def left_s(unanswered_s: float) -> int:
    """What Libreswan prints so long after a request that nobody answers."""
    pauses = (0.5, 0.5, 1.0, 2.0, 4.0, 8.0)
    return int(next(end for end in itertools.accumulate(pauses) if end > unanswered_s) - unanswered_s)


def owed(asked_at: float, now: float) -> Mapping[int, int]:
    return {1: left_s(now - asked_at)} if now >= asked_at else {}


def moments(pulse: Pulse, begin: float) -> Iterator[tuple[float, bool]]:
    """When the agent looks, as its loop does: each second, and in between while an answer is owed."""
    now = begin
    while True:
        yield now, True
        for number in range(1, round(PERIOD_S / HURRY_S)):
            if pulse.suspects:
                yield now + number * HURRY_S, False
        now += PERIOD_S


@pytest.mark.parametrize("asked", [tenths / 10 for tenths in range(10)])
@pytest.mark.parametrize("period_s", [1.0, 1.3])
def test_a_peer_that_dies_loses_its_traffic_within_four_seconds(asked: float, period_s: float) -> None:
    """It died just after an answer, so it is asked again up to a second later; at any moment between two looks.

    The agent's rounds may last longer than they should.
    """
    pulse, late = Pulse(), False
    for look, (at, is_round) in enumerate(moments(pulse, 0.0)):
        now = at * period_s
        if not is_round and not late:
            late = pulse.is_late(owed(asked, now))
        if is_round or late:
            pulse.note(BOTH, owed(asked, now), now)
            late = False
        if pulse.silent or look > 100:
            break
    assert pulse.silent == ONE
    assert now - asked <= 3.0
    assert decide.used(BOTH, pulse.silent) == TWO


def test_an_answer_that_is_under_way_at_every_look_is_not_late() -> None:
    pulse = Pulse()
    for now in range(100):
        assert not pulse.note(BOTH, {1: 0, 2: 0}, now)
    assert (pulse.silent, pulse.suspects) == (NOBODY, BOTH)


def test_a_tunnel_of_which_nothing_is_known_is_used() -> None:
    pulse = Pulse()
    assert decide.used(BOTH, pulse.silent) == BOTH
    pulse.note(BOTH, {}, 0.0)
    assert decide.used(BOTH, pulse.silent) == BOTH


def test_a_dead_peer_stays_dead_until_it_answers() -> None:
    """The seconds that are left go down to none before each repetition."""
    pulse = Pulse()
    pulse.note(BOTH, LATE, 0.0)
    for now in range(1, 20):
        pulse.note(BOTH, {1: 0}, now)
    assert pulse.silent == ONE


def test_the_end_of_its_sa_does_not_give_its_traffic_back_and_neither_does_a_new_one_at_once() -> None:
    pulse = Pulse()
    pulse.note(BOTH, LATE, 0.0)
    for now in range(1, 30):
        pulse.note(TWO, {}, now)
    assert pulse.silent == ONE
    pulse.note(BOTH, {}, 30.0)
    assert decide.used(BOTH, pulse.silent) == TWO


def test_a_tunnel_gets_its_traffic_back_after_five_seconds_of_answers() -> None:
    pulse = Pulse()
    pulse.note(BOTH, LATE, 10.0)
    silent = []
    for now in range(11, 20):
        pulse.note(BOTH if now > 12 else TWO, {1: 0} if now % 2 else {}, now)
        silent.append(pulse.silent)
    assert silent == [ONE] * 6 + [NOBODY] * 3


def test_one_that_fails_again_waits_again() -> None:
    pulse = Pulse()
    for now, waits in ((0, LATE), (4, {}), (5, LATE), (9, {})):
        pulse.note(BOTH, waits, now)
    assert pulse.silent == ONE
    pulse.note(BOTH, {}, 10)
    assert pulse.silent == NOBODY


def test_where_nobody_answers_all_are_used_and_the_first_that_answers_is_used_at_once() -> None:
    pulse = Pulse()
    pulse.note(BOTH, {1: 1, 2: 1}, 0.0)
    assert decide.used(BOTH, pulse.silent) == BOTH
    pulse.note(BOTH, {1: 0}, 1.0)
    assert decide.used(BOTH, pulse.silent) == TWO


def test_two_that_answer_again_at_one_look_are_both_used_at_once() -> None:
    pulse = Pulse()
    pulse.note(BOTH, {1: 1, 2: 1}, 0.0)
    pulse.note(BOTH, {}, 1.0)
    assert pulse.silent == NOBODY


def test_the_only_tunnel_with_an_sa_is_used_whatever_its_peer_does() -> None:
    pulse = Pulse()
    pulse.note(ONE, LATE, 0.0)
    assert decide.used(ONE, pulse.silent) == ONE


def test_only_what_is_not_late_yet_is_suspected_and_hurried_for() -> None:
    pulse = Pulse()
    pulse.note(BOTH, {1: 0, 2: 1}, 0.0)
    assert pulse.suspects == ONE
    assert pulse.is_late({1: 1})
    assert not pulse.is_late({1: 0, 2: 5})
    assert not pulse.is_late({})


UP = '#15: "causeway-1":4500 ESTABLISHED_IKE_SA (established IKE SA); {}REKEY in 906s; REPLACE in 905s; newest; idle;'


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        (UP.format(""), {}),
        (UP.format("RETRANSMIT in 0s; "), {1: 0}),
        (UP.format("RETRANSMIT in 3s; "), {1: 3}),
        (UP.format("RETRANSMIT in -1s; "), {1: -1}),
        (UP.format("RETRANSMIT in 3s; ").replace(" newest;", ""), {}),  # one that was replaced, and is being ended
        ('#9: "causeway-1":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 14s; idle;', {}),
    ],
)
def test_what_a_peer_owes_is_read_from_the_ike_sa_in_use(line: str, waits: Mapping[int, int]) -> None:
    assert status.parse_waits(status.parse_states(line)) == waits
