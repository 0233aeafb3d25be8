"""Leaves its task token for the gateway's boot signal, or goes on at once when the gateway has spoken already."""

from typing import Any

from lambdas import boots, settings, walk
from lambdas.clouds import aws, table, walks
from link import choose
from link.errors import BootFailed, CloudBusy


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Completes its own task when the boot is known; else hear_gateway does, or the watch when the instance
    ends. Raises BootFailed, InstanceGone, and CloudBusy while EC2 does not show the instance."""
    here = settings.load()
    parsed = walk.begin(event, here)
    if parsed.token is None:
        raise ValueError("WaitForBoot needs a task token")
    gateway = choose.awaited(here.spec, here.deployed.agent, aws.gateways(here), aws.elastic_ip(here).interface)
    if gateway is None:
        boots.check(table.launched(here.table))
        raise CloudBusy("EC2 does not show the gateway instance yet")
    known = table.await_boot(here.table, gateway.id, parsed.token)
    if known.failure:
        raise BootFailed(f"{known.failure.reason}: {known.failure.message}")
    if known.version:
        walks.succeed(parsed.token, {"instance": gateway.id, "version": known.version})
    else:
        # Its end may have been reported before the token was left.
        boots.check(gateway.id)
