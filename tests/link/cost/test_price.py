"""What amounts cost: both clouds' published tiers, cases counted by hand, and what holds for every amount.

AWS's example: https://aws.amazon.com/s3/faqs/, "Data Transfer Out Example". Of Azure only tiers were found, no example:
https://azure.microsoft.com/pricing/details/bandwidth/ (zone 1, Microsoft Global Network), with the bounds that its
Retail Prices interface gives them. The guide is the manual procedure's: 0.372 GB in at $0.09, 0.045 GB out at $0.087.
"""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from link.cost import gigabyte
from link.cost.price import AWS_ALLOWANCE_GB, EXACT, Price, Tier, cost, with_allowance, without_allowance
from tests.link.cost import prices

D = Decimal
AWS, AZURE, S3_FAQ = prices.AWS, prices.AZURE, prices.tiers("0 0", "1 .09", "10240 .085", "51200 .07", "153600 .05")
AWS_FREE = with_allowance(AWS, AWS_ALLOWANCE_GB)
AZURE_PAID = without_allowance(AZURE)
TB = 1024


@pytest.mark.parametrize(
    ("tiers", "before", "amount", "dollars"),
    [
        # the guide
        (AWS, 0, "0.372", "0.03348"),
        (AZURE_PAID, 0, "0.045", "0.003915"),
        # AWS's published example: 62 TB in a month, S3's and EC2's together, when 1 GB was free
        (S3_FAQ, 0, 62 * TB, "5263.27"),
        (S3_FAQ, 0, 1, "0"),
        (S3_FAQ, 31 * TB, 31 * TB, "2513.92"),
        # AWS's tiers
        (AWS, 0, 0, "0"),
        (AWS, 0, 1, "0.09"),
        (AWS, 0, TB, "92.16"),
        (AWS, 0, 10 * TB, "921.6"),
        (AWS, 0, 10 * TB + 1, "921.685"),
        (AWS, 10 * TB - 1, 2, "0.175"),
        (AWS, 10 * TB, 40 * TB, "3481.6"),
        (AWS, 50 * TB, 100 * TB, "7168"),
        (AWS, 150 * TB, TB, "51.2"),
        (AWS, 0, 200 * TB, "14131.2"),
        (AWS, 9 * TB, 2 * TB, "179.2"),
        # beyond AWS's free 100 GB
        (AWS_FREE, 0, 100, "0"),
        (AWS_FREE, 0, 101, "0.09"),
        (AWS_FREE, 0, TB, "83.16"),
        (AWS_FREE, 99, 2, "0.09"),
        (AWS_FREE, 0, 100 + 10 * TB, "921.6"),
        (AWS_FREE, 100 + 10 * TB, 1, "0.085"),
        # Azure's published tiers
        (AZURE, 0, 0, "0"),
        (AZURE, 0, 100, "0"),
        (AZURE, 0, "100.5", "0.0435"),
        (AZURE, 0, TB, "80.388"),
        (AZURE, 0, 10335, "890.445"),
        (AZURE, 10335, 40 * TB, "3399.68"),
        (AZURE, 10334, 2, "0.17"),
        (AZURE, 51295, 100 * TB, "7168"),
        (AZURE, 153695, 1000, "50"),
        (AZURE, 512095, 1000, "50"),
        # the allowance is used up by the account's other traffic, in part or whole
        (AZURE, 60, 60, "1.74"),
        (AZURE, 100, 1, "0.087"),
        (AZURE, 5000, "0.045", "0.003915"),
        (AWS_FREE, 40, "0.372", "0"),
        (AWS_FREE, 5000, "0.372", "0.03348"),
        # the allowance is ignored: the paid tier is longer by it
        (AZURE_PAID, 0, 10335, "899.145"),
        (AZURE_PAID, 10335, 1, "0.083"),
        # something that costs the same from the first one on
        (prices.tiers("0 .0208"), 0, 744, "15.4752"),
        (prices.tiers("0 0", ".004 25"), 0, "0.005", "0.025"),
    ],
)
def test_an_amount_costs_what_was_counted_by_hand(
    tiers: tuple[Tier, ...], before: int, amount: int | str, dollars: str
) -> None:
    assert cost(tiers, D(amount), D(before)) == D(dollars)


def test_the_guides_example_is_exact() -> None:
    assert cost(AWS, D("0.372")) + cost(AZURE_PAID, D("0.045")) == D("0.037395")


def test_regions_are_priced_apart() -> None:
    singapore = prices.tiers("0 .12", "10240 .085", "51200 .082", "153600 .08")
    assert cost(AWS, D(TB)) + cost(singapore, D(TB)) == D("92.16") + D("122.88")


def test_one_byte_is_priced_exactly() -> None:
    with localcontext(EXACT):
        assert cost(AWS, gigabyte.gigabytes(1, gigabyte.AWS)) * 2**30 == D("0.09")
        assert cost(AWS, gigabyte.gigabytes(2**60 + 1, gigabyte.AWS)) == D("53690982.40000000004656612873077392578125")


@pytest.mark.parametrize(("amount", "before"), [("-1", "0"), ("1", "-1")])
def test_less_than_nothing_is_refused(amount: str, before: str) -> None:
    with pytest.raises(ValueError, match="less than nothing was used"):
        cost(AWS, D(amount), D(before))


def test_an_allowance_can_be_left_out_and_put_in_front() -> None:
    assert prices.tiers("0 .087", "10335 .083", "51295 .07", "153695 .05", "512095 .05") == AZURE_PAID
    assert prices.tiers("0 0", "100 .09", "10340 .085", "51300 .07", "153700 .05") == AWS_FREE


def test_an_allowance_is_put_in_front_of_none_and_left_out_of_what_has_none() -> None:
    assert with_allowance(AZURE, D(100)) == AZURE
    assert with_allowance(AWS, D(0)) == AWS
    assert without_allowance(AWS) == AWS
    assert without_allowance(prices.tiers("0 0")) == prices.tiers("0 0")


@pytest.mark.parametrize(
    ("tiers", "why"),
    [
        ([], "at least 1 item"),
        (["1 .09"], "begins at 1, not at 0"),
        (["0 .09", "0 .08"], "at the same amount or out of order"),
        (["0 .09", "50 .08", "40 .07"], "at the same amount or out of order"),
        (["0 -.09"], "greater than or equal to 0"),
        (["0 nan"], "finite"),
    ],
)
def test_tiers_that_are_none_are_refused(tiers: list[str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        prices.price(tiers=prices.tiers(*tiers))


def test_a_price_survives_being_kept() -> None:
    price = prices.price()
    assert Price.model_validate_json(price.model_dump_json()) == price


amounts = st.decimals(min_value=0, max_value=10**7, places=6)
money = st.decimals(min_value=0, max_value=10, places=6)


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Any tiers: cheaper or dearer above, free in between."""
    starts = draw(st.lists(st.decimals(min_value="0.5", max_value=10**6, places=3), unique=True, max_size=5))
    return tuple(Tier(start=start, price=draw(money)) for start in (D(0), *sorted(starts)))


@given(ladders(), amounts, amounts)
def test_no_cost_is_negative(tiers: tuple[Tier, ...], amount: Decimal, before: Decimal) -> None:
    assert cost(tiers, amount, before) >= 0


@given(ladders(), amounts, amounts, amounts)
def test_more_never_costs_less(tiers: tuple[Tier, ...], amount: Decimal, more: Decimal, before: Decimal) -> None:
    assert cost(tiers, amount + more, before) >= cost(tiers, amount, before)


@given(ladders(), st.lists(amounts, max_size=6), amounts)
def test_a_split_amount_costs_the_same(tiers: tuple[Tier, ...], parts: list[Decimal], before: Decimal) -> None:
    with localcontext(EXACT):
        starts = [before + sum(parts[:at], D(0)) for at in range(len(parts))]
        split = sum((cost(tiers, part, start) for part, start in zip(parts, starts, strict=True)), D(0))
        assert split == cost(tiers, sum(parts, D(0)), before)


@given(ladders(), amounts)
def test_an_allowance_never_makes_dearer(tiers: tuple[Tier, ...], amount: Decimal) -> None:
    assert cost(with_allowance(tiers, D(100)), amount) <= cost(tiers, amount) or not tiers[0].price
