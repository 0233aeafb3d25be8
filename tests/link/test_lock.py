"""A lock is taken over from a walk that has ended, and not before its last function must have ended too."""

from datetime import timedelta

import pytest

from link import lock
from tests.worlds import NOW


@pytest.mark.parametrize(
    ("ended_s_ago", "free"), [(None, False), (0, False), (60, False), (61, True), (9_000_000, True)]
)
def test_a_lock_is_free_once_nothing_of_its_walk_can_run_any_more(ended_s_ago: int | None, free: bool) -> None:
    ended = None if ended_s_ago is None else NOW - timedelta(seconds=ended_s_ago)
    assert lock.is_free(ended, NOW) is free
