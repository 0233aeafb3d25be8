"""Prices to test with."""

from datetime import date
from decimal import Decimal
from typing import Any

from link.cost.price import Item, Price, Tier, Unit


def tiers(*texts: str) -> tuple[Tier, ...]:
    """Each text is a start and a price."""
    pairs = [text.split() for text in texts]
    return tuple(Tier(start=Decimal(start), price=Decimal(price)) for start, price in pairs)


AWS = tiers("0 .09", "10240 .085", "51200 .07", "153600 .05")
AZURE = tiers("0 0", "100 .087", "10335 .083", "51295 .07", "153695 .05", "512095 .05")


def price(**changes: Any) -> Price:
    """AWS's egress; each test changes what it is about."""
    made: dict[str, Any] = {
        "item": Item.AWS_EGRESS,
        "region": "eu-west-1",
        "unit": Unit.GB,
        "tiers": AWS,
        "effective": date(2026, 6, 1),
        "read_on": date(2026, 11, 23),
        "source": "AWS Price List",
    }
    return Price(**made | changes)
