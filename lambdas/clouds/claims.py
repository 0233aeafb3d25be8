"""Claims of periods' mails, items of the region's table: `mail#<period>`. What they mean is link/cost/claim.py's."""

from datetime import UTC, datetime
from typing import Any

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from link import region
from link.cost import claim
from link.cost.claim import Claim, State


def read(period: str) -> Claim | None:
    """What is known of the period's mail."""
    item = dynamo.get(region.LINKS, _id(period))
    if not item:
        return None
    fields = {name: value for name, value in item.items() if name not in ("id", claim.EXPIRES)}
    return Claim.model_validate({**fields, "told": fields.get("told") == "yes"})


def take(period: str, by: str, now: datetime) -> bool:
    """Makes `by` the one that sends the period's mail. False when somebody else has it, or it was sent."""
    return _update(
        f"claiming {period}",
        period,
        "SET #state = :claimed, #by = :by, #at = :at, #expires = :expires ADD tries :one REMOVE said, told",
        "attribute_not_exists(id) OR #state = :failed",
        {
            **dynamo.written(**{":claimed": State.CLAIMED, ":failed": State.FAILED, ":by": by, ":at": _utc(now)}),
            ":expires": {"N": str(int((now + claim.KEPT).timestamp()))},
            ":one": {"N": "1"},
        },
        {"#at": "at", "#expires": claim.EXPIRES},
    )


def sent(period: str, by: str, message_id: str) -> bool:
    """Records that SES took the mail. False when the claim is not `by`'s (any more)."""
    return _end(period, by, State.SENT, message_id)


def failed(period: str, by: str, why: str) -> bool:
    """Records that the mail was surely not sent, so that it may be claimed again."""
    return _end(period, by, State.FAILED, why)


def told(period: str, by: str, why: str) -> bool:
    """Records that a human knows: the mail's outcome is not known. `by` is who had claimed it. The claim stays."""
    return _update(
        f"recording what is not known of {period}",
        period,
        "SET told = :yes, said = :said",
        "#state = :claimed AND #by = :by",
        dynamo.written(**{":yes": "yes", ":said": why, ":claimed": State.CLAIMED, ":by": by}),
        {},
    )


def _end(period: str, by: str, state: State, said: str) -> bool:
    return _update(
        f"recording that the mail of {period} is {state}",
        period,
        "SET #state = :state, said = :said",
        "#state = :claimed AND #by = :by",
        dynamo.written(**{":state": state, ":said": said, ":claimed": State.CLAIMED, ":by": by}),
        {},
    )


def _update(
    doing: str, period: str, expression: str, condition: str, values: dict[str, Any], names: dict[str, str]
) -> bool:
    with translated(doing):
        return dynamo.unless_condition_fails(
            lambda: dynamo.client().update_item(
                TableName=region.LINKS,
                Key=dynamo.key(_id(period)),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ExpressionAttributeNames={"#state": "state", "#by": "by", **names},
            )
        )


def _id(period: str) -> str:
    return f"mail#{period}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
