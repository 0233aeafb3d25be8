"""Ends the wait for a gateway that will never boot, because its instance has ended."""

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.clouds import aws, dynamo, ec2_facts, table, walks
from lambdas.settings import Settings
from link import choose
from link.errors import CloudBusy, CloudRefused, InstanceGone
from link.text import one_line

logger = Logger(service="causeway")


def check(instance: str | None) -> None:
    """Raises InstanceGone, with EC2's reason, for an instance that has ended. One that EC2 does not show may yet come.

    EC2 shows an instance, and why it ended, for about an hour after its end.
    """
    found = aws.instance(instance) if instance else None
    state = ec2_facts.state(found or {})
    if found is None or not state or state in choose.ALIVE:
        return
    reason = found.get("StateReason", {})
    code, message = str(reason.get("Code", "")), str(reason.get("Message", ""))
    why = message if message.startswith(code) else f"{code}: {message}"
    raise InstanceGone(one_line(f"{instance} is {state}: {why or 'EC2 gives no reason'}"))


def fail_waits(event: dict[str, Any], links: Sequence[Settings]) -> None:
    """Fails the state that waits for the instance of which EC2's event says that it has ended.

    The look that follows must take place in any case, so a failure here is only logged: ExplainBoot asks again.
    """
    if event.get("source") != "aws.ec2":
        return
    detail = event.get("detail")
    instance = str(detail.get("instance-id", "")) if isinstance(detail, dict) else ""
    for link in links:
        try:
            _fail_wait(link, instance)
        except (CloudBusy, CloudRefused, ValueError) as exc:
            logger.warning("wait for the boot not ended", link=link.spec.name, instance=instance, why=str(exc))


def _fail_wait(link: Settings, instance: str) -> None:
    key = (link.table, table.boot_id(instance))
    boot = table.boot(dynamo.get_all([key]).get(key, {}))
    if boot.task_token is None or boot.version is not None:
        return
    try:
        check(instance)
    except InstanceGone as exc:
        logger.error("gateway ended before it booted", link=link.spec.name, instance=instance, why=str(exc))
        walks.fail(boot.task_token, InstanceGone.__name__, str(exc))
