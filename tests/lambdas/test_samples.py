"""What the counters said is kept once an hour, in whatever order and however often it comes, and is read back whole."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from moto import mock_aws

from lambdas.clouds import dynamo, samples
from lambdas.handlers import hear_gateway
from link.cost.incidents import Kind, Said
from link.cost.traffic import Bytes, Meter, Sample
from link.reading import Reading
from tests import worlds
from tests.lambdas.conftest import World, make_table
from tests.lambdas.test_walk import Context

HOUR = datetime(2026, 11, 28, 15, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, 9, 30, 0, 7, tzinfo=UTC)
COUNTER = "i-0000000000000001@2026-11-01T09:30:00.000007+00:00"


@pytest.fixture
def table() -> Iterator[str]:
    with mock_aws():
        make_table("link")
        yield "link"


def _read(minutes: float, sent: int | None, received: int | None, **changes: Any) -> Reading:
    counted = {"outer_bytes_out": sent, "outer_bytes_in": received, "counting_since": SINCE}
    return worlds.read(read_at=HOUR + timedelta(minutes=minutes), **counted | changes)


def _sample(minutes: float, sent: int, received: int, **changes: Any) -> Sample:
    read = {"instance": "i-0000000000000001", "since": SINCE, "read_at": HOUR + timedelta(minutes=minutes)}
    return Sample(**read | {"aws_to_azure": sent, "azure_to_aws": received} | changes)


def test_of_an_hour_the_newest_reading_is_kept_in_whatever_order_and_however_often_they_come(table: str) -> None:
    told = [_read(0, 5, 7), _read(9, 900, 8), _read(59.5, 1000, 9)]
    for order in permutations([*told, told[1]]):
        dynamo.delete(table, "traffic#2026-11-28T15")
        for reading in order:
            samples.note(table, reading)
        said = dynamo.get(table, "traffic#2026-11-28T15")[COUNTER]
        assert said == "2026-11-28T15:59:30.000000+00:00 00000000000000001000 00000000000000000009"
    assert samples.read(table, HOUR, HOUR).samples == (_sample(59.5, 1000, 9),)


def test_a_reading_counts_for_the_hour_in_which_it_was_read(table: str) -> None:
    for minutes in (65, 5, 125):
        samples.note(table, _read(minutes, minutes, minutes))
    assert [dynamo.get(table, f"traffic#2026-11-28T{hour}").keys() for hour in (15, 16, 17)] == [
        {"id", "expires", COUNTER}
    ] * 3


def test_gateways_and_counters_of_one_hour_stand_beside_each_other(table: str) -> None:
    later = HOUR + timedelta(minutes=20)
    told = [_read(10, 1, 2), _read(30, 3, 4, counting_since=later), _read(40, 5, 6, instance="i-0000000000000002")]
    for reading in told:
        samples.note(table, reading)
    assert set(samples.read(table, HOUR, HOUR).samples) == {
        _sample(10, 1, 2),
        _sample(30, 3, 4, since=later),
        _sample(40, 5, 6, instance="i-0000000000000002"),
    }


@pytest.mark.parametrize("unknown", ["counting_since", "outer_bytes_in", "outer_bytes_out"])
def test_counters_that_are_unknown_are_no_sample(table: str, unknown: str) -> None:
    samples.note(table, _read(1, 5, 7, **{unknown: None}))
    assert dynamo.get(table, "traffic#2026-11-28T15") == {}


def test_a_reading_of_an_agent_that_says_nothing_of_since_is_read_and_is_no_sample(table: str) -> None:
    old = worlds.read(outer_bytes_in=5, outer_bytes_out=7).model_dump(mode="json", exclude={"counting_since"})
    samples.note(table, Reading.model_validate(old))
    assert samples.read(table, worlds.NOW, worlds.NOW).samples == ()


def test_words_without_end_leave_room_for_the_counters(table: str) -> None:
    for number in range(samples.MOST + 1):
        samples.note_said(table, Said(at=HOUR, kind=Kind.HELPED, reason=f"Reason{number}"))
    samples.note(table, _read(1, 5, 7))
    kept = samples.read(table, HOUR, HOUR)
    assert (len(kept.said), kept.samples) == (samples.MOST, (_sample(1, 5, 7),))


def test_what_somebody_else_keeps_of_the_hour_is_left_alone_and_is_no_sample(table: str) -> None:
    dynamo.put(table, samples.id_of(HOUR), azure="1 2")
    assert samples.read(table, HOUR, HOUR).samples == ()
    samples.note(table, _read(1, 5, 7))
    assert dynamo.get(table, samples.id_of(HOUR))["azure"] == "1 2"
    assert samples.read(table, HOUR, HOUR).samples == (_sample(1, 5, 7),)


def test_an_hours_item_expires_after_a_year_and_a_month(table: str) -> None:
    samples.note(table, _read(59, 5, 7))
    found = dynamo.client().get_item(TableName=table, Key=dynamo.key(samples.id_of(HOUR)))["Item"]["expires"]
    assert found == {"N": str(int(datetime(2028, 1, 2, 15, tzinfo=UTC).timestamp()))}


def test_a_time_is_read_with_a_month_before_it_in_whatever_zone_it_is_named(table: str) -> None:
    days = (-32, -31, 0, 30, 61, 62)
    for day in days:
        samples.note(table, _read(day * 24 * 60 + 30, 100 + day, 100 + day))
    start = HOUR.astimezone(ZoneInfo("Asia/Kolkata"))
    found = samples.read(table, start, start + timedelta(days=30)).samples
    assert {one.aws_to_azure - 100 for one in found} == {-31, 0, 30}


def test_what_the_gateway_says_is_what_the_meter_counts(world: World) -> None:
    for minutes, sent, received in ((30, 1000, 70), (-30, 400, 10), (30, 1000, 70)):
        told = _read(minutes, sent, received).model_dump(mode="json")
        hear_gateway.handler({"detail-type": "GatewayReading", "detail": told}, Context())
    kept = Meter(samples.read(world.settings.table, HOUR, HOUR + timedelta(hours=1)).samples)
    assert kept.between(HOUR, HOUR + timedelta(hours=1)) == Bytes(300, 30)
    assert kept.between(SINCE, HOUR + timedelta(hours=1)) == Bytes(1000, 70)


def test_what_the_agent_healed_is_kept_beside_the_counters(world: World) -> None:
    told = {"link": "prod", "instance": "i-0000000000000001", "because": "no answer", "at": HOUR.isoformat()}
    helped = {**told, "remedy": "kill", "reason": "DaemonHung"}
    lost = _read(1, 10, 10).model_dump(mode="json")
    for kind, detail in (("GatewayHelped", helped), ("GatewayTunnelLost", lost), ("GatewayHelped", helped)):
        hear_gateway.handler({"detail-type": kind, "detail": detail}, Context())
    found = samples.read(world.settings.table, HOUR, HOUR)
    assert sorted(found.said, key=lambda one: one.at) == [
        Said(at=HOUR, kind=Kind.HELPED, reason="DaemonHung"),
        Said(at=HOUR + timedelta(minutes=1), kind=Kind.LOST),
    ]
    assert found.samples == (_sample(1, 10, 10),)
