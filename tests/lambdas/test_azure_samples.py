"""Azure's counters, kept for the cost mail: written in pages, read by the hour, and no reason for a look to fail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from lambdas import watch
from lambdas.clouds import azure_samples, dynamo
from link.cost.witness import AzureSample
from link.errors import CloudBusy
from tests import worlds
from tests.lambdas.conftest import World, make_table

NOW = datetime(2026, 10, 5, 10, 0, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sample(read_at: datetime = NOW, sent: int = 7) -> AzureSample:
    found = azure_samples.sample(
        worlds.azure(connection=worlds.connection(ingress_bytes=sent, egress_bytes=9)), read_at
    )
    assert found is not None
    return found


@pytest.fixture
def tables() -> Iterator[None]:
    with mock_aws():
        for name in ("one", "two"):
            make_table(name)
        yield


def test_what_azure_receives_is_what_aws_sends() -> None:
    one = sample(sent=7)
    assert (one.aws_to_azure, one.azure_to_aws, one.sku, one.location, one.addresses) == (
        7,
        9,
        "VpnGw1AZ",
        "westeurope",
        1,
    )


def test_without_a_connection_there_is_nothing_to_count() -> None:
    assert azure_samples.sample(worlds.azure(connection=None), NOW) is None


def test_samples_are_read_by_their_time_and_the_newest_of_an_hour_stands(tables: None) -> None:
    for read_at, sent in ((NOW, 1), (NOW + HOUR, 2), (NOW + HOUR + timedelta(minutes=5), 3), (NOW + 2 * HOUR, 4)):
        azure_samples.note({"one": sample(read_at, sent)})
    found = azure_samples.samples("one", NOW + HOUR, NOW + 2 * HOUR)
    assert [one.aws_to_azure for one in found] == [3]
    assert azure_samples.samples("two", NOW, NOW + 3 * HOUR) == ()


def test_what_was_counted_before_a_new_beginning_stands_too(tables: None) -> None:
    for minute, sent in ((1, 5), (2, 8), (3, 2), (4, 3)):
        azure_samples.note({"one": sample(NOW + timedelta(minutes=minute), sent), "two": sample(NOW, 1)})
    assert [one.aws_to_azure for one in azure_samples.samples("one", NOW, NOW + HOUR)] == [8, 3]


def test_an_item_expires_after_more_than_a_year(tables: None) -> None:
    azure_samples.note({"one": sample()})
    item = dynamo.client().get_item(TableName="one", Key=dynamo.key("azure#2026-10-05T10"))["Item"]
    assert datetime.fromtimestamp(int(item["expires"]["N"]), UTC) == NOW.replace(microsecond=0) + timedelta(days=400)


class Busy:
    """DynamoDB that takes one item of each request. `rounds` are the sizes of the requests."""

    def __init__(self, takes: int) -> None:
        self.takes, self.rounds, self.written = takes, list[int](), list[str]()

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        return {"Responses": {}}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        self.rounds.append(len(RequestItems))
        done = list(RequestItems)[: self.takes]
        self.written += done
        return {"UnprocessedItems": {name: put for name, put in RequestItems.items() if name not in done}}


def test_many_links_are_written_by_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(takes=25)
    monkeypatch.setattr(dynamo, "client", lambda *_: busy)
    azure_samples.note({f"table-{n}": sample() for n in range(60)})
    assert busy.rounds == [25, 25, 10]
    assert len(set(busy.written)) == 60


def test_what_was_not_taken_is_asked_again_and_said_when_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(takes=1)
    monkeypatch.setattr(dynamo, "client", lambda *_: busy)
    azure_samples.note({f"table-{n}": sample() for n in range(3)})
    assert busy.rounds == [3, 2, 1]
    busy.takes = 0
    failed = azure_samples.note({f"table-{n}": sample() for n in range(2)})
    assert ["did not take all" in str(why) for why in failed.values()] == [True, True]


def test_a_table_that_is_denied_keeps_no_others_counters_from_being_kept(tables: None) -> None:
    assert list(azure_samples.note({"gone": sample(), "one": sample(), "two": sample()})) == ["gone"]
    for name in ("one", "two"):
        assert len(azure_samples.samples(name, NOW, NOW + HOUR)) == 1


def test_counters_that_cannot_be_kept_fail_no_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise CloudBusy("not now")

    monkeypatch.setattr(azure_samples, "note", refuse)
    watch.count({"link": worlds.azure(connection=worlds.connection())}, NOW)
