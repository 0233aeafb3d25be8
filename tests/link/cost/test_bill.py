"""What a link costs, by hand: tiers are the account's, hours run from when the link began."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.cost import bill
from link.cost.bill import Account, Rates
from link.cost.price import Item, Unit
from link.cost.traffic import Meter, Sample
from tests.link.cost.accounts import AWS_TIERS, GB, NOVEMBER, OCTOBER, account, meter, priced, rates

END = NOVEMBER - timedelta(hours=1)
EGRESS = (Item.AWS_EGRESS, Item.AZURE_EGRESS)
NEARLY = Decimal("1e-20")  # a share may be a fraction without end


def costs(
    link: Account, known: Rates, *others: Account, start: datetime = OCTOBER, end: datetime = NOVEMBER
) -> dict[Item, Decimal]:
    return {line.item: line.cost for line in bill.lines(link, (link, *others), known, start, end)}


def dec(text: str) -> Decimal:
    return Decimal(text)


def test_the_manual_procedures_example_costs_what_it_says() -> None:
    counted = Meter(
        [
            Sample(
                instance="i-1",
                since=OCTOBER,
                read_at=END,
                aws_to_azure=372 * GB // 1000,
                azure_to_aws=45 * GB // 1000,
            )
        ]
    )
    found = costs(account(counted), rates())
    total = found[Item.AWS_EGRESS] + found[Item.AZURE_EGRESS]
    assert abs(total - dec("0.037395")) < dec("0.000000001")  # whole bytes are the next below 0.372 and 0.045 GB


@pytest.mark.parametrize(
    ("other", "gb", "aws", "azure"),
    [
        (None, 50, "4.5", "4.35"),  # the allowance left out, as in the guide
        (None, 200, "18", "17.4"),
        ("0", 50, "0", "0"),  # within both allowances
        ("0", 150, "4.5", "4.35"),
        ("100", 50, "4.5", "4.35"),  # others have used them up
        ("80", 50, "2.7", "2.61"),
        ("10300", 100, "8.7", "8.44"),  # over the edge of both tiers: AWS's at 10,340, Azure's at 10,335
        ("20000", 10, "0.85", "0.83"),
    ],
)
def test_what_else_the_account_sends_decides_the_tier(other: str | None, gb: int, aws: str, azure: str) -> None:
    shared = None if other is None else dict.fromkeys(EGRESS, dec(other))
    found = costs(account(meter((END, gb, gb))), rates(other_gb=shared))
    assert (found[Item.AWS_EGRESS], found[Item.AZURE_EGRESS]) == (dec(aws), dec(azure))


def test_a_link_bears_its_share_of_what_all_cost_together() -> None:
    small, large = account(meter((END, 2560, 0))), account(meter((END, 7936, 0)), link="large")
    known = rates()
    mine, theirs = costs(small, known, large)[Item.AWS_EGRESS], costs(large, known, small)[Item.AWS_EGRESS]
    together = dec("10240") * dec("0.09") + dec("256") * dec("0.085")
    assert abs(mine + theirs - together) < NEARLY
    assert abs(mine - together * 2560 / 10496) < NEARLY


def test_links_of_other_regions_have_tiers_of_their_own() -> None:
    here = account(meter((END, 10240, 0)))
    there = account(meter((END, 10240, 0)), link="far", aws_region="us-east-1")
    known = rates(priced(Item.AWS_EGRESS, Unit.GB, AWS_TIERS, "us-east-1"))
    assert costs(here, known, there)[Item.AWS_EGRESS] == dec("921.6")


def test_tiers_begin_anew_with_the_month() -> None:
    counted = meter((END, 10240, 0), (NOVEMBER, 10240, 0), (NOVEMBER + timedelta(days=30), 20480, 0))
    found = costs(account(counted), rates(), end=NOVEMBER + timedelta(days=30))
    assert found[Item.AWS_EGRESS] == 2 * dec("921.6")


def test_a_week_is_priced_by_where_the_month_stands() -> None:
    last_week = NOVEMBER - timedelta(days=7)
    counted = meter((last_week, 10240, 0), (NOVEMBER, 10250, 0))
    assert costs(account(counted), rates(), start=last_week)[Item.AWS_EGRESS] == dec("0.85")


def test_a_price_that_changes_in_mid_month_applies_from_its_day_on() -> None:
    change = date(2026, 10, 16)
    counted = meter((datetime(2026, 10, 16, tzinfo=UTC), 100, 0), (END, 150, 0))
    known = rates(priced(Item.AWS_EGRESS, Unit.GB, ((0, "0.10"), (10240, "0.085")), "eu-west-1", since=change))
    assert costs(account(counted), known)[Item.AWS_EGRESS] == dec("9") + dec("5")


def test_hours_run_from_when_the_link_began() -> None:
    began = NOVEMBER - timedelta(hours=10)
    found = costs(account(meter((END, 1, 1), since=began), since=began), rates())
    assert found[Item.GATEWAY_INSTANCE] == dec("0.228")
    assert found[Item.AZURE_GATEWAY] == dec("1.9")
    assert costs(account(meter(), since=None), rates()) == {Item.AWS_EGRESS: 0, Item.AZURE_EGRESS: 0}


def test_an_hours_price_that_changes_in_mid_month_applies_from_its_day_on() -> None:
    change = date(2026, 10, 16)
    raised = priced(Item.GATEWAY_INSTANCE, Unit.HOUR, ((0, "0.03"),), "eu-west-1", "t3.small", since=change)
    link, known = account(meter((END, 1, 1))), rates(raised)
    (line,) = (one for one in bill.lines(link, (link,), known, OCTOBER, NOVEMBER) if one.item is Item.GATEWAY_INSTANCE)
    assert (line.quantity, line.cost) == (dec("744"), dec("0.0228") * 15 * 24 + dec("0.03") * 16 * 24)


def test_walks_cost_their_steps_in_the_time_in_which_they_began() -> None:
    link = account(meter((END, 1, 1)), walks=(OCTOBER, END, NOVEMBER, OCTOBER - timedelta(days=1)))
    known = rates(priced(Item.STATE_TRANSITIONS, Unit.MILLION, ((0, "0"), (1, "25")), "eu-west-1"))
    assert costs(link, known)[Item.STATE_TRANSITIONS] == 2 * 25 * dec("25") / 1_000_000  # none of them free
    late = account(meter(), since=None, walks=(OCTOBER,))  # a first walk begins before its gateway counts
    assert costs(late, known) == {**dict.fromkeys(EGRESS, 0), Item.STATE_TRANSITIONS: 25 * dec("25") / 1_000_000}
    assert Item.STATE_TRANSITIONS not in costs(account(meter((END, 1, 1))), known)
    assert costs(link, known, end=END)[Item.STATE_TRANSITIONS] == 25 * dec("25") / 1_000_000


def test_links_of_one_azure_gateway_share_its_hours() -> None:
    found = costs(account(meter((END, 1, 1)), sharers=2), rates())
    assert found[Item.AZURE_GATEWAY] == dec("0.19") * 744 / 2


def test_what_has_no_price_is_left_out() -> None:
    known = rates()
    without = Rates({one: some for one, some in known.prices.items() if one.item is not Item.AZURE_GATEWAY}, None)
    assert Item.AZURE_GATEWAY not in costs(account(meter((END, 1, 1))), without)


def test_the_managed_vpn_takes_the_place_of_gateway_and_controller() -> None:
    link, known = account(meter((END, 100, 100))), rates()
    lines = bill.lines(link, (link,), known, OCTOBER, NOVEMBER)
    stays = dec("9") + dec("8.7") + dec("0.19") * 744
    assert bill.managed(link, lines, known, NOVEMBER) == stays + dec("0.05") * 744


def test_every_price_that_is_asked_for_can_be_named() -> None:
    unseen = account(meter(), azure_region="", gateway_sku="")
    assert {one.item for one in bill.wanted([unseen])} == set(Item) - set(bill.OF_AZURE)
    assert {one.item for one in bill.wanted([account(meter())])} == set(Item)


moments = st.integers(0, 744).map(lambda hour: OCTOBER + timedelta(hours=hour))


@given(st.lists(moments, min_size=1, max_size=4), st.integers(0, 20000), st.integers(0, 20000))
def test_over_any_split_of_a_month_the_costs_add_up(cuts: list[datetime], there: int, back: int) -> None:
    raised = priced(Item.GATEWAY_INSTANCE, Unit.HOUR, ((0, "0.03"),), "eu-west-1", "t3.small", since=date(2026, 10, 16))
    link = account(meter((END, there, back)), walks=(OCTOBER, OCTOBER + timedelta(days=9)))
    known = rates(raised, other_gb=dict.fromkeys(EGRESS, dec("37")))
    edges = sorted({OCTOBER, NOVEMBER, *cuts})
    parts = [costs(link, known, start=a, end=b) for a, b in pairwise(edges)]
    whole = costs(link, known)
    for item, cost in whole.items():
        assert abs(sum(part.get(item, 0) for part in parts) - cost) < NEARLY


@given(st.integers(0, 30000), st.integers(0, 500))
def test_more_bytes_never_cost_less(gb: int, more: int) -> None:
    known = rates(other_gb=dict.fromkeys(EGRESS, dec("0")))
    less, rest = (costs(account(meter((END, one, one))), known) for one in (gb, gb + more))
    assert all(0 <= less[item] <= rest[item] for item in EGRESS)
