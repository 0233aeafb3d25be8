"""`python -m rehearsal.standin`: where there can be no virtual machine, says what a gateway and its peer would say.

It reads what they would read (running instances, the published configuration, the ARM server's peers) and shows nothing
about packets. With root on Debian the fabric runs in its place.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

from gateway.agent import report, status
from rehearsal import azure_view, clients, places, world

PERIOD_S = 1.0
READY = places.STATE / "standin-ready"


def turn(booted: set[str]) -> None:
    """One look at both clouds, and what follows from it."""
    connections = {
        str(peer.gateway_ip): {
            one.name: {"connected": True, "ingress_bytes": 0, "egress_bytes": 0} for one in peer.connections
        }
        for peer in azure_view.read()
    }
    azure_view.STATUS.write_text(json.dumps(connections))
    version = _published_version()
    for instance in _running() if version else []:
        speaker = report.Speaker(world.LINK, instance)
        if instance not in booted:
            booted.add(instance)
            _say(report.BOOTED, speaker.booted(version))
        state = report.UP if any(connections.values()) else report.DOWN
        nothing = status.Bytes(0, 0)
        tunnel = report.TunnelLook(1, state, nothing)
        _say(report.READING, speaker.reading(report.Look(version, datetime.now(UTC), (tunnel,), state, nothing, None)))


def _running() -> list[str]:
    found = clients.aws("ec2").describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    return [instance["InstanceId"] for reservation in found["Reservations"] for instance in reservation["Instances"]]


def _published_version() -> str:
    database = clients.aws("dynamodb")
    for table in database.list_tables()["TableNames"]:
        if item := database.get_item(TableName=table, Key={"id": {"S": "configuration"}}).get("Item"):
            return str(item["version"]["S"])
    return ""


def _say(kind: str, detail: dict[str, Any]) -> None:
    entry = {"Source": report.SOURCE, "DetailType": kind, "Detail": json.dumps(detail)}
    clients.aws("events").put_events(Entries=[entry])


if __name__ == "__main__":
    instances: set[str] = set()
    READY.touch()
    while True:
        turn(instances)
        time.sleep(PERIOD_S)
