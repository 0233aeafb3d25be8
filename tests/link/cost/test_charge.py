"""Prices that change within the month, and what is remembered of them."""

from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.cost.charge import Charge, Use, at, charge, renewed
from link.cost.price import EXACT, Price, cost
from tests.link.cost import prices

D = Decimal
OLD = prices.price(effective=date(2026, 6, 1))
NEW = prices.price(tiers=prices.tiers("0 .1", "10240 .08"), effective=date(2026, 11, 16), source="new")


def _use(day: int, amount: int | str, month: int = 11) -> Use:
    return Use(day=date(2026, month, day), amount=D(amount))


def _said(charges: tuple[Charge, ...]) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.price.source, one.amount, one.cost) for one in charges]


@pytest.mark.parametrize(
    ("uses", "before", "charged"),
    [
        ([], 0, []),
        ([(15, 10)], 0, [("AWS Price List", "10", "0.9")]),
        ([(16, 10)], 0, [("new", "10", "1")]),
        ([(15, 10), (16, 10)], 0, [("AWS Price List", "10", "0.9"), ("new", "10", "1")]),
        ([(16, 10), (1, 10)], 0, [("AWS Price List", "10", "0.9"), ("new", "10", "1")]),
        # the new price's second tier begins where the month's use has come to, not anew
        ([(1, 10240), (30, 1)], 0, [("AWS Price List", "10240", "921.6"), ("new", "1", "0.08")]),
        ([(1, 10239), (30, 2)], 0, [("AWS Price List", "10239", "921.51"), ("new", "2", "0.18")]),
        ([(1, 1), (30, 1)], 10239, [("AWS Price List", "1", "0.09"), ("new", "1", "0.08")]),
        ([(1, 1), (2, 1), (20, 3), (30, 4)], 0, [("AWS Price List", "2", "0.18"), ("new", "7", "0.7")]),
    ],
)
def test_each_day_has_its_price_and_the_tiers_go_on(
    uses: list[tuple[int, int]], before: int, charged: list[tuple[str, str, str]]
) -> None:
    found = charge([NEW, OLD], [_use(day, amount) for day, amount in uses], D(before))
    assert _said(found) == [(source, D(amount), D(dollars)) for source, amount, dollars in charged]


def test_months_are_charged_apart() -> None:
    with pytest.raises(ValueError, match="charge months apart"):
        charge([OLD], [_use(31, 1, month=10), _use(1, 1)])


def test_without_a_price_nothing_is_charged() -> None:
    with pytest.raises(ValueError, match="there is no price"):
        charge([], [_use(1, 1)])


@given(st.lists(st.tuples(st.integers(1, 30), st.decimals(min_value=0, max_value=10**5, places=6)), max_size=20))
def test_a_price_that_does_not_change_costs_as_one_amount(uses: list[tuple[int, Decimal]]) -> None:
    with localcontext(EXACT):
        charged = sum(
            (one.cost for one in charge([OLD], [Use(day=date(2026, 11, d), amount=a) for d, a in uses])), D(0)
        )
        assert charged == cost(OLD.tiers, sum((amount for _, amount in uses), D(0)))


@pytest.mark.parametrize(("day", "price"), [((2026, 1, 1), OLD), ((2026, 11, 15), OLD), ((2026, 11, 16), NEW)])
def test_a_day_has_the_price_that_began_last_and_else_the_first(day: tuple[int, int, int], price: Price) -> None:
    assert at([NEW, OLD], date(*day)) is price


def _read(price: Price, day: int) -> Price:
    return price.model_copy(update={"read_on": date(2026, 11, day)})


def test_the_first_price_is_kept() -> None:
    assert renewed((), OLD) == (OLD,)


def test_an_unchanged_price_is_known_since_it_was_seen_first() -> None:
    again = _read(OLD, 24).model_copy(update={"effective": date(2026, 11, 1)})
    assert renewed((OLD,), again) == (_read(OLD, 24),)


def test_an_unchanged_price_that_turns_out_to_be_older_is_older() -> None:
    again = _read(OLD, 24).model_copy(update={"effective": None})
    assert renewed((OLD,), again) == (again,)


def test_a_changed_price_stands_beside_the_former_one() -> None:
    assert renewed((OLD,), _read(NEW, 24)) == (OLD, _read(NEW, 24))
    assert renewed((OLD, NEW), _read(NEW, 25)) == (OLD, _read(NEW, 25))


def test_a_price_that_did_not_begin_later_corrects_the_last() -> None:
    corrected = NEW.model_copy(update={"effective": OLD.effective})
    assert renewed((OLD,), corrected) == (corrected,)
    earlier = NEW.model_copy(update={"effective": date(2026, 5, 1)})
    assert renewed((OLD, NEW), earlier.model_copy(update={"tiers": prices.AZURE})) == (
        earlier.model_copy(update={"tiers": prices.AZURE}),
    )


def test_a_former_price_is_forgotten_when_no_statement_needs_it() -> None:
    def renewed_on(read_on: date) -> tuple[Price, ...]:
        return renewed((OLD, NEW), NEW.model_copy(update={"read_on": read_on}))

    assert len(renewed_on(date(2027, 2, 24))) == 2
    assert len(renewed_on(date(2027, 2, 25))) == 1
