"""Runs a command as root inside a gateway machine, for drills: EC2 has nothing like it, the product no login.

The shell that answers is at the machine's second serial port (`vm.SHELL`). One command at a time; others wait for it.
"""

import base64
import shlex
from collections.abc import Iterable
from uuid import uuid4

from rehearsal import vm

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OUTPUT = "/dev/shm/inside"  # not on the disk, which may be full
TIMED_OUT = 124  # timeout(1)


class Unreachable(Exception):
    """The machine's shell did not answer."""


def run(machine: str, command: str, timeout_s: float = 30) -> tuple[int, str]:
    """Exit status and output, both streams. TIMED_OUT when the command was ended for its time. Raises Unreachable."""
    mark = uuid4().hex
    try:
        with vm.connect(machine, "shell", timeout_s + 10) as wire:
            wire.sendall(request(command, mark, timeout_s).encode())
            with wire.makefile("r", encoding="ascii", errors="replace") as lines:
                return answer(lines, mark)
    except OSError as exc:
        raise Unreachable(f"{machine}: {exc}") from exc


def request(command: str, mark: str, timeout_s: float) -> str:
    """One line for the shell. It answers with one line: mark, status, output in base64."""
    text = base64.b64encode(command.encode()).decode()
    return (
        f'export PATH={PATH}; timeout -k 2 {timeout_s:g} sh -c "$(echo {text} | base64 -d)" </dev/null >{OUTPUT} 2>&1;'
        f" echo {shlex.quote(mark)} $? $(base64 -w0 {OUTPUT})\n"
    )


def answer(lines: Iterable[str], mark: str) -> tuple[int, str]:
    """What the shell said to the request with this mark; passes over what is left of others. Raises Unreachable."""
    for line in lines:
        said, _, rest = line.strip().partition(" ")
        if said == mark:
            status, _, output = rest.partition(" ")
            return int(status), base64.b64decode(output).decode(errors="replace")
    raise Unreachable("the machine's shell ended")
