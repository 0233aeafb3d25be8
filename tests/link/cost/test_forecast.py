"""The forecast by hand: what there is, and the rest at the mean pace."""

from decimal import Decimal

import pytest

from link.cost import forecast


def dec(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("so_far", "pace", "left", "expected"),
    [
        ("28", ["1"] * 7, "2", "30"),
        ("0", ["1", "3"], "30", "60"),
        ("5.5", ["0.1"], "0.5", "5.55"),
        ("7", ["0"] * 7, "10", "7"),
        ("7", ["2"], "0", "7"),
    ],
)
def test_the_days_that_are_left_cost_the_mean_of_the_last_ones(
    so_far: str, pace: list[str], left: str, expected: str
) -> None:
    assert forecast.month(Decimal(so_far), dec(*pace), Decimal(left)) == Decimal(expected)


def test_without_a_day_there_is_no_pace() -> None:
    assert forecast.month(Decimal(3), [], Decimal(5)) is None


@pytest.mark.parametrize(
    ("now", "previous", "expected"),
    [("41.20", "40", "0.03"), ("30", "40", "-0.25"), ("1", None, None), ("1", "0", None)],
)
def test_a_change_needs_something_before(now: str, previous: str | None, expected: str | None) -> None:
    before = Decimal(previous) if previous else None
    assert forecast.change(Decimal(now), before) == (Decimal(expected) if expected else None)
