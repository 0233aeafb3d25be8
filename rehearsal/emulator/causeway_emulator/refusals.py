"""Requests that AWS refuses by a limit or for want of capacity, with its codes and words. No LocalEmu here.

The parameters are those of boto3; the tests of the product put the same refusals in front of moto.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

Params = dict[str, Any]

FILTER_VALUES = 200  # values of all filters of a call together: so the message says
BATCH_KEYS = 100  # BatchGetItem's API reference; over all tables
BATCH_WRITES = 25  # BatchWriteItem's

NO_CAPACITY = "InsufficientInstanceCapacity"
ROUTES_PER_TABLE = ("vpc", "L-93826ACB")
# EC2 API reference, "Server error codes": these come with a 500-series status, and so the SDKs repeat the call.
SERVER_ERRORS = {
    NO_CAPACITY: 500,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
}
DENIALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


@dataclass(frozen=True)
class Refusal:
    """An error as its service writes it."""

    code: str
    message: str
    status: int = 400


def by_limit(call: str, params: Params) -> Refusal | None:
    """Why a call, as ec2.DescribeInstances, is refused whatever the account holds."""
    service, _, operation = call.partition(".")
    if service == "ec2":
        return _filters(params)
    if service == "dynamodb" and operation in ("BatchGetItem", "BatchWriteItem"):
        return _batch(operation, params)
    return None


def _filters(params: Params) -> Refusal | None:
    """Seen in https://github.com/gjbae1212/gossm/issues/47 and https://github.com/apache/druid/pull/1954."""
    filters = params.get("Filters") or params.get("Filter") or []
    if sum(len(one.get("Values") or []) for one in filters) <= FILTER_VALUES:
        return None
    message = f"The maximum number of filter values specified on a single call is {FILTER_VALUES}"
    return Refusal("FilterLimitExceeded", message)


def _batch(operation: str, params: Params) -> Refusal | None:
    most = BATCH_KEYS if operation == "BatchGetItem" else BATCH_WRITES
    tables = (params.get("RequestItems") or {}).values()
    count = sum(len(one["Keys"] if operation == "BatchGetItem" else one) for one in tables)
    if count <= most:
        return None
    return Refusal("ValidationException", f"Too many items requested for the {operation} call")


def ordered(code: str, caller: str, action: str, resource: str) -> Refusal:
    """The error that a drill has ordered; a denial has the words that IAM has for it."""
    if code not in DENIALS:
        return Refusal(code, "Ordered by a drill.", SERVER_ERRORS.get(code, 400))
    said = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    because = f"because no identity-based policy allows the {action} action"
    if code == "UnauthorizedOperation":
        return Refusal(code, f"You are not authorized to perform this operation. {said} {because}", 403)
    return Refusal(code, f"{said} {because}")


def without_room(code: str, zone: str, others: Collection[str], subnet: str, instance_type: str) -> Refusal:
    """What EC2 says of a launch that has no place in its zone, or in its subnet."""
    choosing = f"by not specifying an Availability Zone in your request or choosing {', '.join(sorted(others))}."
    match code:
        case "InsufficientFreeAddressesInSubnet":
            message = (
                f"There are not enough free addresses in subnet '{subnet}'"
                " to satisfy the requested number of instances."
            )
        case "Unsupported":
            message = (
                f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone"
                f" ({zone}). Please retry your request {choosing}"
            )
        case _:
            message = (
                f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested"
                f" ({zone}). Our system will be working on provisioning additional capacity. You can currently get"
                f" {instance_type} capacity {choosing}"
            )
    return Refusal(code, message, SERVER_ERRORS.get(code, 400))


def route_beyond(held: int, most: float) -> Refusal | None:
    """The quota is for routes that are not propagated; whether the local ones count, AWS does not say.

    They count here, as for awslimitchecker (services/vpc.py), so the stand-in is the stricter one if they do not.
    """
    if held < most:
        return None
    return Refusal("RouteLimitExceeded", f"The maximum number of routes has been reached: {most:g}")
