"""Periods are a person's: they begin at midnight where that person lives, and follow each other without a hole."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.cost import period
from link.cost.statement import Every

BERLIN, KOLKATA, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")
SANTIAGO = ZoneInfo("America/Santiago")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "zone", "moment", "start", "end", "label", "key"),
    [
        (Every.DAY, UTC_ZONE, "2026-10-31T23:59", "2026-10-31", "2026-11-01", "2026-10-31", "day#2026-10-31"),
        (Every.DAY, BERLIN, "2026-10-31T23:00", "2026-10-31T23:00", "2026-11-01T23:00", "2026-11-01", "day#2026-11-01"),
        (
            Every.DAY,
            KOLKATA,
            "2026-11-01T18:29",
            "2026-10-31T18:30",
            "2026-11-01T18:30",
            "2026-11-01",
            "day#2026-11-01",
        ),
        (Every.WEEK, UTC_ZONE, "2026-11-01T12:00", "2026-10-26", "2026-11-02", "week 44 of 2026", "week#2026-10-26"),
        (Every.WEEK, UTC_ZONE, "2027-01-01T12:00", "2026-12-28", "2027-01-04", "week 53 of 2026", "week#2026-12-28"),
        (Every.MONTH, UTC_ZONE, "2026-12-31T12:00", "2026-12-01", "2027-01-01", "December 2026", "month#2026-12-01"),
        (
            Every.MONTH,
            BERLIN,
            "2026-10-10T12:00",
            "2026-09-30T22:00",
            "2026-10-31T23:00",
            "October 2026",
            "month#2026-10-01",
        ),
        (Every.MONTH, UTC_ZONE, "2028-02-29T12:00", "2028-02-01", "2028-03-01", "February 2028", "month#2028-02-01"),
    ],
)
def test_a_period_begins_and_ends_at_midnight_of_its_zone(
    every: Every, zone: ZoneInfo, moment: str, start: str, end: str, label: str, key: str
) -> None:
    found = period.containing(at(moment), every, zone)
    assert (found.start, found.end, found.label, found.key) == (at(start), at(end), label, key)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_is_as_long_as_its_zone_makes_it(day: str, hours: int) -> None:
    found = period.containing(at(f"{day}T12:00"), Every.DAY, BERLIN)
    assert found.end - found.start == timedelta(hours=hours)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  # made aware below
    st.sampled_from(list(Every)),
    st.sampled_from([BERLIN, KOLKATA, UTC_ZONE, SANTIAGO]),
)
def test_periods_follow_each_other_without_a_hole(naive: datetime, every: Every, zone: ZoneInfo) -> None:
    moment = naive.replace(tzinfo=UTC)
    found = period.containing(moment, every, zone)
    assert found.start <= moment < found.end
    assert period.after(found, zone).start == found.end
    assert period.before(found, zone).end == found.start
    assert period.after(period.before(found, zone), zone) == found


def test_the_days_of_a_month_fill_it() -> None:
    month = period.containing(at("2026-10-10"), Every.MONTH, BERLIN)
    days = period.days(month.start, month.end, BERLIN)
    assert len(days) == 31
    assert (days[0].start, days[-1].end) == (month.start, month.end)


def test_what_there_is_of_a_period_ends_now_and_has_its_key() -> None:
    now = at("2026-10-10T12:34")
    found, whole = period.so_far(now, Every.MONTH, BERLIN), period.containing(now, Every.MONTH, BERLIN)
    assert (found.start, found.end, found.key) == (whole.start, now, whole.key)
    assert found.label == "October 2026 so far"
