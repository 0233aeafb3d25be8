"""The prices of a statement from both interfaces, from the table and from the file, and what its reader is told."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.stub import Stubber
from pydantic import ValidationError

from lambdas import settings
from lambdas.clouds import aws_price_list, azure_price_list, dynamo, kept_prices, own_prices, prices, registry
from link import region
from link.cost import aws_products
from link.cost.price import Item, Price, Wanted
from link.errors import CausewayError, CloudBusy, CloudRefused, PriceInvalid
from tests.lambdas.conftest import World
from tests.link.cost import prices as made
from tests.link.cost.test_parse import AWS, AZURE, EGRESS, GATEWAY
from tests.serving import served

YESTERDAY, TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24)
SECRETS = Wanted(item=Item.SECRETS, region="eu-west-1")
ADDRESS = Wanted(item=Item.AZURE_PUBLIC_IPV4, region="westeurope")


class Azure(HTTPServer):
    """Answers as it is told, the last answer again and again, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.replies: list[tuple[int, Any, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def tell(self, page: Any, status: int = 200, **headers: str) -> None:
        self.replies.append((status, page, {name.replace("_", "-"): value for name, value in headers.items()}))


class _Handler(BaseHTTPRequestHandler):
    server: Azure

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        replies = self.server.replies
        status, page, headers = replies.pop(0) if len(replies) > 1 else replies[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page if isinstance(page, bytes) else json.dumps(page).encode())

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def azure() -> Iterator[Azure]:
    with served(Azure()) as server:
        yield server


@contextmanager
def _aws(*answers: tuple[Wanted, Sequence[Any]] | str) -> Iterator[None]:
    """The price list answers these questions in this order, or with an error's code; it is asked no others."""
    with Stubber(aws_price_list._pricing()) as stub:
        for answer in answers:
            if isinstance(answer, str):
                stub.add_client_error("get_products", answer, "as AWS says")
                continue
            wanted, documents = answer
            service, attributes = aws_products.ask(wanted)
            filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
            asked = {"ServiceCode": service, "FormatVersion": "aws_v1", "Filters": filters}
            stub.add_response("get_products", {"PriceList": [json.dumps(one) for one in documents]}, asked)
        yield
        stub.assert_no_pending_responses()


def _find(azure: Azure, *wanted: Wanted, today: date = TODAY) -> prices.Found:
    return prices.find(wanted, today, azure.url)


def _kept(wanted: Wanted) -> tuple[Price, ...]:
    return kept_prices.recall([wanted]).get(wanted, ())


def test_both_clouds_are_asked_and_the_prices_are_kept_with_their_day(world: World, azure: Azure) -> None:
    azure.tell(AZURE["azure_gateway"])
    with _aws((EGRESS, AWS["aws_egress"])):
        found = _find(azure, EGRESS, GATEWAY, EGRESS)
    assert found.notes == ()
    assert [price.tiers for price in found.prices[EGRESS]] == [made.AWS]
    assert [price.tiers for price in found.prices[GATEWAY]] == [made.tiers("0 .21")]
    assert found.prices == {one: _kept(one) for one in (EGRESS, GATEWAY)}
    assert {price.read_on for (price,) in found.prices.values()} == {TODAY}
    query = parse_qs(urlsplit(azure.asked[0]).query)
    assert query["$filter"][0].startswith("serviceName eq 'VPN Gateway' and meterName eq 'VpnGw1AZ'")
    assert query["api-version"] == ["2023-01-01-preview"]


def test_what_was_read_today_is_not_asked_again(world: World, azure: Azure) -> None:
    with _aws((EGRESS, AWS["aws_egress"])):
        first = _find(azure, EGRESS)
        assert _find(azure, EGRESS) == first


def test_an_older_price_is_asked_again_and_a_changed_one_stands_beside_it(world: World, azure: Azure) -> None:
    changed = deepcopy(AWS["secrets"])
    (term,) = changed[0]["terms"]["OnDemand"].values()
    term["effectiveDate"] = "2026-11-24T00:00:00Z"
    next(iter(term["priceDimensions"].values()))["pricePerUnit"]["USD"] = "0.5"
    with _aws((SECRETS, AWS["secrets"]), (SECRETS, changed)):
        _find(azure, SECRETS)
        found = _find(azure, SECRETS, today=TOMORROW)
    assert [price.tiers for price in found.prices[SECRETS]] == [made.tiers("0 .4"), made.tiers("0 .5")]
    assert _kept(SECRETS) == found.prices[SECRETS]


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_price_that_cannot_be_read_again_is_the_kept_one_and_says_its_day(
    world: World, azure: Azure, code: str
) -> None:
    with _aws((EGRESS, AWS["aws_egress"]), code):
        _find(azure, EGRESS, today=YESTERDAY)
        found = _find(azure, EGRESS)
    assert found.prices[EGRESS] == _kept(EGRESS)
    (note,) = found.notes
    assert note.startswith("Prices as they were read on 2026-11-22: aws_egress in eu-west-1 (asking the AWS Price List")
    assert code in note


def test_a_price_that_was_never_read_is_the_one_brought_along_and_is_not_kept(world: World, azure: Azure) -> None:
    azure.tell(b"", 503)
    gateway = Wanted(item=Item.AZURE_GATEWAY, region="eastus2", detail="VpnGw1AZ")
    found = _find(azure, gateway)
    ((price,),) = found.prices.values()
    assert (price.fallback, price.tiers, price.read_on) == (True, made.tiers("0 .21"), date(2026, 9, 30))
    (note,) = found.notes
    assert note == (
        "Prices that Causeway brings along, as of 2026-09-30: azure_gateway VpnGw1AZ in eastus2 "
        "(asking Azure's Retail Prices interface: it answered 503)."
    )
    assert _kept(gateway) == ()


def test_a_price_that_nobody_knows_is_a_note_and_stops_no_other(world: World, azure: Azure) -> None:
    azure.tell(b"<html>busy</html>")
    unknown = Wanted(item=Item.AZURE_GATEWAY, region="mars", detail="VpnGw1AZ")
    with _aws((EGRESS, AWS["aws_egress"])):
        found = _find(azure, unknown, EGRESS)
    assert set(found.prices) == {EGRESS}
    (note,) = found.notes
    assert note.startswith(
        "No price is known, and the total is without: azure_gateway VpnGw1AZ in mars (price of azure"
    )
    assert "\n" not in note


def test_nonsense_leaves_the_kept_price_and_the_other_items_are_asked_all_the_same(world: World, azure: Azure) -> None:
    azure.tell(AZURE["azure_gateway"])
    azure.tell({"Items": []})
    azure.tell(AZURE["azure_public_ipv4"])
    _find(azure, GATEWAY, today=YESTERDAY)
    found = _find(azure, GATEWAY, ADDRESS)
    assert found.prices[GATEWAY][-1].read_on == YESTERDAY
    assert found.prices[ADDRESS][-1].read_on == TODAY
    (note,) = found.notes
    assert note == (
        "Prices as they were read on 2026-11-22: azure_gateway VpnGw1AZ in westeurope "
        "(price of azure_gateway VpnGw1AZ in westeurope: Azure lists no price that has begun)."
    )


def test_a_silent_cloud_is_asked_once_and_told_of_in_one_sentence(world: World, azure: Azure) -> None:
    azure.tell(b"", 429, Retry_After="7")
    with _aws((EGRESS, AWS["aws_egress"])):
        found = _find(azure, GATEWAY, ADDRESS, EGRESS)
    assert len(azure.asked) == 1
    assert set(found.prices) == {EGRESS}
    (note,) = found.notes
    assert "azure_gateway VpnGw1AZ in westeurope, azure_public_ipv4 in westeurope (" in note


def test_a_long_error_is_one_short_line(world: World, azure: Azure) -> None:
    page = deepcopy(AZURE["azure_gateway"])
    page["Items"][0]["unitOfMeasure"] = "hour\n" * 500
    azure.tell(page)
    (note,) = _find(azure, GATEWAY).notes
    assert "\n" not in note
    assert len(note) < 350


def test_an_unreadable_kept_price_is_asked_afresh(world: World, azure: Azure) -> None:
    for document in ("{}", "", '{"prices":[]}'):
        dynamo.put(region.LINKS, "price#secrets#eu-west-1#", document=document)
        with _aws((SECRETS, AWS["secrets"])):
            assert _find(azure, SECRETS).prices[SECRETS][-1].read_on == TODAY


def test_a_table_that_fails_stops_no_price(world: World, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise CloudBusy("the table is busy")

    for name in ("recall", "keep"):
        monkeypatch.setattr(kept_prices, name, fail)
    with _aws((SECRETS, AWS["secrets"])):
        found = _find(azure, SECRETS)
    assert (set(found.prices), found.notes) == ({SECRETS}, ())


def test_a_kept_price_is_no_link(world: World, azure: Azure) -> None:
    registry.register(world.settings)
    kept_prices.keep(EGRESS, (made.price(),))
    assert registry.links() == (world.settings,)


def test_aws_answers_on_several_pages(world: World) -> None:
    first, second = (json.dumps(one) for one in AWS["aws_egress"])
    with Stubber(aws_price_list._pricing()) as stub:
        stub.add_response("get_products", {"PriceList": [first], "NextToken": "more"})
        stub.add_response("get_products", {"PriceList": [second]})
        assert aws_price_list.documents(EGRESS) == [first, second]


def test_the_price_list_is_asked_where_it_answers() -> None:
    assert aws_price_list._pricing().meta.region_name == "us-east-1"


def test_pages_of_azure_are_followed(azure: Azure) -> None:
    one, *rest = AZURE["azure_egress"]["Items"]
    azure.tell({"Items": [one], "NextPageLink": f"{azure.url}/api/retail/prices?$skip=1"})
    azure.tell({"Items": rest, "NextPageLink": None})
    wanted = Wanted(item=Item.AZURE_EGRESS, region="westeurope")
    assert len(azure_price_list.rows(wanted, azure.url)) == 6
    assert azure.asked[1] == "/api/retail/prices?$skip=1"


def test_the_port_that_azure_writes_is_the_one_of_https() -> None:
    place = azure_price_list._place
    assert place("https://prices.azure.com:443/api") == place("https://PRICES.azure.com")
    assert place("https://prices.azure.com:x/") != place("https://prices.azure.com")


@pytest.mark.parametrize("port", ["1", "x"])
@pytest.mark.parametrize("address", ["http://localhost:{}/", "https://127.0.0.1:{}/", "file:///etc/hostname?{}"])
def test_a_next_page_elsewhere_is_refused(azure: Azure, address: str, port: str) -> None:
    elsewhere = address.format(azure.server_port if port == "1" else port)
    azure.tell(AZURE["azure_gateway"] | {"NextPageLink": elsewhere})
    with pytest.raises(PriceInvalid, match=re.escape(f"next page is elsewhere: {elsewhere}")):
        azure_price_list.rows(GATEWAY, azure.url)
    assert len(azure.asked) == 1


def test_pages_without_end_are_refused(azure: Azure) -> None:
    azure.tell(AZURE["azure_gateway"] | {"NextPageLink": f"{azure.url}/api/retail/prices?$skip=1"})
    with pytest.raises(PriceInvalid, match="more than 10 pages"):
        azure_price_list.rows(GATEWAY, azure.url)
    assert len(azure.asked) == 10


def test_a_page_without_end_is_refused(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_price_list, "BYTES", 1000)
    azure.tell(AZURE["azure_gateway"])
    with pytest.raises(PriceInvalid, match="longer than 1000 bytes"):
        azure_price_list.rows(GATEWAY, azure.url)


@pytest.mark.parametrize(
    ("status", "headers", "error", "after_s"),
    [
        (429, {"Retry_After": "7"}, CloudBusy, 7.0),
        (429, {}, CloudBusy, None),
        (503, {"Retry_After": "Mon, 23 Nov 2026 12:00:00 GMT"}, CloudBusy, None),
        (400, {}, CloudRefused, None),
        (302, {"Location": "/api/retail/prices"}, CloudRefused, None),
    ],
)
def test_azures_refusals_are_busy_or_for_good(
    azure: Azure, status: int, headers: dict[str, str], error: type[CausewayError], after_s: float | None
) -> None:
    azure.tell(b"", status, **headers)
    with pytest.raises(error, match=f"asking Azure's Retail Prices interface: it answered {status}") as raised:
        azure_price_list.rows(GATEWAY, azure.url)
    assert getattr(raised.value, "after_s", None) == after_s
    assert len(azure.asked) == 1


def test_an_azure_that_is_not_there_is_busy() -> None:
    with pytest.raises(CloudBusy, match="asking Azure's Retail Prices interface: "):
        azure_price_list.rows(GATEWAY, "http://127.0.0.1:1")


def test_azures_address_is_a_setting() -> None:
    assert settings.azure_prices({}) == settings.azure_prices({"CAUSEWAY_AZURE_PRICES": ""}) == settings.AZURE_PRICES
    assert settings.azure_prices({"CAUSEWAY_AZURE_PRICES": "https://10.0.0.1:8443/"}) == "https://10.0.0.1:8443"
    with pytest.raises(ValidationError, match="URL scheme"):
        settings.azure_prices({"CAUSEWAY_AZURE_PRICES": "file:///etc/passwd"})


def test_prices_that_are_brought_along_are_prices_and_say_where_they_are_from() -> None:
    entries = own_prices.entries()
    names = [(entry.item, place, entry.detail) for entry in entries for place in entry.regions]
    assert len(set(names)) == len(names)
    for item, place, detail in names:
        (price,) = own_prices.prices(Wanted(item=item, region=place, detail=detail))
        assert price.fallback
        assert price.source
        assert price.read_on < TODAY


def test_a_price_brought_along_is_for_its_own_region_and_detail() -> None:
    anywhere = Wanted(item=Item.PUBLIC_IPV4, region="sa-east-1")
    assert own_prices.prices(anywhere)[0].region == "sa-east-1"
    for strange in ({"detail": "t3.large"}, {"region": "mars"}):
        wanted = Wanted(**{"item": Item.GATEWAY_INSTANCE, "region": "us-east-1", "detail": "t3.small", **strange})
        assert own_prices.prices(wanted) == ()
