"""Inner bytes over readings: what returns, what only goes out, and what cannot be known yet."""

from datetime import timedelta

import pytest

from link import flow
from link.flow import Flow, Traffic
from link.reading import Observation, TunnelReading
from tests import worlds

MINUTE = timedelta(minutes=1)


def _flow(*counts: tuple[int, int], instance: str = "i-0000000000000001") -> Flow:
    """A reading each minute with these bytes from and to Azure."""
    known: Flow | None = None
    for minute, (came, went) in enumerate(counts):
        tunnel = TunnelReading(number=1, state=Observation.UP, bytes_in=came, bytes_out=went)
        reading = worlds.read(instance=instance, read_at=worlds.NOW + minute * MINUTE, tunnels=(tunnel,))
        known = flow.follow(known, reading)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (((5, 5),), Traffic.UNKNOWN),
        (((5, 5), (6, 6)), Traffic.RETURNS),
        (((5, 5), (5, 6)), Traffic.UNKNOWN),
        (((5, 5), (5, 6), (5, 7), (5, 8)), Traffic.ONLY_OUT),
        (((5, 5), (6, 6), (6, 7), (6, 8)), Traffic.RETURNS),
        (((5, 5), (6, 6), (6, 7), (6, 8), (6, 9), (6, 10)), Traffic.ONLY_OUT),
        (((5, 5), (5, 5), (5, 5), (5, 5)), Traffic.UNKNOWN),
        (((500, 500), (3, 4)), Traffic.RETURNS),  # a new child SA counts from 0
        (((500, 500), (0, 4), (0, 5), (0, 6)), Traffic.ONLY_OUT),
    ],
)
def test_what_a_minutes_readings_show(counts: tuple[tuple[int, int], ...], expected: Traffic) -> None:
    assert flow.judge(_flow(*counts), worlds.NOW + (len(counts) - 1) * MINUTE) is expected


def test_what_was_seen_long_ago_says_nothing_of_now() -> None:
    assert flow.judge(_flow((5, 5), (6, 6)), worlds.NOW + 10 * MINUTE) is Traffic.UNKNOWN


def test_an_older_reading_that_comes_late_changes_nothing_and_another_instance_begins_anew() -> None:
    known = _flow((5, 5), (6, 6))
    assert flow.follow(known, worlds.read(read_at=worlds.NOW)) == known
    other = flow.follow(known, worlds.read(instance="i-0000000000000002", read_at=worlds.NOW + 2 * MINUTE))
    assert other is not None and (other.in_at, other.out_at) == (None, None)
