"""The link's DynamoDB table: the published configuration, boots, the last reading, our routes, the last report."""

from functools import cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import boto3

from lambdas.clouds.errors import translated
from link.reading import Booted, BootFailure, Reading
from link.record import Record
from link.wanted import GatewayConfiguration

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Boot(Record):
    """What is known of one instance's boot. `task_token` is of the state that waits for it."""

    version: str | None = None
    failure: BootFailure | None = None
    task_token: str | None = None


@cache
def _table(name: str) -> "Table":
    return boto3.resource("dynamodb").Table(name)


def published_version(table: str) -> str | None:
    """The digest of the published configuration."""
    with translated("reading the published configuration"):
        item = _table(table).get_item(Key={"id": "configuration"}, ConsistentRead=True).get("Item")
    return str(item["version"]) if item else None


def publish(table: str, configuration: GatewayConfiguration) -> None:
    """Makes the configuration the one that the gateway's agent reads."""
    item = {"id": "configuration", "version": configuration.digest(), "document": configuration.model_dump_json()}
    with translated("publishing the configuration"):
        _table(table).put_item(Item=item)


def boot(table: str, instance: str) -> Boot:
    """What the instance has said of its boot."""
    with translated("reading the boot"):
        item = _table(table).get_item(Key={"id": f"boot#{instance}"}, ConsistentRead=True).get("Item", {})
    return _boot(item)


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
        updated = _table(table).update_item(
            Key={"id": f"boot#{instance}"},
            UpdateExpression="SET #a = :v",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues={":v": value},
            ReturnValues="ALL_NEW",
        )
    return _boot(updated["Attributes"])


def _boot(item: dict[str, object] | object) -> Boot:
    fields = item if isinstance(item, dict) else {}
    failure = fields.get("failure")
    return Boot(
        version=fields.get("version"),
        failure=BootFailure.model_validate_json(str(failure)) if failure else None,
        task_token=fields.get("task_token"),
    )


def put_reading(table: str, reading: Reading) -> None:
    """Keeps the newest look at the tunnel."""
    with translated("recording the reading"):
        _table(table).put_item(Item={"id": "reading", "document": reading.model_dump_json()})


def reading(table: str) -> Reading | None:
    """The newest look at the tunnel."""
    with translated("reading the reading"):
        item = _table(table).get_item(Key={"id": "reading"}, ConsistentRead=True).get("Item")
    return Reading.model_validate_json(str(item["document"])) if item else None


def own_routes(table: str) -> frozenset[tuple[str, IPv4Network]]:
    """The (route table, destination) pairs that are ours."""
    with translated("reading our routes"):
        pages = (
            _table(table)
            .meta.client.get_paginator("scan")
            .paginate(
                TableName=table,
                ConsistentRead=True,
                FilterExpression="begins_with(id, :route)",
                ExpressionAttributeValues={":route": "route#"},
                ProjectionExpression="id",
            )
        )
        ids = [str(item["id"]) for page in pages for item in page["Items"]]
    return frozenset((parts[1], IPv4Network(parts[2])) for parts in (one.split("#") for one in ids))


def own_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Records a route as ours, before it is made, so that a walk that dies in between leaves nothing unknown."""
    with translated("recording a route"):
        _table(table).put_item(Item={"id": f"route#{route_table}#{destination}"})


def disown_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Strikes a route from our list."""
    with translated("forgetting a route"):
        _table(table).delete_item(Key={"id": f"route#{route_table}#{destination}"})


def put_report(table: str, document: str) -> None:
    """Keeps the report of the last walk."""
    with translated("recording the report"):
        _table(table).put_item(Item={"id": "report", "document": document})
