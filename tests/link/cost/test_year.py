"""A simulated year: totals are the truth to the byte wherever there are samples, and where there are none is a gap.

`make test` tries one year, `make prove` twenty.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from link.cost.traffic import SILENCE, Bytes, Gap, Meter
from tests.link.cost import year
from tests.link.cost.year import Counting, Year

SEEDS = range(int(os.environ.get("PROVE_YEARS", "1")))
END = year.moment(year.LENGTH)


@cache
def simulated(seed: int) -> tuple[Year, Meter]:
    made = Year(seed)
    samples = [sample for counting in made.countings for sample in counting.samples()]
    made.random.shuffle(samples)
    return made, Meter(samples)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_year_is_what_each_counter_said_last(seed: int) -> None:
    made, meter = simulated(seed)
    said = sum((Bytes(*counting.last[1:]) for counting in made.countings), Bytes())
    assert meter.between(year.START, END) == said
    lost = Bytes(*made.crossed[-1]) - said
    assert 0 < lost.aws_to_azure < said.aws_to_azure // 20
    assert lost.azure_to_aws > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_hours_and_months_of_any_zone_add_up_to_the_year(seed: int) -> None:
    _, meter = simulated(seed)
    whole, zone = meter.between(year.START, END), ZoneInfo("Europe/Berlin")
    hours = [year.moment(60 * hour) for hour in range(year.LENGTH // 60 + 1)]
    parts = [meter.between(*some) for some in pairwise(hours)]
    assert sum(parts, Bytes()) == whole
    assert all(part.aws_to_azure >= 0 and part.azure_to_aws >= 0 for part in parts)
    months = [datetime(2026, month, 1, tzinfo=zone) for month in range(1, 13)] + [datetime(2027, 1, 2, tzinfo=UTC)]
    assert sum((meter.between(*some) for some in pairwise(months)), Bytes()) == whole


def _others(made: Year, one: Counting, start: int, end: int) -> bool:
    return any(other is not one and other.start < end and other.end > start for other in made.countings)


@pytest.mark.parametrize("seed", SEEDS)
def test_between_two_samples_of_the_only_gateway_the_bytes_are_the_truth(seed: int) -> None:
    made, meter = simulated(seed)
    compared = 0
    for counting in made.countings:
        kept = [counting.start, *sorted(minute for minute, *_ in counting.told)]
        for start, end in pairwise(kept):
            if _others(made, counting, start, end) or (start == counting.start != counting.since):
                continue
            truth = Bytes(*made.crossed[end]) - Bytes(*made.crossed[start])
            assert meter.between(year.moment(start), year.moment(end)) == truth
            compared += 1
    assert compared > 7000


def _silences(made: Year) -> Iterator[tuple[int, int]]:
    """From the last minute that was heard to the next one, by a gateway that counts all the while."""
    heard = [minute for minute in range(year.LENGTH) if not made.silent[minute]]
    for start, end in pairwise(heard):
        if end - start > 1 and any(one.start < start and end < one.end for one in made.countings):
            yield start, end


def _covers(gaps: tuple[Gap, ...], start: int, end: int) -> bool:
    return any(gap.start <= year.moment(start) and year.moment(end) <= gap.end for gap in gaps)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_outage_is_a_gap_when_the_hour_ends_in_it_and_only_then(seed: int) -> None:
    made, meter = simulated(seed)
    gaps = meter.gaps(year.START, END)
    limit = SILENCE // timedelta(minutes=1)
    seen = [(end // 60 * 60 - start > limit, _covers(gaps, start, end)) for start, end in _silences(made)]
    assert set(seen) == {(True, True), (False, False)}
    assert len(gaps) < len(seen) + len(made.countings)


@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_that_no_sample_saw_lie_in_a_gap_or_in_the_last_minutes_of_a_gateway(seed: int) -> None:
    made, meter = simulated(seed)
    unknown = tuple(gap for gap in meter.gaps(year.START, END) if not gap.counted)
    for one in made.countings:
        last = one.last[0]
        then = min((other.start for other in made.countings if other.start >= one.end), default=year.LENGTH)
        shown = _covers(unknown, last, then) or _others(made, one, last, then)
        assert shown or year.moment(then) - year.moment(last) <= SILENCE
