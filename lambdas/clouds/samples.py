"""Traffic samples in the link's table: an item an hour, in it the newest word of each counter in that hour.

A counter's attribute bears its instance and since when it counts. SAID holds what else the agent said of how the link
fared. Other attributes are somebody else's, and left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from link.cost.incidents import Said
from link.cost.traffic import Sample
from link.reading import Reading

KEPT = timedelta(days=400)  # a year, and the month a year ago to compare with
# What was counted until a moment is read off two samples, of which one may lie before the time that is asked for.
BEFORE = timedelta(days=31)
_HOUR = timedelta(hours=1)
_MARK = "@"
SAID = "said"
MOST = 500  # words of an hour: an item holds 400 kB, and the counters beside them count for the bill


def note(table: str, reading: Reading) -> None:
    """Keeps what the counters said, unless something newer of the same hour is kept. What is unknown is no sample."""
    sample = of(reading)
    if sample is None:
        return
    hour = _hour(sample.read_at)
    expires = int((hour + KEPT).timestamp())
    with translated("recording a traffic sample"):
        dynamo.unless_condition_fails(
            lambda: dynamo.client().update_item(
                TableName=table,
                Key=dynamo.key(id_of(hour)),
                UpdateExpression="SET #counter = :said, expires = :expires",
                ConditionExpression="attribute_not_exists(#counter) OR #counter < :said",
                ExpressionAttributeNames={"#counter": f"{sample.instance}{_MARK}{_text(sample.since)}"},
                ExpressionAttributeValues={
                    ":expires": {"N": str(expires)},
                    **dynamo.written(**{":said": _said(sample)}),
                },
            )
        )


def note_said(table: str, said: Said) -> None:
    """Keeps a word of the agent's. The same one again changes nothing, nor does one more than the item has room for."""
    hour = _hour(said.at)
    with translated("recording what the agent said"):
        dynamo.unless_condition_fails(
            lambda: dynamo.client().update_item(
                TableName=table,
                Key=dynamo.key(id_of(hour)),
                UpdateExpression="ADD said :one SET expires = :expires",
                ConditionExpression="attribute_not_exists(said) OR size(said) < :most",
                ExpressionAttributeValues={
                    ":one": {"SS": [said.model_dump_json()]},
                    ":expires": {"N": str(int((hour + KEPT).timestamp()))},
                    ":most": {"N": str(MOST)},
                },
            )
        )


@dataclass(frozen=True)
class Kept:
    """What the items of a time hold, in no order."""

    samples: tuple[Sample, ...]
    said: tuple[Said, ...]


def read(table: str, start: datetime, end: datetime, region: str | None = None) -> Kept:
    """What is kept from a month before `start` until `end`, which is now: enough for Meter.between over any part."""
    first = _hour(start - BEFORE)
    hours = (end - first) // _HOUR + 1
    items = dynamo.get_all(((table, id_of(first + number * _HOUR)) for number in range(hours)), region).values()
    return Kept(
        tuple(sample for item in items for sample in _counters(item)),
        tuple(Said.model_validate_json(one) for item in items for one in item.get(SAID, ())),
    )


def id_of(hour: datetime) -> str:
    """The key of the item of the UTC hour in which an aware time lies."""
    return f"traffic#{hour.astimezone(UTC):%Y-%m-%dT%H}"


def of(reading: Reading) -> Sample | None:
    """The counters of a reading. None: they could not be read, or the agent does not say since when they count."""
    if reading.counting_since is None or reading.outer_bytes_in is None or reading.outer_bytes_out is None:
        return None
    return Sample(
        instance=reading.instance,
        since=reading.counting_since,
        read_at=reading.read_at,
        aws_to_azure=reading.outer_bytes_out,
        azure_to_aws=reading.outer_bytes_in,
    )


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _said(sample: Sample) -> str:
    """Of a fixed width, so that the order of the texts is the order of the times. A counter of nft has 64 bits."""
    return f"{_text(sample.read_at)} {sample.aws_to_azure:020d} {sample.azure_to_aws:020d}"


def _counters(item: dynamo.Item) -> Iterator[Sample]:
    for name, said in item.items():
        instance, mark, since = name.partition(_MARK)
        if mark:
            read_at, sent, received = said.split()
            yield Sample(
                instance=instance,
                since=datetime.fromisoformat(since),
                read_at=datetime.fromisoformat(read_at),
                aws_to_azure=int(sent),
                azure_to_aws=int(received),
            )
