"""What IAM would have denied. The emulator only warns of it: its full enforcement breaks `cdk deploy`."""

import re

from rehearsal import places

PREFIX = "causeway-"  # every role of a link's stack is named so, and the Function's own user
DENIED = re.compile(r"IAM AUDIT DENY: (?P<what>User: \S+:(assumed-role|user)/(?P<name>[^/ ]+)\S* is not authorized .*)")
UNKNOWN = re.compile(r"IAM: (?P<what>unknown caller for \S+)")


def denied_lines(log_text: str, prefix: str = PREFIX) -> list[str]:
    """Each call denied to a role or user of that name prefix, once; and each by a key that belongs to nobody."""
    roles = {found["what"] for found in DENIED.finditer(log_text) if found["name"].startswith(prefix)}
    return sorted(roles | {found["what"] for found in UNKNOWN.finditer(log_text)})


def denied() -> list[str]:
    """The same from the emulator's log."""
    log = places.LOGS / "emulator.log"
    return denied_lines(log.read_text(errors="replace")) if log.exists() else []
