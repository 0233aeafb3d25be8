"""What a month's use costs when the price changes within the month, and what is remembered of former prices."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

from link.cost.price import EXACT, Price, cost
from link.record import Record

REMEMBERED = timedelta(days=100)  # a former price: longer than a month and the one before it


class Use(Record):
    """What was used on a day. The clouds' months and days are those of UTC."""

    day: date
    amount: Decimal


class Charge(Record):
    """What was used at one price, and its exact cost in US dollars."""

    price: Price
    amount: Decimal
    cost: Decimal


def charge(prices: Sequence[Price], uses: Iterable[Use], before: Decimal = Decimal(0)) -> tuple[Charge, ...]:
    """A month's charges, one a price that applied, in order; empty when nothing was used.

    `prices` are one item's in any order, `before` what had been used of the month before the first use. A new price
    does not begin a new month: the position in the tiers goes on. ValueError without prices, or for several months.
    """
    charges: list[Charge] = []
    ordered = sorted(uses, key=lambda use: use.day)
    if len({(use.day.year, use.day.month) for use in ordered}) > 1:
        raise ValueError("tiers begin anew each month: charge months apart")
    with localcontext(EXACT):
        for use in ordered:
            price = at(prices, use.day)
            charges.append(Charge(price=price, amount=use.amount, cost=cost(price.tiers, use.amount, before)))
            before += use.amount
        return _joined(charges)


def _joined(charges: Sequence[Charge]) -> tuple[Charge, ...]:
    joined: list[Charge] = []
    for one in charges:
        if joined and joined[-1].price == one.price:
            last = joined.pop()
            one = Charge(price=one.price, amount=last.amount + one.amount, cost=last.cost + one.cost)
        joined.append(one)
    return tuple(joined)


def at(prices: Sequence[Price], day: date) -> Price:
    """The price of the day; of a day before all that are known, the first one. ValueError without any."""
    if not prices:
        raise ValueError("there is no price")
    ordered = sorted(prices, key=_since)
    return next((price for price in reversed(ordered) if _since(price) <= day), ordered[0])


def _since(price: Price) -> date:
    return price.effective or date.min


def renewed(kept: Sequence[Price], fresh: Price) -> tuple[Price, ...]:
    """What is kept when a price has been read again: former prices of the last `REMEMBERED`, the fresh one last.

    An unchanged price keeps the day since which it is known; a changed one that did not begin later is a correction.
    """
    last = kept[-1] if kept else fresh
    if last.tiers == fresh.tiers and last.unit is fresh.unit:
        fresh = fresh.model_copy(update={"effective": min(last, fresh, key=_since).effective})
    former = [one for one in kept if _since(one) < _since(fresh)]
    forgotten = fresh.read_on - REMEMBERED
    return (*(one for one, follower in pairwise((*former, fresh)) if _since(follower) >= forgotten), fresh)
