"""Tells the humans who have subscribed to the region's topic."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from lambdas.clouds.errors import translated
from link.notification import Message

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient


@cache
def _sns() -> "SNSClient":
    return boto3.client("sns")


def tell(topic: str, message: Message) -> None:
    """Publishes the message. `topic` is an ARN."""
    with translated("telling a human"):
        _sns().publish(TopicArn=topic, Subject=message.subject, Message=message.text)
