"""What is owed: periods that are over, missed ones included, but not those before anything was counted."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from link.cost import schedule
from link.cost.statement import Every

ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


def keys(every: Every, since: datetime) -> list[str]:
    return [one.key for one in schedule.ended(every, ZONE, since, NOW)]


def test_the_last_periods_are_owed_oldest_first() -> None:
    assert keys(Every.DAY, datetime(2026, 1, 1, tzinfo=UTC)) == ["day#2026-11-25", "day#2026-11-26", "day#2026-11-27"]


def test_the_period_that_runs_is_not_owed() -> None:
    assert keys(Every.MONTH, datetime(2026, 10, 5, tzinfo=UTC)) == ["month#2026-10-01"]


def test_nothing_is_owed_for_a_time_in_which_nothing_was_counted() -> None:
    assert keys(Every.MONTH, datetime(2026, 11, 1, tzinfo=UTC)) == []
