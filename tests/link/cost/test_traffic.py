"""From samples to bytes: exact where samples are, never negative, never twice; and a gap is shown as one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link.cost.traffic import Bytes, Gap, Meter, Sample

DAY = datetime(2026, 11, 28, tzinfo=UTC)
prove = settings(max_examples=200, derandomize=True, database=None)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def sample(hours: float, sent: int, received: int = 0, **changes: Any) -> Sample:
    read = {"instance": "i-1", "since": DAY, "read_at": at(hours), "aws_to_azure": sent, "azure_to_aws": received}
    return Sample(**read | changes)


def sent(samples: Sequence[Sample], start: float, end: float) -> int:
    return Meter(samples).between(at(start), at(end)).aws_to_azure


ONE = (sample(1, 1000), sample(2, 1000), sample(4, 3001))
SECOND = (sample(1.5, 40, instance="i-2", since=at(1)), sample(5, 140, instance="i-2", since=at(1)))


@pytest.mark.parametrize(
    ("samples", "start", "end", "crossed"),
    [
        ((), 0, 9, 0),
        (ONE, 0, 1, 1000),
        (ONE, 1, 2, 0),
        (ONE, 0, 4, 3001),
        (ONE, -5, 9, 3001),  # nothing before the counter began, nothing after its last word
        (ONE, 4, 9, 0),
        (ONE, -5, 0, 0),
        (ONE, 0.25, 0.75, 500),
        (ONE, 2, 3, 1000),  # of 2001 bytes in two hours: the odd one crossed in the second
        (ONE, 3, 4, 1001),
        ([*ONE, *SECOND], 0, 9, 3141),
        ([*ONE, *SECOND], 1, 1.5, 40),
        ([sample(1, 700), sample(2, 200), sample(3, 900)], 0, 9, 1600),  # began anew after 700
        ([sample(1, 700), sample(2, 200), sample(3, 900)], 1, 2, 200),
        ([sample(1, 700), sample(2, 0), sample(3, 0), sample(4, 1)], 0, 9, 701),
        ([sample(1, 700), sample(2, 50, since=at(1.5))], 1, 2, 50),  # a reboot begins another counter
        ([sample(1, 700), sample(2, 50, since=at(1.5))], 1, 1.5, 0),
        ([sample(1, sent) for sent in range(900, 0, -1)], 0, 1, 900),  # a moment knows no order
        ([sample(1, 700, since=at(2)), sample(3, 900, since=at(2))], 0, 1.9, 0),  # a clock that was set back
        ([sample(1, 700, since=at(2)), sample(3, 900, since=at(2))], 0, 9, 900),
    ],
)
def test_bytes_are_linear_between_samples_whole_and_those_of_all_counters(
    samples: Sequence[Sample], start: float, end: float, crossed: int
) -> None:
    assert sent(samples, start, end) == crossed


def test_both_directions_begin_anew_together() -> None:
    samples = [sample(1, 700, 70), sample(2, 800, 60), sample(3, 900, 65)]
    assert Meter(samples).between(at(0), at(9)) == Bytes(700 + 900, 70 + 65)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        Meter(ONE).between(datetime(2026, 11, 28), at(9))  # noqa: DTZ001


# As the table keeps them: the last reading of each hour.
WELL = (sample(0.99, 1), sample(1.99, 2), sample(2.99, 3))


@pytest.mark.parametrize(
    ("samples", "start", "end", "gaps"),
    [
        ((), 0, 9, []),
        (WELL, -9, 3, []),  # before the first sample there was no link
        ([WELL[0], sample(1.2, 2), sample(2.2, 3)], 0, 2.3, [(1.2, 2.2, True)]),
        ([sample(0.9, 1), sample(1.99, 2)], 0, 2, []),  # six minutes until the next hour begins
        ([sample(0.8, 1), sample(1.99, 2)], 0, 2, [(0.8, 1.99, True)]),  # twelve
        ([sample(0.1, 1), sample(0.9, 2)], 0, 1, []),  # what was read between them in the same hour is not kept
        ([sample(1.99, 2)], 0, 2, [(0, 1.99, True)]),
        ([WELL[0], sample(5.5, 9)], 0, 5.5, [(0.99, 5.5, True)]),
        ([WELL[0], sample(5.5, 9)], 2, 3, [(2, 3, True)]),
        (
            [WELL[0], sample(5.5, 9), sample(9.5, 1, since=at(9))],
            0,
            9.5,
            [(0.99, 5.5, True), (5.5, 9, False)],
        ),
        ([WELL[0], sample(5.5, 9)], 0, 0.99, []),
        (WELL, 0, 4, [(2.99, 4, False)]),  # nobody has spoken since
        ([WELL[0], sample(2.9, 9, since=at(2.5))], 0, 3, [(0.99, 2.5, False)]),
        ([WELL[0], sample(1.9, 9, since=at(1.1))], 0, 2, []),
        ([WELL[0], sample(1.9, 9, since=at(1.2), instance="i-2")], 0, 2, [(0.99, 1.2, False)]),
        ([*WELL, sample(2.9, 9, since=at(0.5), instance="i-2")], 0, 3, [(0.5, 2.9, True)]),
        ([WELL[0], sample(1.9, 9, since=at(0.95), instance="i-2")], 0, 2, []),  # it took over in time
        ([*WELL, sample(0.5, 9, since=at(0.4), instance="i-2")], 0, 3, []),  # it came and went
        ([WELL[1], sample(2.99, 1)], 1.99, 3, [(1.99, 2.99, False)]),  # what passed until it fell, nobody knows
        ([sample(0.9, 9), sample(1.01, 1)], 0, 1, []),
        (
            [WELL[0], sample(5, 9), sample(0.95, 1, instance="i-2"), sample(5.5, 9, instance="i-2")],
            0,
            5.5,
            [(0.95, 5.5, True)],
        ),
    ],
)
def test_a_time_without_samples_is_a_gap(
    samples: Sequence[Sample], start: float, end: float, gaps: list[tuple[float, float, bool]]
) -> None:
    found = Meter(samples).gaps(at(start), at(end))
    assert found == tuple(Gap(at(begun), at(ended), counted) for begun, ended, counted in gaps)


def test_a_time_may_be_named_in_any_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start, end = datetime(2026, 11, 28, 1, tzinfo=berlin), datetime(2026, 11, 28, 5, tzinfo=berlin)
    assert Meter(ONE).between(start, end) == Bytes(3001)
    gaps = Meter([WELL[0], sample(5.5, 9)]).gaps(start, end)
    assert gaps == (Gap(at(0.99), at(4), counted=True),)
    assert {moment.tzinfo for gap in gaps for moment in (gap.start, gap.end)} == {UTC}


@st.composite
def counters(draw: st.DrawFn) -> list[Sample]:
    """Whatever could be in a table, in the order of their times: two gateways, reboots, values that fall."""
    moments = st.integers(0, 60 * 24 * 3).map(lambda minute: DAY + timedelta(minutes=minute))
    samples = st.builds(
        Sample,
        instance=st.sampled_from(["i-1", "i-2"]),
        since=st.sampled_from([DAY, at(20), at(31.5)]),
        read_at=moments,
        aws_to_azure=st.integers(0, 10**12),
        azure_to_aws=st.integers(0, 10**6),
    )
    return sorted(draw(st.lists(samples, max_size=12)), key=lambda one: one.read_at)


cuts = st.lists(
    st.integers(-(10**12), 4 * 10**11).map(lambda us: DAY + timedelta(microseconds=us)), min_size=2, max_size=9
).map(sorted)


@prove
@given(counters(), cuts)
def test_bytes_are_never_negative_and_add_up_over_any_split_of_a_time(
    samples: list[Sample], cuts: list[datetime]
) -> None:
    meter = Meter(samples)
    parts = [meter.between(start, end) for start, end in pairwise(cuts)]
    assert all(part.aws_to_azure >= 0 and part.azure_to_aws >= 0 for part in parts)
    assert sum(parts, Bytes()) == meter.between(cuts[0], cuts[-1])


@prove
@given(counters(), cuts, st.randoms(use_true_random=False))
def test_order_and_repetition_of_samples_change_nothing(
    samples: list[Sample], cuts: list[datetime], random: Random
) -> None:
    again = random.sample(samples * 3, len(samples) * 3)
    one, other = Meter(samples), Meter(again)
    assert [one.between(*some) for some in pairwise(cuts)] == [other.between(*some) for some in pairwise(cuts)]
    assert one.gaps(cuts[0], cuts[-1]) == other.gaps(cuts[0], cuts[-1])


@prove
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=9), st.data())
def test_fewer_samples_of_a_counter_count_the_same(grown: list[int], data: st.DataObject) -> None:
    samples = [sample(hour + 1, sum(grown[: hour + 1]), 2 * sum(grown[:hour])) for hour in range(len(grown))]
    kept = [one for one in samples[:-1] if data.draw(st.booleans())] + samples[-1:]
    for one in [*kept, sample(99, 0)]:
        assert Meter(kept).between(DAY, one.read_at) == Meter(samples).between(DAY, one.read_at)
    assert Meter(kept).between(DAY, at(99)) == Bytes(sum(grown), 2 * sum(grown[:-1]))


@prove
@given(counters(), cuts)
def test_gaps_lie_inside_the_time_and_have_a_length(samples: list[Sample], cuts: list[datetime]) -> None:
    start, end = cuts[0], cuts[-1]
    found = Meter(samples).gaps(start, end)
    assert all(start <= gap.start < gap.end <= end for gap in found)
    assert list(found) == sorted(found, key=lambda gap: gap.start)
    begun = min((one.since for one in samples), default=end)
    assert all(gap.start >= begun for gap in found)
