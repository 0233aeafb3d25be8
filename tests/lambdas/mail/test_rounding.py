"""How numbers are written: nothing small is rounded to nothing, nothing bad is rounded to well."""

from decimal import Decimal

import pytest

from lambdas.mail import rounding
from link.cost.statement import Trend


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("41.2", "$41.20"),
        ("0.037395", "$0.037"),  # the guide's example, as it prints it
        ("0.0999", "$0.10"),
        ("0.105", "$0.11"),
        ("2.675", "$2.68"),
        ("0.00000044", "$0.00000044"),
        ("1234567.891", "$1,234,567.89"),
        ("-5", "-$5.00"),
    ],
)
def test_money_is_in_cents_and_small_sums_keep_two_digits(amount: str, shown: str) -> None:
    assert rounding.money(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [("44.4", "$44"), ("1999.5", "$2,000"), ("9.994", "$9.99"), ("0", "$0.00")]
)
def test_a_forecast_is_in_whole_dollars_where_cents_would_pretend(amount: str, shown: str) -> None:
    assert rounding.about(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("0.09", "$0.09"),
        ("0.0228", "$0.0228"),
        ("0.0000166667", "$0.00001667"),
        ("0.088734", "$0.08873"),
        ("25", "$25.00"),
    ],
)
def test_a_unit_price_keeps_four_digits(price: str, shown: str) -> None:
    assert rounding.unit_price(Decimal(price)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("745", "745"), ("0.372", "0.372"), ("0.045", "0.045"), ("22325.505", "22,325.51"), ("0", "0")],
)
def test_a_quantity_has_two_decimals_or_three_digits(amount: str, shown: str) -> None:
    assert rounding.quantity(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("count", "in_a_column", "at_a_glance"),
    [
        (0, "0.00", "0 GB"),
        (2**30 // 1000, "0.001", "0.001 GB"),
        (9 * 2**30 // 10, "0.90", "0.9 GB"),
        (3 * 2**30 + 2**28, "3.25", "3.25 GB"),
        (380 * 2**30, "380.00", "380 GB"),
        (9_999 * 2**30, "9,999.00", "9,999 GB"),
    ],
)
def test_bytes_are_told_in_the_gb_of_the_bill(count: int, in_a_column: str, at_a_glance: str) -> None:
    assert (rounding.gigabytes(count), rounding.volume(count)) == (in_a_column, at_a_glance)


@pytest.mark.parametrize(("part", "shown"), [("1", "100.00%"), ("0.99999", "99.99%"), ("0", "0.00%")])
def test_an_outage_never_rounds_up_to_all_well(part: str, shown: str) -> None:
    assert rounding.share(Decimal(part)) == shown


@pytest.mark.parametrize(
    ("trend", "by", "shown"),
    [
        (Trend.UP, "0.1234", "+12%"),
        (Trend.DOWN, "-0.085", "-9%"),
        (Trend.UP, "12.5", "+1,250%"),
        (Trend.FLAT, "0.049", "flat"),
        (Trend.UNKNOWN, None, ""),
    ],
)
def test_a_change_has_its_sign_or_is_flat(trend: Trend, by: str | None, shown: str) -> None:
    assert rounding.change(trend, None if by is None else Decimal(by)) == shown


def test_the_attachment_keeps_every_digit_of_a_finite_number() -> None:
    assert rounding.exact(Decimal("200.868869447778")) == "200.868869447778"
    assert rounding.exact(Decimal("250.000")) == "250"
    assert rounding.exact(Decimal(1) / 3) == "0.333333333333"
