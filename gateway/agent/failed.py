"""`python3 -m gateway.agent.failed REASON MESSAGE`: the boot script's way to say GatewayBootFailed."""

import json
import sys

from gateway.agent import configuration, report
from gateway.agent.cloud import Cloud
from gateway.agent.fault import Fault
from gateway.agent.metadata import Metadata


def tell(reason: str, message: str) -> None:
    """Sends the event once."""
    settings = configuration.read_settings()
    metadata = Metadata()
    instance = metadata.instance() or "unknown"
    detail = report.Speaker(settings.link, instance).boot_failure(Fault(reason, message))
    Cloud(settings, metadata).send_event(report.BOOT_FAILED, json.dumps(detail))


if __name__ == "__main__":
    tell(sys.argv[1], sys.argv[2])
