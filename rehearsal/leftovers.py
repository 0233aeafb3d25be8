"""What a rehearsal must not leave on the machine: processes, namespaces, taps, files outside the project's folder."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rehearsal import fabric, places, services, wires

# Names that programs of the rehearsal use for what they put into shared folders.
MARKS = (
    "cw-",
    "causeway",
    "rehearsal",
    "localemu",
    "localstack",
    "azurite",
    "jsii",
    "cdk",
    "charon",
    "swanctl",
    "qemu",
)
SHARED_FOLDERS = (
    "/tmp",
    "/var/tmp",
    "/run",
    "/run/netns",
    "/etc",
    "/etc/swanctl",
    "/etc/netns",
    "/var/lib",
    "/dev/shm",
    "~",
)


def end() -> None:
    """Ends what a fabric that was killed could not end itself."""
    if services.has_data_plane():
        fabric.clean()


def outside() -> set[str]:
    """What lies in the folders that programs share, by name."""
    found = set()
    for folder in (Path(shared).expanduser() for shared in SHARED_FOLDERS):
        if folder.is_dir():
            found |= {str(path) for path in folder.iterdir()}
    return found


def remaining(before: set[str]) -> list[str]:
    """One line for each thing of ours that is still there."""
    new = [path for path in sorted(outside() - before) if any(mark in Path(path).name.lower() for mark in MARKS)]
    return [
        *(f"process {line}" for line in processes()),
        *(f"namespace {name}" for name in wires.leftover_namespaces()),
        *(f"interface {name}" for name in _interfaces()),
        *(f"file {path}" for path in new),
    ]


def _interfaces() -> list[str]:
    names = [path.name for path in Path("/sys/class/net").glob("*")]
    return [name for name in names if name.startswith(("cw-", "vmi-", "vm-"))]


def processes() -> Iterator[str]:
    """Processes whose command line names this project's folders, other than this one's own family."""
    ours = (str(places.STATE), str(places.TOOLS), str(places.ROOT / "node_modules"))
    family = _ancestors(os.getpid())
    for line in _run("ps", "-axww", "-o", "pid=,command=").splitlines():
        pid, _, command = line.strip().partition(" ")
        if int(pid) not in family and any(folder in command for folder in ours):
            yield f"{pid} {command[:120]}"


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1:
        found.add(pid)
        pid = int(_run("ps", "-o", "ppid=", "-p", str(pid)).strip() or 0)
    return found


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
