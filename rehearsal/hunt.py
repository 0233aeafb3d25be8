"""Searches everything a run has written or shown for the link's pre-shared key: as text, base64 and URL-encoded."""

import base64
import json
import mmap
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rehearsal import clients, places

# The secret store is asked, not searched. The key has to be in these:
ALLOWED = (
    places.ARM_STATE / "peers.json",  # the ARM server's store
    places.STATE / "peer",  # the Azure gateway's configuration
)
ALLOWED_NAMES = ("disk.qcow2",)  # the gateway's own disk, with its secrets file


def needles() -> list[bytes]:
    """All forms of the links' pre-shared keys, from the secret store. Never printed."""
    secrets = clients.aws("secretsmanager")
    names = [one["Name"] for one in clients.everything("secretsmanager", "list_secrets", "SecretList")]
    return [form for name in names for form in forms(secrets.get_secret_value(SecretId=name)["SecretString"])]


def finds_in_peer(needles: list[bytes]) -> bool:
    """Whether the search works: the ARM server's store has to hold the key while the link is up."""
    return _holds(places.ARM_STATE / "peers.json", needles)


def forms(key: str) -> list[bytes]:
    """How a key may look: as it is, URL-encoded, and in base64 at each of the three places it may begin."""
    shifted = []
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + key.encode())
        # What depends on the neighbouring bytes is cut off at both ends.
        shifted.append(encoded[4 if shift else 0 :].rstrip(b"=")[:-2])
    return [key.encode(), urllib.parse.quote(key, safe="").encode(), *shifted]


def found(needles: list[bytes]) -> list[str]:
    """Where a form of the key was found; never the key."""
    return in_files(needles) + [name for name, text in _answers() if any(needle in text for needle in needles)]


def in_files(needles: list[bytes]) -> list[str]:
    """The files of the rehearsal that hold a form of the key and should not."""
    return [f"file {path.relative_to(places.ROOT)}" for path in _files() if _holds(path, needles)]


def _files() -> Iterator[Path]:
    for folder in (places.STATE, places.BUILD, places.ROOT / "cdk.out"):
        for path in folder.rglob("*"):
            allowed = path.name in ALLOWED_NAMES or any(path.is_relative_to(place) for place in ALLOWED)
            if path.is_file() and not path.is_symlink() and not allowed:
                yield path


def _holds(path: Path, needles: list[bytes]) -> bool:
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(needle) >= 0 for needle in needles)


def _answers() -> Iterator[tuple[str, bytes]]:
    """What the emulator shows of the link. Histories of walks are searched as files."""
    stacks = [one["StackName"] for one in clients.aws("cloudformation").describe_stacks()["Stacks"]]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        *(("cloudformation", "describe_stack_events", {"StackName": name}) for name in stacks),
        *(("cloudformation", "get_template", {"StackName": name}) for name in stacks),
        ("cloudformation", "describe_stacks", {}),
        ("cloudwatch", "list_metrics", {}),
        ("events", "list_rules", {}),
        ("ec2", "describe_instances", {}),
    ]
    for service, call, arguments in calls:
        yield f"{service} {call}", _text(getattr(clients.aws(service), call)(**arguments))
    yield "lambda list_functions", _text(clients.everything("lambda", "list_functions", "Functions"))
    for group in clients.everything("logs", "describe_log_groups", "logGroups"):
        events = clients.aws("logs").filter_log_events(logGroupName=group["logGroupName"])
        yield f"log group {group['logGroupName']}", _text(events)
    for name in clients.aws("dynamodb").list_tables()["TableNames"]:
        yield f"table {name}", _text(clients.aws("dynamodb").scan(TableName=name))
    reservations = clients.aws("ec2").describe_instances()["Reservations"]
    for instance in (one["InstanceId"] for reservation in reservations for one in reservation["Instances"]):
        data = clients.aws("ec2").describe_instance_attribute(InstanceId=instance, Attribute="userData")
        yield f"user data of {instance}", base64.b64decode(data["UserData"].get("Value", ""))


def _text(answer: Any) -> bytes:
    return json.dumps(answer, default=str).encode()
