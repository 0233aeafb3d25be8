"""The documents of the AWS Price List as prices. Pure; what it refuses is PriceInvalid, in one line.

An entry of GetProducts' PriceList is a JSON text: `product.attributes` say what it is, `terms.OnDemand` what it costs
(AWS Billing user guide, "Reading the service price list file for an AWS service").
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from link.cost import aws_products
from link.cost.aws_products import Product
from link.cost.price import EXACT, Price, Sane, Tier, Wanted, invalid

# "EU-", "EUW2-", "USE1-", or nothing in us-east-1. "Global-" is an account's free allowance, "IA-" DynamoDB's
# infrequent access.
_REGION_CODE = r"(?:(?!IA-)[A-Z]{2,4}\d*-)?"


class _Theirs(BaseModel):
    """What is not named here is AWS's own affair."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Dimension(_Theirs):
    begin: Sane = Field(alias="beginRange")
    end: Sane | Literal["Inf"] = Field(alias="endRange")
    unit: str
    price: dict[str, Sane] = Field(alias="pricePerUnit")


class _Term(_Theirs):
    effective: AwareDatetime = Field(alias="effectiveDate")
    dimensions: dict[str, _Dimension] = Field(alias="priceDimensions")


class _Terms(_Theirs):
    on_demand: dict[str, _Term] = Field(alias="OnDemand", default_factory=dict)


class _Attributes(_Theirs):
    attributes: dict[str, str]


class _Document(_Theirs):
    product: _Attributes
    terms: _Terms


def price(wanted: Wanted, documents: Iterable[str], read_on: date) -> Price:
    """The price that the documents tell on that day. Raises PriceInvalid."""
    product = aws_products.PRODUCTS[wanted.item]
    usage_type, term = _term(wanted, documents, read_on)
    try:
        return Price(
            item=wanted.item,
            region=wanted.region,
            unit=product.unit,
            tiers=_tiers(wanted, product, sorted(term.dimensions.values(), key=lambda one: one.begin)),
            effective=term.effective.astimezone(UTC).date(),
            read_on=read_on,
            source=f"AWS Price List, {product.service} {usage_type}",
        )
    except ValidationError as exc:
        raise invalid(wanted, exc) from exc


def _term(wanted: Wanted, documents: Iterable[str], today: date) -> tuple[str, _Term]:
    found = _products(wanted, documents)
    if len(found) != 1:
        raise invalid(wanted, f"the price list has {len(found) or 'no'} products for it: {', '.join(found) or 'none'}")
    ((usage_type, document),) = found.items()
    terms = sorted(document.terms.on_demand.values(), key=lambda term: term.effective)
    begun = [term for term in terms if term.effective.astimezone(UTC).date() <= today]
    if not begun:
        raise invalid(wanted, "the price list has no on-demand price that has begun")
    return usage_type, begun[-1]


def _products(wanted: Wanted, documents: Iterable[str]) -> Mapping[str, _Document]:
    """By usage type."""
    pattern = re.compile(_REGION_CODE + re.escape(aws_products.usage(wanted)))
    try:
        read = [_Document.model_validate_json(text) for text in documents]
    except ValidationError as exc:
        raise invalid(wanted, exc) from exc
    named = [(one.product.attributes.get("usagetype", ""), one) for one in read]
    found = [(usage_type, one) for usage_type, one in named if pattern.fullmatch(usage_type)]
    if len(dict(found)) != len(found):
        raise invalid(wanted, f"the price list has {len(found)} products of one usage type")
    return dict(found)


def _tiers(wanted: Wanted, product: Product, dimensions: Sequence[_Dimension]) -> tuple[Tier, ...]:
    if not dimensions:
        raise invalid(wanted, "the price list's term has no price")
    for one, following in pairwise(dimensions):
        if one.end != following.begin:
            raise invalid(wanted, f"its tiers have a hole: one ends at {one.end}, the next begins at {following.begin}")
    if dimensions[-1].end != "Inf":
        raise invalid(wanted, f"its tiers end at {dimensions[-1].end}")
    with localcontext(EXACT):
        return tuple(
            Tier(start=one.begin / product.of_one, price=_dollars(wanted, product, one) * product.of_one)
            for one in dimensions
        )


def _dollars(wanted: Wanted, product: Product, dimension: _Dimension) -> Decimal:
    if dimension.unit not in product.words:
        raise invalid(wanted, f'its unit is "{dimension.unit}", not one of {", ".join(product.words)}')
    if "USD" not in dimension.price:
        raise invalid(wanted, f"its price is in {', '.join(dimension.price) or 'no currency'}, not in USD")
    return dimension.price["USD"]
