"""What humans are told: a queue that is subscribed to the region's topic, as a customer would subscribe an address."""

import contextlib
import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rehearsal import clients, places

TOPIC = f"arn:aws:sns:{places.REGION}:{places.ACCOUNT}:CausewayAlerts"
QUEUE = "causeway-drill-alerts"
KEPT = places.STATE / "alerts.jsonl"


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Listens for as long as the body runs."""
    sqs, sns = clients.aws("sqs"), clients.aws("sns")
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    try:
        yield
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def told(since: float) -> list[dict[str, Any]]:
    """The messages since that moment: `Subject`, `Message`, `Timestamp`."""
    sqs = clients.aws("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    with KEPT.open("a") as file:
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for one in found:
                file.write(json.dumps(json.loads(one["Body"])) + "\n")
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    every = [json.loads(line) for line in KEPT.read_text().splitlines()]
    return [one for one in every if _at(one) >= since]


def with_reason(reason: str, messages: Iterable[dict[str, Any]], until: float = math.inf) -> list[str]:
    """The subjects of the messages about this reason, up to then."""
    return [one["Subject"] for one in messages if reason in f"{one['Subject']}\n{one['Message']}" and _at(one) <= until]


def _at(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["Timestamp"]).timestamp()
