"""Azure's own counters of the connections, an item an hour in each link's table: the cost mail's second witness."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from link.cost import witness
from link.cost.witness import AzureSample
from link.errors import CloudBusy, CloudRefused
from link.facts import AzureFacts
from link.record import Record

PAGE = 25  # items of one BatchWriteItem, in however many tables (its API reference)
HOUR = timedelta(hours=1)
KEPT = timedelta(days=400)  # the period before, of a year ago, and a month


class _Hour(Record):
    """What is kept of an hour, oldest first: see witness.added."""

    samples: tuple[AzureSample, ...]


def sample(found: AzureFacts, now: datetime) -> AzureSample | None:
    """What a look tells of the counters. From Azure's side "ingress" is what comes from AWS. None: no connection."""
    if found.connection is None or found.gateway is None:
        return None
    return AzureSample(
        read_at=now,
        aws_to_azure=found.connection.ingress_bytes,
        azure_to_aws=found.connection.egress_bytes,
        status=found.connection.status,
        sku=found.gateway.sku,
        location=found.gateway.location,
        addresses=len(found.gateway.addresses),
    )


def note(samples: Mapping[str, AzureSample]) -> dict[str, CloudRefused | CloudBusy]:
    """Adds each table's sample to those of its hour. Returns why it could not, by table."""
    kept, failed = dynamo.get_each((table, _id(one.read_at)) for table, one in samples.items())
    found: dict[str, CloudRefused | CloudBusy] = dict(failed)
    items = {
        table: _item(one, kept.get((table, _id(one.read_at)))) for table, one in samples.items() if table not in failed
    }
    for some in batched(items.items(), PAGE, strict=False):
        try:
            _write(dict(some))
        except (CloudRefused, CloudBusy):
            for table, item in some:
                try:
                    _write({table: item})
                except (CloudRefused, CloudBusy) as exc:
                    found[table] = exc
    return found


def _write(items: Mapping[str, dict[str, Any]]) -> None:
    asked: Any = {table: [{"PutRequest": {"Item": item}}] for table, item in items.items()}
    for _ in range(dynamo.ROUNDS):
        with translated("recording Azure's counters"):
            asked = dynamo.client().batch_write_item(RequestItems=asked).get("UnprocessedItems")
        if not asked:
            return
    raise CloudBusy(f"DynamoDB did not take all of Azure's counters in {dynamo.ROUNDS} rounds")


def _item(one: AzureSample, kept: dynamo.Item | None) -> dict[str, Any]:
    expires = str(int((one.read_at + KEPT).timestamp()))
    hour = _Hour(samples=witness.added(_samples(kept) if kept else (), one))
    written = dynamo.written(id=_id(one.read_at), document=hour.model_dump_json())
    return {**written, "expires": {"N": expires}}


def _samples(item: dynamo.Item) -> tuple[AzureSample, ...]:
    return _Hour.model_validate_json(item["document"]).samples


def _id(moment: datetime) -> str:
    return f"azure#{moment.astimezone(UTC):%Y-%m-%dT%H}"


def samples(table: str, start: datetime, end: datetime, region: str | None = None) -> tuple[AzureSample, ...]:
    """Those of the hours from `start` until before `end`, oldest first."""
    found = dynamo.get_all(((table, _id(hour)) for hour in _hours(start, end)), region)
    read = (one for item in found.values() for one in _samples(item))
    return tuple(sorted((one for one in read if start <= one.read_at < end), key=lambda one: one.read_at))


def _hours(start: datetime, end: datetime) -> Iterable[datetime]:
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour
        hour += HOUR
