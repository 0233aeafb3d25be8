"""DynamoDB as the links' tables use it: items with the key `id`, whose attributes are strings or sets of strings."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds.errors import code, translated
from link import aws_errors
from link.errors import CloudBusy, CloudRefused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Item = Mapping[str, Any]
BATCH = 100  # keys of one BatchGetItem, in however many tables (its API reference)
ROUNDS = 5  # DynamoDB answers a batch in part when it is busy or the answer would be longer than 16 MB


@cache
def _of(region: str | None) -> "DynamoDBClient":
    return boto3.client("dynamodb", region_name=region)


def client(region: str | None = None) -> "DynamoDBClient":
    """The DynamoDB client of a region; of none, that of this function's own."""
    return _of(region)


def get(table: str, id: str) -> Item:
    """One item, empty when there is none."""
    with translated(f"reading {id}"):
        found = client().get_item(TableName=table, Key=key(id), ConsistentRead=True)
    return plain(found.get("Item", {}))


def get_all(wanted: Iterable[tuple[str, str]], region: str | None = None) -> dict[tuple[str, str], Item]:
    """The items that exist of (table, id) pairs, by pair."""
    found: dict[tuple[str, str], Item] = {}
    for some in batched(wanted, BATCH, strict=False):
        found |= _batch(some, region)
    return found


def get_each(
    wanted: Iterable[tuple[str, str]],
) -> tuple[dict[tuple[str, str], Item], dict[str, CloudRefused]]:
    """As get_all, and by table why it was refused. DynamoDB refuses a batch whole for one of its tables."""
    found: dict[tuple[str, str], Item] = {}
    refused: dict[str, CloudRefused] = {}
    for some in batched(wanted, BATCH, strict=False):
        try:
            found |= _batch(some, None)
        except CloudRefused:
            for table in dict.fromkeys(name for name, _ in some):
                try:
                    found |= _batch([one for one in some if one[0] == table], None)
                except CloudRefused as exc:
                    refused[table] = exc
    return found, refused


def _batch(wanted: Iterable[tuple[str, str]], region: str | None) -> dict[tuple[str, str], Item]:
    asked: dict[str, Any] = {}
    for table, id in wanted:
        asked.setdefault(table, {"ConsistentRead": True, "Keys": []})["Keys"].append(key(id))
    found: dict[tuple[str, str], Item] = {}
    for _ in range(ROUNDS):
        with translated("reading what the links remember"):
            answer = client(region).batch_get_item(RequestItems=asked)
        for table, items in answer["Responses"].items():
            found |= {(table, item["id"]["S"]): plain(item) for item in items}
        asked = answer.get("UnprocessedKeys", {})
        if not asked:
            return found
    raise CloudBusy(f"DynamoDB did not answer for all items in {ROUNDS} rounds")


def put(table: str, id: str, **attributes: str) -> None:
    """Writes an item whole."""
    with translated(f"recording {id}"):
        client().put_item(TableName=table, Item=written(id=id, **attributes))


def delete(table: str, id: str) -> None:
    """Removes an item; one that is not there is nobody's fault."""
    with translated(f"forgetting {id}"):
        client().delete_item(TableName=table, Key=key(id))


def key(id: str) -> Any:
    """An item's key."""
    return written(id=id)


def written(**attributes: str) -> dict[str, Any]:
    """Strings as DynamoDB wants them."""
    return {name: {"S": value} for name, value in attributes.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """Strings as they are, sets as frozen sets, numbers as text."""
    kinds: dict[str, Callable[[Any], Any]] = {"S": str, "N": str, "SS": frozenset}
    return {name: kinds[kind](inner) for name, value in item.items() for kind, inner in value.items() if kind in kinds}


def unless_condition_fails(call: Callable[[], object]) -> bool:
    """Whether the write took place."""
    try:
        call()
    except ClientError as exc:
        if code(exc) not in aws_errors.CONDITION_FAILED:
            raise
        return False
    return True
