"""`python -m rehearsal.standin`: where there can be no virtual machine, says what a gateway and its peer would say.

It reads what they would read (running instances, the published configuration, the ARM server's peers) and shows nothing
about packets. With root on Debian the fabric runs in its place.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

from gateway.agent import report, status
from rehearsal import azure_view, clients, places

PERIOD_S = 1.0
READY = places.STATE / "standin-ready"


def turn(booted: dict[str, str]) -> None:
    """One look at both clouds, and what follows from it. `booted`: since when each instance counts what crosses."""
    connections = {
        str(peer.gateway_ip): {
            one.name: {"connected": True, "ingress_bytes": 0, "egress_bytes": 0} for one in peer.connections
        }
        for peer in azure_view.read()
    }
    azure_view.STATUS.write_text(json.dumps(connections))
    versions = _published_versions()
    for instance, link in _running():
        if (version := versions.get(link)) is None:
            continue
        speaker = report.Speaker(link, instance)
        if instance not in booted:
            booted[instance] = datetime.now(UTC).isoformat()
            _say(report.BOOTED, speaker.booted(version))
        linked = any(f"causeway-{link}" in found for found in connections.values())
        state = report.UP if linked else report.DOWN
        tunnel, outer = report.TunnelLook(1, state, status.Bytes()), status.Outer(0, 0, booted[instance])
        _say(report.READING, speaker.reading(report.Look(version, datetime.now(UTC), (tunnel,), state, outer, None)))


def _running() -> list[tuple[str, str]]:
    """Each gateway that runs, and its link."""
    found = clients.aws("ec2").describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    instances = [instance for reservation in found["Reservations"] for instance in reservation["Instances"]]
    tags = [(one["InstanceId"], {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}) for one in instances]
    return [(instance, own["causeway-link"]) for instance, own in tags if "causeway-link" in own]


def _published_versions() -> dict[str, str]:
    """By link, the version of the configuration that its gateway should run."""
    database = clients.aws("dynamodb")
    items = [
        database.get_item(TableName=table, Key={"id": {"S": "configuration"}}).get("Item")
        for table in database.list_tables()["TableNames"]
    ]
    return {json.loads(item["document"]["S"])["link"]: item["version"]["S"] for item in items if item}


def _say(kind: str, detail: dict[str, Any]) -> None:
    entry = {"Source": report.source(detail["link"]), "DetailType": kind, "Detail": json.dumps(detail)}
    clients.aws("events").put_events(Entries=[entry])


if __name__ == "__main__":
    instances: dict[str, str] = {}
    READY.touch()
    while True:
        turn(instances)
        time.sleep(PERIOD_S)
