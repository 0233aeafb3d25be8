"""EC2's client, and its Describe calls for many values at once. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds.errors import code, translated
from link import aws_errors
from link.errors import CloudRefused

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

PAGE = 200  # values of one filter (API reference, Filter)


@cache
def ec2() -> "EC2Client":
    """The EC2 client of this function."""
    return boto3.client("ec2")


@dataclass
class Answer:
    """What EC2 has of the values of a filter, and why it refused a value, by value."""

    items: list[Any] = field(default_factory=list)
    refused: dict[str, CloudRefused] = field(default_factory=dict)

    def checked(self, value: str) -> list[Any]:
        """The items. Raises CloudRefused where this value was refused."""
        if value in self.refused:
            raise self.refused[value]
        return self.items


def describe(operation: str, key: str, name: str, values: Sequence[str]) -> Answer:
    """All items that a filter with one of these values matches. A batch that is refused is asked value by value.

    Describe calls know no resources in IAM, so that one which is denied is denied for every value.
    """
    found = Answer()
    for some in batched(dict.fromkeys(values), PAGE, strict=False):
        try:
            found.items.extend(pages(operation, key, name, some))
        except CloudRefused as exc:
            denied = isinstance(exc.__cause__, ClientError) and code(exc.__cause__) in aws_errors.DENIED
            if denied or len(some) == 1:
                found.refused |= dict.fromkeys(some, exc)
            else:
                _one_by_one(found, operation, key, name, some)
    return found


def _one_by_one(found: Answer, operation: str, key: str, name: str, values: Sequence[str]) -> None:
    for value in values:
        try:
            found.items.extend(pages(operation, key, name, (value,)))
        except CloudRefused as exc:
            found.refused[value] = exc


def pages(operation: str, key: str, name: str, values: Sequence[str]) -> list[Any]:
    filters: Any = [{"Name": name, "Values": list(values)}]
    with translated(f"looking with {operation}"):
        if not ec2().can_paginate(operation):
            return list(getattr(ec2(), operation)(Filters=filters)[key])
        paginator = ec2().get_paginator(operation)  # type: ignore[call-overload]  # the name is a variable
        return [item for page in paginator.paginate(Filters=filters) for item in page[key]]
