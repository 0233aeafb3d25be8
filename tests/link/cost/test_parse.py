"""The two interfaces' documents as prices, and what cannot be a price. The fixtures are built, not captured."""

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from link.cost import aws_prices, aws_products, azure_prices
from link.cost.price import Item, Price, Unit, Wanted
from link.errors import PriceInvalid
from tests.link.cost import prices

FIXTURES = Path(__file__).parents[2] / "fixtures"
AWS = json.loads((FIXTURES / "aws-price-list" / "eu-west-1.json").read_text())
AZURE = json.loads((FIXTURES / "azure-retail-prices" / "westeurope.json").read_text())
TODAY = date(2026, 11, 23)
DETAIL = {Item.GATEWAY_INSTANCE: "t3.small", Item.AZURE_GATEWAY: "VpnGw1AZ"}
EGRESS = Wanted(item=Item.AWS_EGRESS, region="eu-west-1")
GATEWAY = Wanted(item=Item.AZURE_GATEWAY, region="westeurope", detail="VpnGw1AZ")


def _aws(wanted: Wanted, documents: list[Any], today: date = TODAY) -> Price:
    return aws_prices.price(wanted, [json.dumps(document) for document in documents], today)


def _azure(wanted: Wanted, page: Any, today: date = TODAY) -> Price:
    return azure_prices.price(wanted, azure_prices.page(wanted, json.dumps(page).encode()).rows, today)


@pytest.mark.parametrize(
    ("item", "unit", "tiers", "usage"),
    [
        (Item.AWS_EGRESS, Unit.GB, ["0 .09", "10240 .085", "51200 .07", "153600 .05"], "EU-DataTransfer-Out-Bytes"),
        (Item.GATEWAY_INSTANCE, Unit.HOUR, ["0 .0228"], "EU-BoxUsage:t3.small"),
        (Item.PUBLIC_IPV4, Unit.HOUR, ["0 .005"], "EU-PublicIPv4:InUseAddress"),
        (Item.MANAGED_VPN, Unit.HOUR, ["0 .05"], "EU-VPN-Usage-Hours:ipsec.1"),
        (Item.LAMBDA_REQUESTS, Unit.MILLION, ["0 .2"], "EU-Request"),
        (
            Item.LAMBDA_COMPUTE,
            Unit.GB_SECOND,
            ["0 .0000166667", "6000000000 .000015", "15000000000 .0000133334"],
            "EU-Lambda-GB-Second",
        ),
        (Item.STATE_TRANSITIONS, Unit.MILLION, ["0 0", ".004 25"], "EU-StateTransition"),
        (Item.TABLE_WRITES, Unit.MILLION, ["0 .705"], "EU-WriteRequestUnits"),
        (Item.TABLE_READS, Unit.MILLION, ["0 .1415"], "EU-ReadRequestUnits"),
        (Item.SECRETS, Unit.MONTH, ["0 .4"], "EU-AWSSecretsManager-Secrets"),
        (Item.METRICS, Unit.MONTH, ["0 .3", "10000 .1", "250000 .05", "1000000 .02"], "EU-CW:MetricMonitorUsage"),
        (Item.ALARMS, Unit.MONTH, ["0 .1"], "EU-CW:AlarmMonitorUsage"),
    ],
)
def test_each_item_of_aws_is_told_from_its_neighbours(item: Item, unit: Unit, tiers: list[str], usage: str) -> None:
    price = _aws(Wanted(item=item, region="eu-west-1", detail=DETAIL.get(item, "")), AWS[item])
    assert (price.item, price.region, price.unit, price.tiers) == (item, "eu-west-1", unit, prices.tiers(*tiers))
    assert price.effective == date(2026, 6 if item is Item.AWS_EGRESS else 11, 1)
    assert (price.read_on, price.fallback) == (TODAY, False)
    assert price.source == f"AWS Price List, {aws_products.PRODUCTS[item].service} {usage}"


@pytest.mark.parametrize(
    ("item", "unit", "tiers", "effective"),
    [
        (Item.AZURE_EGRESS, Unit.GB, prices.AZURE, date(2023, 7, 1)),
        (Item.AZURE_GATEWAY, Unit.HOUR, prices.tiers("0 .21"), date(2023, 1, 1)),
        (Item.AZURE_PUBLIC_IPV4, Unit.HOUR, prices.tiers("0 .005"), date(2023, 1, 1)),
    ],
)
def test_each_item_of_azure_is_told_from_its_neighbours(item: Item, unit: Unit, tiers: Any, effective: date) -> None:
    price = _azure(Wanted(item=item, region="westeurope", detail=DETAIL.get(item, "")), AZURE[item])
    assert (price.item, price.region, price.unit, price.tiers) == (item, "westeurope", unit, tiers)
    assert (price.effective, price.read_on) == (effective, TODAY)


def test_every_item_has_one_cloud_that_is_asked() -> None:
    assert set(aws_products.PRODUCTS) | set(azure_prices.METERS) == set(Item)
    assert not set(aws_products.PRODUCTS) & set(azure_prices.METERS)


def test_aws_is_asked_for_what_leaves_a_region_and_for_linux_on_demand() -> None:
    assert aws_products.ask(EGRESS) == (
        "AWSDataTransfer",
        {"fromRegionCode": "eu-west-1", "transferType": "AWS Outbound", "toLocation": "External"},
    )
    service, attributes = aws_products.ask(Wanted(item=Item.GATEWAY_INSTANCE, region="us-east-1", detail="t3.small"))
    assert service == "AmazonEC2"
    assert attributes == {
        "regionCode": "us-east-1",
        "instanceType": "t3.small",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }


def test_azure_is_asked_for_the_meter_of_the_region() -> None:
    assert azure_prices.ask(Wanted(item=Item.AZURE_EGRESS, region="eastus")) == (
        "serviceName eq 'Bandwidth' and productName eq 'Rtn Preference: MGN' and "
        "meterName eq 'Standard Data Transfer Out' and armRegionName eq 'eastus' and priceType eq 'Consumption'"
    )
    assert azure_prices.ask(GATEWAY.model_copy(update={"detail": "it's"})) == (
        "serviceName eq 'VPN Gateway' and meterName eq 'it''s' and armRegionName eq 'westeurope' "
        "and priceType eq 'Consumption'"
    )


@pytest.mark.parametrize("prefix", ["", "USE1-", "APN1-", "UGW1-"])
def test_usage_types_of_every_region_are_known(prefix: str) -> None:
    documents = deepcopy(AWS["aws_egress"])
    documents[0]["product"]["attributes"]["usagetype"] = f"{prefix}DataTransfer-Out-Bytes"
    assert _aws(EGRESS, documents).tiers == prices.AWS


def test_infrequent_access_is_no_region() -> None:
    documents = deepcopy(AWS["table_writes"])
    for document, usage in zip(documents, ("WriteRequestUnits", "IA-WriteRequestUnits"), strict=True):
        document["product"]["attributes"]["usagetype"] = usage
    assert _aws(Wanted(item=Item.TABLE_WRITES, region="us-east-1"), documents).tiers == prices.tiers("0 .705")


def test_the_term_that_began_last_counts_and_a_coming_one_does_not() -> None:
    documents = deepcopy(AWS["secrets"])
    (name, term), *_ = documents[0]["terms"]["OnDemand"].items()
    for effective, dollars in (("2026-10-01T00:00:00Z", "0.3"), ("2026-11-24T00:00:00Z", "0.5")):
        other = deepcopy(term) | {"effectiveDate": effective}
        next(iter(other["priceDimensions"].values()))["pricePerUnit"]["USD"] = dollars
        documents[0]["terms"]["OnDemand"][f"{name}.{dollars}"] = other
    secrets = Wanted(item=Item.SECRETS, region="eu-west-1")
    assert _aws(secrets, documents).tiers == prices.tiers("0 .4")
    assert _aws(secrets, documents, date(2026, 11, 24)).tiers == prices.tiers("0 .5")


def test_the_tier_that_began_last_counts_and_a_coming_one_does_not() -> None:
    page = deepcopy(AZURE["azure_public_ipv4"])
    coming = page["Items"][0] | {"retailPrice": 0.006, "effectiveStartDate": "2026-11-24T00:00:00Z"}
    page["Items"].append(coming)
    address = Wanted(item=Item.AZURE_PUBLIC_IPV4, region="westeurope")
    assert _azure(address, page).tiers == prices.tiers("0 .005")
    assert _azure(address, page, date(2026, 11, 24)).tiers == prices.tiers("0 .006")


def test_what_azure_lists_beside_the_wanted_is_left_alone() -> None:
    page = deepcopy(AZURE["azure_gateway"])
    page["Items"].append(page["Items"][0] | {"armRegionName": "eastus", "retailPrice": 9.9})
    page["Items"].append(page["Items"][0] | {"serviceName": "Storage", "currencyCode": "EUR"})
    assert _azure(GATEWAY, page).tiers == prices.tiers("0 .21")


def _dimension(document: Any, at: int = 0) -> Any:
    (term,) = document["terms"]["OnDemand"].values()
    return list(term["priceDimensions"].values())[at]


def _term(document: Any) -> Any:
    return next(iter(document["terms"]["OnDemand"].values()))


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda d: d.clear(), "no products"),
        (lambda d: d.pop(0), "no products"),
        (lambda d: d.append(deepcopy(d[0])), "2 products of one usage type"),
        (
            lambda d: d[1]["product"]["attributes"].update(usagetype="USE1-DataTransfer-Out-Bytes"),
            "2 products for it: EU-DataTransfer-Out-Bytes, USE1-DataTransfer-Out-Bytes",
        ),
        (lambda d: d[0]["product"].pop("attributes"), "product.attributes: Field required"),
        (lambda d: d[0].pop("terms"), "terms: Field required"),
        (lambda d: d[0]["terms"].pop("OnDemand"), "no on-demand price that has begun"),
        (lambda d: _term(d[0]).update(effectiveDate="2027-01-01T00:00:00Z"), "no on-demand price that has begun"),
        (lambda d: _term(d[0]).update(effectiveDate="soon"), "effectiveDate: Input should be a valid datetime"),
        (lambda d: _term(d[0]).update(effectiveDate="2026-01-01T00:00:00"), "should have timezone info"),
        (lambda d: _term(d[0])["priceDimensions"].clear(), "the price list's term has no price"),
        (lambda d: _dimension(d[0]).pop("unit"), "unit: Field required"),
        (lambda d: _dimension(d[0]).update(unit="Gb"), 'its unit is "Gb", not one of GB'),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"CNY": "0.5"}), "its price is in CNY, not in USD"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={}), "its price is in no currency, not in USD"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"USD": "-0.09"}), "greater than or equal to 0"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"USD": "NaN"}), "finite"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"USD": "1e999999999"}), "less than or equal to"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"USD": "1e-999999"}), "decimal places"),
        (lambda d: _dimension(d[0]).update(pricePerUnit={"USD": "cheap"}), "valid decimal"),
        (lambda d: _dimension(d[0], 1).update(endRange="10000"), "a hole: one ends at 10000, the next begins at 10240"),
        (lambda d: _dimension(d[0], 1).update(beginRange="1"), "the first tier begins at 1, not at 0"),
        (lambda d: _dimension(d[0], 0).update(endRange="900000"), "its tiers end at 900000"),
        (lambda d: _dimension(d[0], 2).update(endRange="Inf"), "a hole: one ends at Inf, the next begins at 51200"),
    ],
)
def test_nonsense_of_aws_is_one_line_that_names_what_was_asked(break_it: Any, why: str) -> None:
    documents = deepcopy(AWS["aws_egress"])
    break_it(documents)
    with pytest.raises(PriceInvalid) as raised:
        _aws(EGRESS, documents)
    assert str(raised.value).startswith("price of aws_egress in eu-west-1: ")
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"nonsense"', "null", "<html>busy</html>"])
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(PriceInvalid, match="price of aws_egress in eu-west-1: "):
        aws_prices.price(EGRESS, [text], TODAY)
    with pytest.raises(PriceInvalid, match="price of azure_gateway VpnGw1AZ in westeurope: "):
        azure_prices.page(GATEWAY, text.encode())


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda p: p.pop("Items"), "Items: Field required"),
        (lambda p: p["Items"].clear(), "Azure lists no price that has begun"),
        (lambda p: p["Items"][0].update(effectiveStartDate="2027-01-01T00:00:00Z") or p["Items"].pop(1), "has begun"),
        (lambda p: p["Items"][0].pop("retailPrice"), "Items.0.retailPrice: Field required"),
        (lambda p: p["Items"][0].update(retailPrice="cheap"), "Items.0.retailPrice: Input should be a valid decimal"),
        (
            lambda p: p["Items"][0].update(retailPrice=-0.21),
            "Items.0.retailPrice: Input should be greater than or equal to 0",
        ),
        (lambda p: p["Items"][0].update(retailPrice="1e999999999"), "less than or equal to"),
        (lambda p: p["Items"][0].update(retailPrice="1e-999999"), "decimal places"),
        (lambda p: p["Items"][0].update(retailPrice=0.2), "Azure lists two prices from 0 on: 0.2 and 0.21"),
        (lambda p: p["Items"][0].update(currencyCode="EUR"), "its price is in EUR, not in USD"),
        (lambda p: p["Items"][0].update(unitOfMeasure="1 Month"), 'its unit is "1 Month", not 1 Hour or 1/Hour'),
        (lambda p: [row.update(tierMinimumUnits=1) for row in p["Items"]], "the first tier begins at 1, not at 0"),
        (lambda p: [row.update(type="Reservation") for row in p["Items"]], "Azure lists no price that has begun"),
    ],
)
def test_nonsense_of_azure_is_one_line_that_names_what_was_asked(break_it: Any, why: str) -> None:
    page = deepcopy(AZURE["azure_gateway"])
    break_it(page)
    with pytest.raises(PriceInvalid) as raised:
        _azure(GATEWAY, page)
    assert str(raised.value).startswith("price of azure_gateway VpnGw1AZ in westeurope: ")
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_price_needs_its_instance_type_or_sku() -> None:
    with pytest.raises(PriceInvalid, match="gateway_instance in eu-west-1: no instance type was named"):
        _aws(Wanted(item=Item.GATEWAY_INSTANCE, region="eu-west-1"), AWS["gateway_instance"])
    with pytest.raises(PriceInvalid, match="gateway_instance in eu-west-1: no instance type was named"):
        aws_products.ask(Wanted(item=Item.GATEWAY_INSTANCE, region="eu-west-1"))
    with pytest.raises(PriceInvalid, match="azure_gateway in westeurope: no SKU was named"):
        azure_prices.ask(Wanted(item=Item.AZURE_GATEWAY, region="westeurope"))


def test_numbers_of_azure_are_read_to_the_last_digit() -> None:
    page = deepcopy(AZURE["azure_public_ipv4"])
    page["Items"][0]["retailPrice"] = 0.00000123456789
    price = _azure(Wanted(item=Item.AZURE_PUBLIC_IPV4, region="westeurope"), page)
    assert price.tiers[0].price == Decimal("0.00000123456789")
