"""What IAM would have denied. The emulator only warns of it: its full enforcement breaks `cdk deploy`."""

import re

from link import region
from rehearsal import places

PREFIXES = ("causeway-", region.WATCH, region.COSTS)  # roles of links, the role of the region, that of the cost mail
DENIED = re.compile(r"IAM AUDIT DENY: (?P<what>User: \S+:assumed-role/(?P<name>[^/ ]+)\S* is not authorized .*)")
UNKNOWN = re.compile(r"IAM: (?P<what>unknown caller for \S+)")


def denied_lines(log_text: str, prefixes: tuple[str, ...] = PREFIXES) -> list[str]:
    """Each call denied to a role of these name prefixes, once; and each by a key that belongs to nobody."""
    roles = {found["what"] for found in DENIED.finditer(log_text) if found["name"].startswith(prefixes)}
    return sorted(roles | {found["what"] for found in UNKNOWN.finditer(log_text)})


def denied() -> list[str]:
    """The same from the emulator's log."""
    log = places.LOGS / "emulator.log"
    return denied_lines(log.read_text(errors="replace")) if log.exists() else []
