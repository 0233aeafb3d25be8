"""What a look leads to, over time: smallest first, bounded, and nothing at all when nothing is known."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link import remedy
from link.condition import Condition
from link.diagnosis import Diagnosis, Kind, Problem
from link.healing_state import HealingState, Pause, Remedy
from link.reading import Observation
from link.remedy import Action
from tests.worlds import NOW


def _problem(reason: str, kind: Kind = Kind.SYMPTOM, subject: str = "", **more: Any) -> Problem:
    return Problem(Condition(reason=reason, subject=subject, message=f"{reason} was seen"), kind, **more)


DRIFT = _problem("RouteMissing", Kind.DIFFERENCE, "rtb-1/10.0.0.0/16")
OTHER_DRIFT = _problem("GatewayMissing", Kind.DIFFERENCE)
DOWN = _problem("TunnelDown")
UNKNOWN = _problem("GatewaySilent", state=Observation.UNKNOWN)
DEGRADED = _problem("OneTunnelDown", state=Observation.UP)
DEAD = _problem("GatewayDead")
SILENCE = _problem("FunctionUnreachable", state=Observation.UNKNOWN)
FINDING = _problem("RouteTaken", Kind.FINDING, "rtb-1/10.0.128.0/17", state=Observation.UP, needs_human=True)


def _found(*problems: Problem | None, azure_known: bool = True) -> Diagnosis:
    return Diagnosis(tuple(filter(None, problems)), azure_known=azure_known)


def _live(
    found: Diagnosis | Sequence[Diagnosis], minutes: int, state: HealingState | None = None, start: int = 0
) -> tuple[list[tuple[int, Remedy]], HealingState, list[int]]:
    """A look each minute, all alerts published: the remedies with their minutes, the state, and the alerts' minutes."""
    state, began, alerted = state or HealingState(), [], []
    looks = [found] * minutes if isinstance(found, Diagnosis) else found
    for minute, look in enumerate(looks, start):
        now = NOW + timedelta(minutes=minute)
        decision = remedy.decide(look, state, None, now)
        state = remedy.published(decision, now)
        if decision.remedy:
            began.append((minute, decision.remedy))
        alerted += [minute] * len(decision.alerts)
    return began, state, alerted


def test_a_link_that_is_well_is_left_alone() -> None:
    decision = remedy.decide(_found(), HealingState(), None, NOW)
    assert (decision.action, decision.remedy, decision.alerts) == (Action.NOTHING, None, ())
    assert decision.state == HealingState()


def test_a_difference_is_walked_at_once() -> None:
    decision = remedy.decide(_found(DRIFT), HealingState(), None, NOW)
    assert (decision.action, decision.remedy, decision.alerts) == (Action.REMEDY, Remedy.WALK, ())


def test_a_difference_that_stays_is_tried_less_and_less_and_a_human_is_told_once() -> None:
    began, _, alerted = _live(_found(DRIFT), 70)
    assert [minute for minute, _ in began] == [0, 1, 6, 36, 66]
    assert alerted == [7]


@pytest.mark.parametrize("order", [(DRIFT, OTHER_DRIFT), (OTHER_DRIFT, DRIFT)])
def test_a_difference_that_waits_holds_back_no_other(order: tuple[Problem, Problem]) -> None:
    _, state, _ = _live(_found(DRIFT), 7)
    decision = remedy.decide(_found(*order), state, None, NOW + timedelta(minutes=7))
    assert (decision.remedy, decision.about) == (Remedy.WALK, OTHER_DRIFT.condition)


def test_one_that_somebody_makes_again_and_again_counts_on() -> None:
    looks = [_found(DRIFT if minute % 2 else None) for minute in range(30)]  # well in between
    began, _, _ = _live(looks, 30)
    assert [minute for minute, _ in began] == [1, 3, 9]


def test_a_tunnel_that_stays_down_gets_a_reset_then_a_new_gateway_then_nothing_but_a_human() -> None:
    began, _, alerted = _live(_found(DOWN), 60)
    assert began == [(5, Remedy.RESET_CONNECTION), (15, Remedy.REPLACE_GATEWAY)]
    assert alerted == [5]


def test_while_azure_is_silent_its_own_remedy_waits_and_the_gateways_does_not() -> None:
    began, _, _ = _live(_found(DOWN, SILENCE, azure_known=False), 60)
    assert began == [(15, Remedy.REPLACE_GATEWAY)]


def test_down_by_another_reason_each_minute_climbs_once() -> None:
    reasons = ("TunnelDown", "ConfigurationPending", "ProbeUnanswered")
    began, _, _ = _live([_found(_problem(reasons[minute % 3])) for minute in range(20)], 20)
    assert began[0][1] is Remedy.RESET_CONNECTION
    assert Remedy.REPLACE_GATEWAY in [one for _, one in began]


def test_a_gateway_that_both_ends_call_dead_is_replaced_after_a_minute_and_at_most_twice() -> None:
    began, _, alerted = _live(_found(DEAD), 29)
    assert began == [(1, Remedy.REPLACE_GATEWAY), (2, Remedy.REPLACE_GATEWAY)]
    assert alerted == [5]


@pytest.mark.parametrize("problem", [UNKNOWN, SILENCE, DEGRADED])
def test_what_is_unknown_or_works_by_less_is_waited_for_and_told(problem: Problem) -> None:
    began, _, alerted = _live(_found(problem), 120)
    assert (began, alerted) == ([], [5])


def test_a_silent_azure_is_told_after_five_minutes_also_while_the_aws_side_heals() -> None:
    _, state, alerted = _live(_found(OTHER_DRIFT, SILENCE, azure_known=False), 5)
    assert alerted == []
    decision = remedy.decide(_found(SILENCE, azure_known=False), state, None, NOW + timedelta(minutes=5))
    assert decision.alerts == (SILENCE.condition,)


def test_a_finding_is_told_at_once_and_leaves_the_link_well() -> None:
    decision = remedy.decide(_found(FINDING), HealingState(), None, NOW)
    assert (decision.action, decision.remedy, decision.alerts) == (Action.NOTHING, None, (FINDING.condition,))
    assert decision.state.since == {}
    _, state, alerted = _live(_found(FINDING), 60)
    assert alerted == [0]
    assert remedy.decide(_found(FINDING, OTHER_DRIFT), state, None, NOW).remedy is Remedy.WALK


def test_a_finding_that_is_over_is_told_when_the_link_is_well() -> None:
    _, state, _ = _live(_found(FINDING), 2)
    assert remedy.decide(_found(DOWN), state, None, NOW + timedelta(minutes=2)).recovered == ()
    _, state, _ = _live(_found(), 5, state, start=3)
    assert remedy.decide(_found(), state, None, NOW + timedelta(minutes=8)).recovered == (FINDING.condition.key,)


def test_what_comes_and_goes_is_told_once_and_is_not_called_over() -> None:
    looks = [_found(FINDING if minute % 2 else None) for minute in range(120)]
    _, state, alerted = _live(looks, 120)
    assert alerted == [1]
    assert [one.key for one in state.notified] == [FINDING.condition.key]


def test_findings_that_are_others_at_each_look_are_told_a_bounded_number_of_times_an_hour() -> None:
    looks = [_found(_problem("RouteTaken", Kind.FINDING, str(minute), needs_human=True)) for minute in range(60)]
    _, state, alerted = _live(looks, 60)
    assert len(alerted) == remedy.MOST_ALERTS_AN_HOUR
    assert len(state.notified) <= remedy.MOST_KEPT


def test_what_is_remembered_stays_small_whatever_the_subjects_are() -> None:
    state = HealingState()
    for minute in range(600):
        problems = [_problem("RouteMissing", Kind.DIFFERENCE, f"{minute}-{one}") for one in range(20)]
        state = remedy.decide(_found(*problems), state, None, NOW + timedelta(minutes=minute)).state
    assert len(state.attempts) <= remedy.MOST_KEPT
    assert len(state.model_dump_json()) < 40_000


@pytest.mark.parametrize("problem", [DRIFT, FINDING])
def test_times_to_come_of_a_clock_that_was_set_back_silence_nothing(problem: Problem) -> None:
    _, ahead, _ = _live(_found(problem), 20, start=60 * 24 * 365)
    began, _, _ = _live(_found(problem), 60, ahead)
    assert began or problem is FINDING


def test_a_link_that_worked_by_one_tunnel_is_down_only_since_the_other_one_is_too() -> None:
    _, state, _ = _live(_found(DOWN), 4)
    _, state, _ = _live(_found(DEGRADED), 116, state, start=4)
    decision = remedy.decide(_found(DOWN), state, None, NOW + timedelta(minutes=120))
    assert (decision.remedy, decision.alerts) == (None, ())


@pytest.mark.parametrize("state", [Observation.UNKNOWN, Observation.UP])
@pytest.mark.parametrize("reason", remedy.REMEDY_STEPS)
def test_no_remedy_is_begun_for_what_is_not_down(reason: str, state: Observation) -> None:
    began, _, _ = _live(_found(_problem(reason, state=state)), 120)
    assert began == []


def test_what_only_a_human_can_end_is_told_at_once() -> None:
    refused = _problem("TokensDisabled", needs_human=True, state=Observation.UNKNOWN)
    assert remedy.decide(_found(refused), HealingState(), None, NOW).alerts == (refused.condition,)


def test_a_difference_after_a_refusal_is_tried_before_a_human_is_told() -> None:
    """What was refused may be over: a VPN gateway was missing, and is there again by another address."""
    refused = _problem("RouteMissing", Kind.DIFFERENCE, needs_human=True)
    began, _, alerted = _live(_found(refused), 6)
    assert ([minute for minute, _ in began], alerted) == ([0, 1], [1])


@pytest.mark.parametrize("problem", [DRIFT, DOWN, DEAD])
def test_a_pause_has_everything_looked_at_and_nothing_done_until_it_ends(problem: Problem) -> None:
    pause = Pause(until=NOW + timedelta(minutes=30), why="new firewall")
    state = HealingState()
    for minute in range(30):
        decision = remedy.decide(_found(problem), state, pause, NOW + timedelta(minutes=minute))
        state = decision.state
        assert (decision.action, decision.remedy) == (Action.WAIT, None)
    assert "new firewall" in decision.why
    assert state.attempts == ()
    assert remedy.decide(_found(problem), state, pause, pause.until).action is Action.REMEDY


def test_an_alert_that_was_not_published_is_due_again_and_one_that_was_is_not() -> None:
    now = NOW + timedelta(minutes=6)
    lost = remedy.decide(_found(FINDING), HealingState(), None, NOW).state
    again = remedy.decide(_found(FINDING), lost, None, now)
    assert again.alerts == (FINDING.condition,)
    assert remedy.decide(_found(FINDING), remedy.published(again, now), None, now).alerts == ()
    _, quiet, _ = _live(_found(), 5, remedy.published(again, now), start=7)
    later = NOW + timedelta(minutes=12)
    over = remedy.decide(_found(), quiet, None, later)
    assert remedy.decide(_found(), over.state, None, later).recovered == over.recovered == (FINDING.condition.key,)
    assert remedy.decide(_found(), remedy.published(over, later), None, later).recovered == ()


def test_a_trouble_after_a_quiet_time_begins_anew() -> None:
    _, state, _ = _live(_found(DOWN), 20)
    _, state, _ = _live(_found(), 6, state, start=90)
    assert state == HealingState()


_KINDS = st.sampled_from([DRIFT, OTHER_DRIFT, DOWN, DEAD, _problem("ProbeUnanswered"), UNKNOWN, FINDING])


@settings(max_examples=200, derandomize=True, database=None)
@given(_KINDS, st.lists(st.tuples(st.text(max_size=40), st.integers(1, 90)), min_size=60, max_size=120))
def test_one_unchanged_problem_starts_few_walks_and_one_alert_whatever_its_messages(
    problem: Problem, looks: list[tuple[str, int]]
) -> None:
    """A sentence with a number that moves is the same problem at each look, however soon the next look comes."""
    state, now, began, alerts = HealingState(), NOW, [], 0
    for text, seconds in looks:
        said = problem.condition.model_copy(update={"message": text})
        decision = remedy.decide(_found(Problem(said, *list(vars(problem).values())[1:])), state, None, now)
        state = remedy.published(decision, now)
        began += [now] if decision.remedy else []
        alerts += len(decision.alerts)
        now += timedelta(seconds=seconds)
    hours = max(sum(0 <= (other - one).total_seconds() < 3600 for other in began) for one in began) if began else 0
    assert hours <= 6
    assert alerts <= 1
    assert alerts == 1 or now - NOW < timedelta(minutes=8)
    assert len(state.attempts) <= 2


@settings(max_examples=50, derandomize=True, database=None)
@given(st.lists(st.text(alphabet="abcdef0123456789", min_size=1, max_size=8), min_size=60, max_size=60))
def test_even_problems_that_are_others_at_each_look_start_a_bounded_number_of_walks(subjects: list[str]) -> None:
    looks = [_found(_problem("RouteMissing", Kind.DIFFERENCE, subject)) for subject in subjects]
    began, _, alerted = _live(looks, 60)
    assert len(began) <= remedy.MOST_WALKS_AN_HOUR
    assert 1 <= len(alerted) <= 1 + 60 // remedy.CAP
