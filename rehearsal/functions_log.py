"""The log of the Functions host: JSON lines of the app's, and those in which the host itself notes each request."""

import json

from rehearsal import places

HOST = "functions_host"


def text() -> str:
    """All of it."""
    return (places.LOGS / "functions.log").read_text(errors="replace")


def of_app() -> list[str]:
    """The lines that are not the host's own; one that is no JSON is somebody's all the same."""
    return [line for line in text().splitlines() if not _is_hosts(line)]


def _is_hosts(line: str) -> bool:
    try:
        return bool(json.loads(line)["from"] == HOST)
    except (ValueError, KeyError, TypeError):
        return False
