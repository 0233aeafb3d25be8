"""The statement: sums, the period before, the forecast, and what a reader must know."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from link.cost import compose, period
from link.cost.compose import Books, Known
from link.cost.statement import Every, Health, Trend
from link.cost.wanted import CostMail
from tests.link.cost.accounts import GB, account, meter, rates

SEPTEMBER, OCTOBER = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)  # the sample of the hour that runs
BYTE = 2  # a sample is of whole bytes, so what lies between two of them may be off by one at each end
MAIL = CostMail.model_validate(
    {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}
)
WELL = Known(Health(uptime=Decimal(1), looked_at=Decimal(1), incidents=(), gateways=()), None)
ZONE = ZoneInfo("UTC")
LAST = period.containing(OCTOBER, Every.MONTH, ZONE)


def hourly(start: datetime, end: datetime, per_hour: int) -> list[tuple[datetime, Fraction, Fraction]]:
    """Samples of a link that sends so many GB an hour, each way; the last one of an hour is of its last minute."""
    hours = int((end - start) / timedelta(hours=1))
    ends = [start + timedelta(hours=n, minutes=-1) for n in range(1, hours + 1)]
    sent = [per_hour * Fraction((at - start) // timedelta(minutes=1), 60) for at in ends]
    return list(zip(ends, sent, sent, strict=True))


def books(**changes: Any) -> Books:
    link = account(meter(*hourly(SEPTEMBER, LATER, 1), since=SEPTEMBER), since=SEPTEMBER)
    return replace(Books(MAIL, (link,), rates(), {"main": WELL}, ()), **changes)


def test_the_parts_add_up_to_the_whole() -> None:
    other = account(meter(*hourly(OCTOBER, LATER, 2)), link="other", since=OCTOBER)
    found = compose.statement(books(links=(*books().links, other), known={"main": WELL, "other": WELL}), LAST, NOW)
    assert [part.link for part in found.parts] == ["main", "other"]
    assert found.total == sum(part.total for part in found.parts)
    assert all(part.total == sum(line.cost for line in part.lines) for part in found.parts)
    assert found.previous is None  # one of them was not there in September


def test_the_hours_and_the_days_are_all_that_crossed() -> None:
    (part,) = compose.statement(books(), LAST, NOW).parts
    assert abs(part.aws_to_azure - 744 * GB) <= BYTE
    assert part.azure_to_aws == part.aws_to_azure
    assert (len(part.hours), len(part.days)) == (744, 31)
    assert sum(one.aws_to_azure for one in part.hours) == sum(one.aws_to_azure for one in part.days)
    assert sum(one.aws_to_azure for one in part.days) == part.aws_to_azure
    assert part.per_gb is not None
    assert abs(part.per_gb - part.total / (2 * 744)) < Decimal("1e-9")


def test_a_new_link_is_shown_from_the_hour_and_the_day_in_which_it_began() -> None:
    begun = OCTOBER + timedelta(days=20, hours=6, minutes=40)
    link = account(meter(*hourly(OCTOBER + timedelta(days=20, hours=7), LATER, 1), since=begun), since=begun)
    (part,) = compose.statement(books(links=(link,)), LAST, NOW).parts
    assert (part.hours[0].start.day, part.hours[0].start.hour, part.days[0].start.day) == (21, 6, 21)
    assert sum(one.aws_to_azure for one in part.hours) == sum(one.aws_to_azure for one in part.days)
    assert sum(one.aws_to_azure for one in part.days) == part.aws_to_azure > 0


@pytest.mark.parametrize("since", [None, LATER])
def test_a_link_that_began_after_the_period_or_never_has_no_hours_in_it(since: datetime | None) -> None:
    (part,) = compose.statement(books(links=(account(meter(since=LATER), since=since),)), LAST, NOW).parts
    assert (len(part.hours), len(part.days), part.total) == (0, 0, Decimal(0))


@pytest.mark.parametrize(("per_hour", "trend"), [(1, Trend.FLAT), (3, Trend.UP)])
def test_the_change_is_against_the_period_before(per_hour: int, trend: Trend) -> None:
    then = hourly(SEPTEMBER, OCTOBER, 1)
    now = [(at, there + 720, back + 720) for at, there, back in hourly(OCTOBER, LATER, per_hour)]
    link = account(meter(*then, *now, since=SEPTEMBER), since=SEPTEMBER)
    found = compose.statement(books(links=(link,)), LAST, NOW)
    assert found.previous is not None
    assert found.change == (found.total - found.previous) / found.previous
    assert found.trend is trend


def test_a_gap_is_shown_as_a_gap() -> None:
    hole = OCTOBER + timedelta(days=10)
    points = [one for one in hourly(SEPTEMBER, LATER, 1) if not hole < one[0] <= hole + timedelta(hours=5)]
    link = account(meter(*points, since=SEPTEMBER), since=SEPTEMBER)
    (part,) = compose.statement(books(links=(link,)), LAST, NOW).parts
    assert part.gaps == (
        "no samples from 2026-10-10 23:59 to 2026-10-11 05:59: what crossed then is counted, but spread evenly over it",
    )
    assert [one.start.hour for one in part.hours if not one.complete] == [23, 0, 1, 2, 3, 4, 5]
    assert sum(not one.complete for one in part.days) == 2
    assert abs(part.aws_to_azure - 744 * GB) <= BYTE


def test_the_forecast_is_the_month_so_far_and_the_rest_at_the_pace_of_the_last_days() -> None:
    now = datetime(2026, 10, 21, 12, tzinfo=UTC)
    known = books(links=(account(meter(*hourly(SEPTEMBER, now, 1), since=SEPTEMBER), since=SEPTEMBER),))
    so_far = known.cost(OCTOBER, now)
    day = known.cost(datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 10, 21, tzinfo=UTC))
    expected = compose.expect(known, now)
    assert expected is not None
    assert abs(expected - (so_far + day * Decimal("10.5"))) < Decimal("1e-6")


def test_a_link_of_today_has_no_forecast() -> None:
    now = datetime(2026, 10, 1, 5, tzinfo=UTC)
    assert compose.expect(books(links=(account(meter(*hourly(OCTOBER, now, 1)), since=OCTOBER),)), now) is None


@pytest.mark.parametrize(("budget", "over"), [("1", True), ("100000", False), (None, False)])
def test_the_budget_is_passed_by_the_forecast(budget: str | None, over: bool) -> None:
    mail = MAIL.model_copy(update={"budget": Decimal(budget) if budget else None})
    assert compose.statement(books(mail=mail), LAST, NOW).over_budget is over


def test_how_the_allowance_was_treated_is_said() -> None:
    assert "left out" in compose.statement(books(), LAST, NOW).allowance
    shared = CostMail.model_validate({**MAIL.model_dump(), "other_traffic": {"aws_gb": 1500, "azure_gb": 0}})
    assert "1500 GB of AWS and 0 GB of Azure" in compose.statement(books(mail=shared), LAST, NOW).allowance


def test_notes_reach_the_reader() -> None:
    assert compose.statement(books(notes=("a price is old",)), LAST, NOW).notes == ("a price is old",)
