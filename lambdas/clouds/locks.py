"""The lock of a link, an item of its table: `holder` names the walk that may change the link."""

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated


def take(table: str, walk: str) -> bool:
    """Makes the walk the one that may change the link, or finds that it is. False when another is."""
    return _hold(table, walk, "attribute_not_exists(holder) OR holder = :holder", {})


def take_free(table: str, walk: str) -> bool:
    """Makes a walk that is about to start the one that may change the link. False when there is one."""
    with translated("taking the lock"):
        return dynamo.unless_condition_fails(
            lambda: dynamo.client().put_item(
                TableName=table,
                Item=dynamo.written(id="lock", holder=walk),
                ConditionExpression="attribute_not_exists(holder)",
            )
        )


def inherit(table: str, walk: str, former: str) -> bool:
    """Takes the lock of a walk that has ended without giving it back. False when somebody else was faster."""
    return _hold(table, walk, "holder = :former", dynamo.written(**{":former": former}))


def holder(table: str) -> str | None:
    """The walk that holds the lock."""
    return dynamo.get(table, "lock").get("holder")


def release(table: str, walk: str) -> None:
    """Gives the lock back. One that is not the walk's is left alone."""
    with translated("releasing the lock"):
        dynamo.unless_condition_fails(
            lambda: dynamo.client().delete_item(
                TableName=table,
                Key=dynamo.key("lock"),
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues=dynamo.written(**{":holder": walk}),
            )
        )


def _hold(table: str, walk: str, condition: str, values: dict[str, object]) -> bool:
    with translated("taking the lock"):
        return dynamo.unless_condition_fails(
            lambda: dynamo.client().put_item(
                TableName=table,
                Item=dynamo.written(id="lock", holder=walk),
                ConditionExpression=condition,
                ExpressionAttributeValues={**dynamo.written(**{":holder": walk}), **values},  # type: ignore[dict-item]
            )
        )
