"""The rehearsal's price interfaces are read by the product as if they were the clouds' own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import boto3
import pytest

from lambdas.clouds import aws_price_list, azure_price_list, own_prices
from link.cost import aws_prices, azure_prices
from link.cost.price import Item, Price, Wanted
from link.errors import CloudRefused
from rehearsal import json_server, places, prices, tls

TODAY = date(2026, 11, 23)
DETAIL = {Item.GATEWAY_INSTANCE: "t3.small", Item.AZURE_GATEWAY: "VpnGw1AZ"}


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = json_server.Server(0, prices.answer)
    server.run()
    address = f"http://127.0.0.1:{server.server_port}"
    client = boto3.client(
        "pricing",
        region_name="us-east-1",
        endpoint_url=address,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    monkeypatch.setattr(aws_price_list, "_pricing", lambda: client)
    yield address
    server.shutdown()
    server.server_close()


def _read(wanted: Wanted, address: str) -> Price:
    if wanted.item in azure_prices.METERS:
        return azure_prices.price(wanted, azure_price_list.rows(wanted, address), TODAY)
    return aws_prices.price(wanted, aws_price_list.documents(wanted), TODAY)


@pytest.mark.parametrize("item", Item)
def test_every_price_can_be_asked_for_anywhere(address: str, item: Item) -> None:
    wanted = Wanted(item=item, region="eu-north-1", detail=DETAIL.get(item, ""))
    (first, *_) = [one for one in own_prices.entries() if (one.item, one.detail) == (item, wanted.detail)]
    price = _read(wanted, address)
    assert [(tier.start, tier.price) for tier in price.tiers] == list(first.tiers)
    assert (price.region, price.unit, price.fallback) == ("eu-north-1", first.unit, False)


def test_a_region_of_which_a_price_is_brought_along_has_that_one(address: str) -> None:
    price = _read(Wanted(item=Item.AWS_EGRESS, region="ap-southeast-1"), address)
    assert price.tiers[0].price == Decimal("0.12")


ASKS = """
import os
from lambdas import settings
from lambdas.clouds import aws_price_list, azure_price_list
from link.cost.price import Item, Wanted
aws = aws_price_list.documents(Wanted(item=Item.PUBLIC_IPV4, region="eu-west-1"))
azure = azure_price_list.rows(Wanted(item=Item.AZURE_EGRESS, region="westeurope"), settings.azure_prices(os.environ))
print(len(aws), len(azure))
"""


def test_by_the_settings_of_an_emulated_function_both_are_reached_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TLS", tmp_path)
    tls.make()
    server = json_server.Server(0, prices.answer, tmp_path)
    server.run()
    address, trust = f"https://localhost:{server.server_port}", str(tmp_path / "ca.pem")
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",  # the emulator, which has no price list
        "AWS_ENDPOINT_URL_PRICING": address,
        "CAUSEWAY_AZURE_PRICES": address,
        "SSL_CERT_FILE": trust,
        "REQUESTS_CA_BUNDLE": trust,
    }
    asked = subprocess.run([sys.executable, "-c", ASKS], env=environment, capture_output=True, text=True, check=False)
    server.shutdown()
    server.server_close()
    assert asked.stdout.split() == ["1", "6"], asked.stderr


def test_what_is_no_price_is_not_found(address: str) -> None:
    with pytest.raises(CloudRefused, match="404"):
        azure_price_list.rows(Wanted(item=Item.AZURE_EGRESS, region="eastus"), f"{address}/elsewhere")
