"""`python -m rehearsal.prices`: both clouds' price interfaces, with the prices that Causeway brings along.

A region for which it brings none has those of another region: they are no prices of any cloud there. Azure's interface
is asked by GET at the address of CAUSEWAY_AZURE_PRICES, the AWS Price List by POST at that of AWS_ENDPOINT_URL_PRICING.
The formats are those that link/cost/ reads; the emulator of AWS has no price list.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from lambdas.clouds import own_prices
from lambdas.clouds.own_prices import Entry
from link.cost import aws_products, azure_prices
from link.cost.price import Item, Wanted
from rehearsal import places
from rehearsal.json_server import Answer, Request, Server

SINCE = "2026-01-01T00:00:00Z"
TARGET = "AWSPriceListService.GetProducts"  # botocore's model of the service
TERM = "REHEARSAL.JRTCKXETXF"


def answer(request: Request) -> Answer:
    """What either interface says."""
    if request.method == "GET" and request.path == "/api/retail/prices":
        return Answer(200, _azure(dict(re.findall(r"(\w+) eq '([^']*)'", request.query.get("$filter", "")))))
    if request.headers.get("X-Amz-Target") == TARGET:
        asked = json.loads(request.body)
        attributes = {one["Field"]: one["Value"] for one in asked["Filters"]}
        documents = _aws(asked["ServiceCode"], attributes)
        return Answer(200, {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in documents]})
    return Answer(404, {"error": "no price interface has this"})


def _entry(item: Item, region: str, detail: str) -> Entry | None:
    """The region's own, else the first of any."""
    found = [one for one in own_prices.entries() if (one.item, one.detail) == (item, detail)]
    return next((one for one in found if region in one.regions), next(iter(found), None))


def _azure(asked: Mapping[str, str]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for item, meter in azure_prices.METERS.items():
        if (meter.service, meter.meter or asked.get("meterName")) != (asked.get("serviceName"), asked.get("meterName")):
            continue
        entry = _entry(item, asked["armRegionName"], "" if meter.meter else asked["meterName"])
        for start, price in entry.tiers if entry else ():
            rows.append(
                {
                    "currencyCode": "USD",
                    "tierMinimumUnits": float(start),
                    "retailPrice": float(price),
                    "armRegionName": asked["armRegionName"],
                    "effectiveStartDate": SINCE,
                    "meterName": asked["meterName"],
                    "productName": meter.product or meter.service,
                    "serviceName": meter.service,
                    "unitOfMeasure": meter.words[0],
                    "type": "Consumption",
                }
            )
    return {"BillingCurrency": "USD", "Items": rows, "NextPageLink": None, "Count": len(rows)}


def _aws(service: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    region = asked.get("fromRegionCode") or asked.get("regionCode", "")
    details = {Item.GATEWAY_INSTANCE: asked.get("instanceType", "")}
    found: list[dict[str, Any]] = []
    for item, product in aws_products.PRODUCTS.items():
        wanted = Wanted(item=item, region=region, detail=details.get(item, ""))
        if product.service != service or (item in details and not wanted.detail):
            continue
        if aws_products.ask(wanted)[1] == asked and (entry := _entry(item, region, wanted.detail)):
            found.append(_document(wanted, entry))
    return found


def _document(wanted: Wanted, entry: Entry) -> dict[str, Any]:
    product = aws_products.PRODUCTS[wanted.item]
    starts = [start * product.of_one for start, _ in entry.tiers]
    dimensions = {
        f"{TERM}.{start}": {
            "beginRange": str(start),
            "endRange": str(end),
            "unit": product.words[0],
            "pricePerUnit": {"USD": f"{price / product.of_one:f}"},
        }
        for start, end, (_, price) in zip(starts, (*starts[1:], "Inf"), entry.tiers, strict=True)
    }
    return {
        "product": {"sku": "REHEARSAL", "attributes": {"usagetype": aws_products.usage(wanted)}},
        "serviceCode": product.service,
        "terms": {"OnDemand": {TERM: {"effectiveDate": SINCE, "priceDimensions": dimensions}}},
    }


def main() -> None:
    """Serves until it is ended."""
    Server(places.PRICES_PORT, answer, places.TLS).serve_forever()


if __name__ == "__main__":
    main()
