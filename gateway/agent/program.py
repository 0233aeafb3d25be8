"""Runs a program of the machine and gives back what it printed. The only place that starts one."""

import subprocess
from collections.abc import Sequence

WHACK = "/usr/libexec/ipsec/whack"  # what `ipsec` runs after a long shell script
ADDCONN = "/usr/libexec/ipsec/addconn"
NFT = "/usr/sbin/nft"
IP = "/usr/sbin/ip"
JOURNALCTL = "/usr/bin/journalctl"


class ProgramFailed(Exception):
    """It ended with an error or not at all; the end of its words is in the message."""


class ProgramHung(ProgramFailed):
    """It could not be started, or did not end in time: that says nothing of what it was given."""


def run(arguments: Sequence[str], given: str | None = None, timeout_s: float = 10) -> str:
    """Standard output. Raises ProgramFailed."""
    try:
        done = subprocess.run(arguments, input=given, capture_output=True, text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ProgramHung(f"{arguments[0]}: {exc}") from exc
    if done.returncode != 0:
        words = " ".join((done.stderr or done.stdout).split())[-300:]
        raise ProgramFailed(f"{' '.join(arguments[:3])} ended with {done.returncode}: {words}")
    return done.stdout
