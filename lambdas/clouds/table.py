"""The link's DynamoDB table: the lock, the published configuration, boots, the last reading, our routes, the report.

Every item has the key `id`, and every attribute is a string.
"""

from collections.abc import Callable
from datetime import UTC
from functools import cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds.errors import code, translated
from link.reading import Booted, BootFailure, Helped, Reading
from link.record import Record
from link.wanted import GatewayConfiguration

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Boot(Record):
    """What is known of one instance's boot. `task_token` is of the state that waits for it."""

    version: str | None = None
    failure: BootFailure | None = None
    task_token: str | None = None


@cache
def _dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb")


def _get(table: str, id: str) -> dict[str, str]:
    with translated(f"reading {id}"):
        found = _dynamodb().get_item(TableName=table, Key={"id": {"S": id}}, ConsistentRead=True)
    return _plain(found.get("Item", {}))


def _put(table: str, id: str, **attributes: str) -> None:
    item = {name: {"S": value} for name, value in {"id": id, **attributes}.items()}
    with translated(f"recording {id}"):
        _dynamodb().put_item(TableName=table, Item=item)


def _plain(item: dict[str, Any]) -> dict[str, str]:
    return {name: value["S"] for name, value in item.items()}


def take_lock(table: str, walk: str) -> bool:
    """Makes the walk the one that may change the link, or finds that it is. False when another is."""
    return _hold(table, walk, "attribute_not_exists(holder) OR holder = :holder", {})


def inherit_lock(table: str, walk: str, former: str) -> bool:
    """Takes the lock of a walk that has ended without giving it back. False when somebody else was faster."""
    return _hold(table, walk, "holder = :former", {":former": {"S": former}})


def lock_holder(table: str) -> str | None:
    """The walk that holds the lock."""
    return _get(table, "lock").get("holder")


def release_lock(table: str, walk: str) -> None:
    """Gives the lock back. One that is not the walk's is left alone."""
    with translated("releasing the lock"):
        _unless_condition_fails(
            lambda: _dynamodb().delete_item(
                TableName=table,
                Key={"id": {"S": "lock"}},
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={":holder": {"S": walk}},
            )
        )


def _hold(table: str, walk: str, condition: str, values: dict[str, Any]) -> bool:
    with translated("taking the lock"):
        return _unless_condition_fails(
            lambda: _dynamodb().put_item(
                TableName=table,
                Item={"id": {"S": "lock"}, "holder": {"S": walk}},
                ConditionExpression=condition,
                ExpressionAttributeValues={":holder": {"S": walk}, **values},
            )
        )


def _unless_condition_fails(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as exc:
        if code(exc) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def published_version(table: str) -> str | None:
    """The digest of the published configuration."""
    return _get(table, "configuration").get("version")


def publish(table: str, configuration: GatewayConfiguration) -> None:
    """Makes the configuration the one that the gateway's agent reads."""
    _put(table, "configuration", version=configuration.digest(), document=configuration.model_dump_json())


def boot(table: str, instance: str) -> Boot:
    """What the instance has said of its boot."""
    return _boot(_get(table, f"boot#{instance}"))


def await_boot(table: str, instance: str, task_token: str) -> Boot:
    """Leaves the token of the waiting state, and returns what the instance had said before: one atomic write."""
    return _update_boot(table, instance, "task_token", task_token)


def hear_boot(table: str, booted: Booted) -> Boot:
    """Records that the instance is ready, and returns who waits for it."""
    return _update_boot(table, booted.instance, "version", booted.version)


def hear_failure(table: str, failure: BootFailure) -> Boot:
    """Records that the instance cannot become a gateway, and returns who waits for it."""
    return _update_boot(table, failure.instance, "failure", failure.model_dump_json())


def _update_boot(table: str, instance: str, attribute: str, value: str) -> Boot:
    with translated("recording the boot"):
        updated = _dynamodb().update_item(
            TableName=table,
            Key={"id": {"S": f"boot#{instance}"}},
            UpdateExpression="SET #a = :v",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues={":v": {"S": value}},
            ReturnValues="ALL_NEW",
        )
    return _boot(_plain(updated["Attributes"]))


def _boot(item: dict[str, str]) -> Boot:
    failure = item.get("failure")
    return Boot(
        version=item.get("version"),
        failure=BootFailure.model_validate_json(failure) if failure else None,
        task_token=item.get("task_token"),
    )


def put_reading(table: str, reading: Reading) -> None:
    """Keeps the newest look at the tunnel. Events come late, twice or out of order; an older look changes nothing."""
    # A fixed width, so that the order of the texts is the order of the times.
    read_at = reading.read_at.astimezone(UTC).isoformat(timespec="microseconds")
    document = reading.model_dump_json()
    with translated("recording the reading"):
        _unless_condition_fails(
            lambda: _dynamodb().put_item(
                TableName=table,
                Item={"id": {"S": "reading"}, "read_at": {"S": read_at}, "document": {"S": document}},
                ConditionExpression="attribute_not_exists(id) OR read_at < :read_at",
                ExpressionAttributeValues={":read_at": {"S": read_at}},
            )
        )


def reading(table: str) -> Reading | None:
    """The newest look at the tunnel."""
    found = _get(table, "reading")
    return Reading.model_validate_json(found["document"]) if found else None


def put_helped(table: str, helped: Helped) -> None:
    """Keeps the newest remedy that the agent began by itself. An older one that comes late changes nothing."""
    at = helped.at.astimezone(UTC).isoformat(timespec="microseconds")
    told = {"id": "helped", "at": at, "remedy": helped.remedy, "reason": helped.reason, "because": helped.because}
    with translated("recording what the gateway did"):
        _unless_condition_fails(
            lambda: _dynamodb().put_item(
                TableName=table,
                Item={name: {"S": value} for name, value in told.items()},
                ConditionExpression="attribute_not_exists(id) OR #at < :at",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues={":at": {"S": at}},
            )
        )


def own_routes(table: str) -> frozenset[tuple[str, IPv4Network]]:
    """The (route table, destination) pairs that are ours."""
    with translated("reading our routes"):
        pages = (
            _dynamodb()
            .get_paginator("scan")
            .paginate(
                TableName=table,
                ConsistentRead=True,
                ProjectionExpression="id",
            )
        )
        ids = [item["id"]["S"].split("#") for page in pages for item in page["Items"]]
    return frozenset((parts[1], IPv4Network(parts[2])) for parts in ids if parts[0] == "route")


def own_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Records a route as ours, before it is made, so that a walk that dies in between leaves nothing unknown."""
    _put(table, f"route#{route_table}#{destination}")


def disown_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Strikes a route from our list."""
    with translated("forgetting a route"):
        _dynamodb().delete_item(TableName=table, Key={"id": {"S": f"route#{route_table}#{destination}"}})


def establish(table: str, vpc: str) -> None:
    """Records that the link has been up, and in which VPC."""
    _put(table, "established", vpc=vpc)


def established_in(table: str) -> str | None:
    """The VPC in which the link has been up."""
    return _get(table, "established").get("vpc")


def own_azure_side(table: str, subscription: str, resource_group: str) -> None:
    """Records where our Azure resources are, before they are made."""
    _put(table, "azure", subscription=subscription, resource_group=resource_group)


def azure_side(table: str) -> tuple[str, str] | None:
    """Subscription and resource group where our Azure resources are or may be. None: nothing was ever asked for."""
    found = _get(table, "azure")
    return (found["subscription"], found["resource_group"]) if found else None


def put_report(table: str, document: str) -> None:
    """Keeps the report of the last walk."""
    _put(table, "report", document=document)
