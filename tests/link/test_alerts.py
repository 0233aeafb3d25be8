"""A person is alerted to all that lasts: at least once, and exactly once where each message is published.

Each world is lived with for an hour, a look a minute (tests/link/life.py). `make prove` lives with five hundred.
"""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from link import remedy
from link.condition import Key
from link.diagnosis import Kind
from tests.link import possible
from tests.link.life import Life
from tests.link.obstacles import OBSTACLES, OF_SURVEY, Case, case, make_right, stage
from tests.link.test_convergence import EXAMPLES, prove

MINUTES = 60
# Looks after which a condition that stands has been published: a finding at once, a symptom after ALERT_AFTER, a
# difference after CAP walks of at most four minutes.
PATIENCE = {Kind.FINDING: 1, Kind.SYMPTOM: 7, Kind.DIFFERENCE: 25}
lived = type(prove)(prove, max_examples=max(20, EXAMPLES // 20))


@dataclass(frozen=True)
class Course:
    """What happens when. The minute of death is None where the gateway stays."""

    case: Case
    come_at: int
    dies_at: int | None
    silent: range
    unpublished: frozenset[int]
    survey_minute: int
    walk_minutes: tuple[int, ...]


@st.composite
def course(draw: st.DrawFn) -> Course:
    """One world's hour."""
    come_at = draw(st.integers(0, 3))
    begins = draw(st.integers(0, 8))
    unpublished = st.frozensets(st.integers(0, MINUTES - 1), max_size=30)
    return Course(
        case=draw(case()),
        come_at=come_at,
        dies_at=draw(st.sampled_from((None, *range(come_at + 1, come_at + 8)))),
        silent=range(begins, begins + draw(st.sampled_from((0, 0, 4, 12, MINUTES)))),
        unpublished=draw(st.one_of(st.just(frozenset[int]()), unpublished)),
        survey_minute=draw(st.integers(0, 15)),
        walk_minutes=tuple(draw(st.lists(st.integers(1, 4), max_size=4))),
    )


def live(one: Course, minutes: int = MINUTES) -> Life:
    """The hour."""
    world = one.case.world
    life = Life(world, one.survey_minute, one.walk_minutes)
    for minute in range(minutes):
        if minute == one.come_at:
            one.case.put()
            world.settle()
        if minute == one.dies_at:
            world.change_aws(
                gateways=tuple(each.model_copy(update={"state": "shutting-down"}) for each in world.aws.gateways)
            )
            world.settle()
        world.silent = minute in one.silent
        writes = len(world.written)
        life.look(minute, publishes=minute not in one.unpublished)
        assert not world.silent or len(world.written) == writes
    return life


@lived
@given(course())
def test_what_lasts_is_published_once_and_walks_are_few(one: Course) -> None:
    life = live(one)
    event(f"{len(life.walks)} walks, {len(life.alerted)} alerts, {len(life.recovered)} recovered")
    assert len(life.walks) <= remedy.MOST_WALKS_AN_HOUR
    assert unpublished(life, one) == []
    alerted, recovered = Counter(key for _, key in life.alerted), Counter(key for _, key in life.recovered)
    for key, times in alerted.items():
        assert times - recovered[key] in (0, 1), key  # alerted again only after it was over
    assert recovered <= alerted
    last = max(life.standing)
    is_well = all(kind is Kind.FINDING for kind in life.standing[last].values())
    if is_well and last not in one.unpublished:
        assert {key for key, times in alerted.items() if times > recovered[key]} <= set(life.standing[last])


def unpublished(life: Life, one: Course) -> list[tuple[int, Key]]:
    """Conditions that have stood for their time at each look, and that no message was about."""
    missed = []
    since: dict[tuple[Key, Kind], int] = {}
    for minute, standing in life.standing.items():
        since = {each: since.get(each, minute) for each in standing.items()}
        for (key, kind), first in since.items():
            looks = [m for m in life.standing if first <= m <= minute]
            published = [m for m, about in life.alerted if about == key and m <= minute]
            over = [m for m, about in life.recovered if about == key and m <= minute]
            due = len(looks) >= PATIENCE[kind] and len(published) <= len(over)
            if due and minute not in one.unpublished:
                missed.append((minute, key))
    return missed


@lived
@given(course())
def test_the_watch_alone_makes_right_what_can_be(one: Course) -> None:
    """Without failing boots, for which an hour has too few walks."""
    world = one.case.world
    world.boots, world.dead_zones, world.azure_fails = [], frozenset(), 0
    live(one)
    start = possible.Start.of(world)
    assert possible.wrong(world, start, ends=possible.walk_can_end(world, start)) == [], one


REFUSED = {name: reason for name, (_, reason) in OBSTACLES.items() if reason}


@pytest.mark.parametrize("name", REFUSED)
def test_a_finding_is_alerted_while_the_link_works_and_the_gateway_is_replaced_all_the_same(name: str) -> None:
    """At the first look that can know of it; what only a survey knows, at the look that surveys."""
    world = stage()
    make_right(world)
    life = Life(world, survey_minute=2)
    life.look(0, publishes=True)
    assert (life.walks, life.alerted) == ([], [])
    OBSTACLES[name][0](world)
    for minute in (1, 2):
        life.look(minute, publishes=True)
    if REFUSED[name] != "MissingPermission":  # which only a walk's Preflight tries
        first = 2 if REFUSED[name] in OF_SURVEY else 1
        assert (first, REFUSED[name]) in [(at, reason) for at, (reason, _) in life.alerted]
    world.change_aws(gateways=())
    world.settle()
    start = possible.Start.of(world)
    for minute in range(3, 15):
        life.look(minute, publishes=True)
    assert REFUSED[name] in [reason for _, (reason, _) in life.alerted]
    assert possible.wrong(world, start, ends=possible.walk_can_end(world, start)) == []
