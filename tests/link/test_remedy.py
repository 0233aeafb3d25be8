"""What a look leads to, over time: smallest first, bounded, and nothing at all when nothing is known."""

import dataclasses
from datetime import timedelta

import pytest

from link import remedy
from link.examine import Found, Trouble
from link.reading import Observation
from link.remedy import Action, Memory, Pause, Remedy
from tests.worlds import NOW

DRIFT = Trouble("RouteMissing", "rtb-1 has no route to 10.0.0.0/16", differs=True)
DOWN = Trouble("TunnelDown", "no child SA", differs=False)
UNKNOWN = Trouble("GatewaySilent", "no report", differs=False, state=Observation.UNKNOWN)
DEGRADED = Trouble("OneTunnelDown", "tunnel 1 of 2 is down", differs=False, state=Observation.UP)
DEAD = Trouble("GatewayDead", "no report, and Azure says NotConnected", differs=False)


def _live(
    trouble: Trouble | None, minutes: int, memory: Memory | None = None
) -> tuple[list[tuple[int, Remedy]], Memory, list[int]]:
    """A look each minute: the remedies with their minutes, the memory, and the minutes in which a human was told."""
    memory, began, told = memory or Memory(), [], []
    for minute in range(minutes):
        decision = remedy.decide(Found(trouble), memory, None, NOW + timedelta(minutes=minute))
        memory = decision.memory
        if decision.remedy:
            began.append((minute, decision.remedy))
        if decision.tell:
            told.append(minute)
    return began, memory, told


def test_a_link_that_is_well_is_left_alone() -> None:
    decision = remedy.decide(Found(None), Memory(), None, NOW)
    assert (decision.action, decision.remedy, decision.tell, decision.memory) == (Action.NOTHING, None, False, Memory())


def test_a_difference_is_walked_at_once() -> None:
    decision = remedy.decide(Found(DRIFT), Memory(), None, NOW)
    assert (decision.action, decision.remedy, decision.tell) == (Action.REMEDY, Remedy.WALK, False)


def test_a_difference_that_stays_is_tried_less_and_less_and_a_human_is_told_once() -> None:
    began, _, told = _live(DRIFT, 70)
    assert [minute for minute, _ in began] == [0, 1, 6, 36, 66]
    assert told == [7]


def test_another_difference_has_attempts_of_its_own() -> None:
    _, memory, _ = _live(DRIFT, 7)
    other = Trouble("RouteMissing", "rtb-2 has no route to 10.0.0.0/16", differs=True)
    assert remedy.decide(Found(other), memory, None, NOW + timedelta(minutes=7)).remedy is Remedy.WALK


def test_one_that_somebody_makes_again_and_again_counts_on() -> None:
    memory, began = Memory(), []
    for minute in range(30):
        trouble = DRIFT if minute % 2 else None  # well in between
        decision = remedy.decide(Found(trouble), memory, None, NOW + timedelta(minutes=minute))
        memory = decision.memory
        began += [minute] if decision.remedy else []
    assert began == [1, 3, 9]


def test_a_tunnel_that_stays_down_gets_a_reset_then_a_new_gateway_then_nothing_but_a_human() -> None:
    began, _, told = _live(DOWN, 60)
    assert began == [(5, Remedy.RESET_CONNECTION), (15, Remedy.REPLACE_GATEWAY)]
    assert told == [5]


def test_down_by_another_reason_each_minute_is_one_row() -> None:
    memory, began = Memory(), []
    for minute in range(20):
        reason = ("TunnelDown", "AzureNotConnected", "ProbeUnanswered")[minute % 3]
        found = Found(Trouble(reason, "down", differs=False))
        decision = remedy.decide(found, memory, None, NOW + timedelta(minutes=minute))
        memory = decision.memory
        began += [decision.remedy] if decision.remedy else []
    assert began[0] is Remedy.RESET_CONNECTION
    assert Remedy.REPLACE_GATEWAY in began


def test_a_gateway_that_both_ends_call_dead_is_replaced_after_a_minute_and_at_most_twice() -> None:
    began, _, told = _live(DEAD, 29)
    assert began == [(1, Remedy.REPLACE_GATEWAY), (2, Remedy.REPLACE_GATEWAY)]
    assert told == [5]


def test_what_is_unknown_is_waited_for_and_told() -> None:
    began, _, told = _live(UNKNOWN, 120)
    assert (began, told) == ([], [5])


def test_a_tunnel_that_stays_down_beside_another_is_told_and_left_alone() -> None:
    began, _, told = _live(DEGRADED, 120)
    assert (began, told) == ([], [5])


def test_a_link_that_worked_by_one_tunnel_is_down_only_since_the_other_one_is_too() -> None:
    _, memory, _ = _live(DOWN, 4)
    _, memory, _ = _live(DEGRADED, 120, memory)
    decision = remedy.decide(Found(DOWN), memory, None, NOW + timedelta(minutes=120))
    assert (decision.remedy, decision.tell) == (None, False)


@pytest.mark.parametrize("state", [Observation.UNKNOWN, Observation.UP])
@pytest.mark.parametrize("reason", remedy.LADDERS)
def test_no_rung_is_climbed_for_what_is_not_down(reason: str, state: Observation) -> None:
    began, _, _ = _live(Trouble(reason, "who knows", differs=False, state=state), 120)
    assert began == []


def test_what_only_a_human_can_mend_is_told_at_once() -> None:
    refused = Trouble(
        "ForeignConnection", "it bears other tags", differs=False, needs_human=True, state=Observation.UNKNOWN
    )
    assert remedy.decide(Found(refused), Memory(), None, NOW).tell


def test_a_difference_after_a_refusal_is_tried_before_a_human_is_told() -> None:
    """What was refused may be over: a VPN gateway was missing, and is there again by another address."""
    began, _, told = _live(dataclasses.replace(DRIFT, needs_human=True), 6)
    assert ([minute for minute, _ in began], told) == ([0, 1], [1])


@pytest.mark.parametrize("trouble", [DRIFT, DOWN, DEAD])
def test_a_pause_has_everything_looked_at_and_nothing_done_until_it_ends(trouble: Trouble) -> None:
    pause = Pause(until=NOW + timedelta(minutes=30), why="new firewall")
    memory = Memory()
    for minute in range(30):
        decision = remedy.decide(Found(trouble), memory, pause, NOW + timedelta(minutes=minute))
        memory = decision.memory
        assert (decision.action, decision.remedy) == (Action.WAIT, None)
        assert "new firewall" in decision.why
    assert memory.tried == {}
    assert remedy.decide(Found(trouble), memory, pause, pause.until).action is Action.REMEDY


def test_who_was_told_is_told_when_it_is_over() -> None:
    _, memory, _ = _live(DOWN, 7)
    decision = remedy.decide(Found(None), memory, None, NOW + timedelta(minutes=8))
    assert decision.recovered == ("TunnelDown",)
    assert remedy.decide(Found(None), decision.memory, None, NOW + timedelta(minutes=9)).recovered == ()


def test_a_trouble_after_a_quiet_time_begins_anew() -> None:
    _, memory, _ = _live(DOWN, 20)
    memory = remedy.decide(Found(None), memory, None, NOW + timedelta(minutes=50)).memory
    assert memory == Memory()
