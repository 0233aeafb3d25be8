"""Asks the region's watch for a look at a link. Returns at once; the look happens by itself."""

import json
from functools import cache
from typing import TYPE_CHECKING

import boto3

from lambdas.clouds.errors import translated
from link import region

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda")


def ask(link: str, trigger: str) -> None:
    """Has the watch look at the link now."""
    payload = json.dumps({"link": link, "trigger": trigger})
    with translated("asking for a look"):
        _lambda().invoke(FunctionName=region.WATCH, InvocationType="Event", Payload=payload.encode())
