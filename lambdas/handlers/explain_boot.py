"""Speaks for a gateway that never spoke: fails the walk with the end of its console output."""

from typing import Any

from lambdas import boots, settings, walk
from lambdas.clouds import aws, table
from link import choose
from link.errors import BootSilent, CloudBusy, CloudRefused


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Always raises: InstanceGone with EC2's reason, or BootSilent."""
    here = settings.load()
    walk.begin(event, here)
    gateway = choose.awaited(here.spec, here.deployed.agent, aws.gateways(here), aws.elastic_ip(here).interface)
    boots.check(gateway.id if gateway else table.launched(here.table))
    if gateway is None:
        raise BootSilent("the gateway instance is gone")
    raise BootSilent(f"{gateway.id} did not report in time; {_console(gateway.id)}")


def _console(instance: str) -> str:
    """The console only explains: one that is refused must not stand in for the gateway's silence."""
    try:
        return f"its console ends: {aws.console_end(instance)}"
    except (CloudBusy, CloudRefused) as exc:
        return f"its console could not be read: {exc}"
