"""What a rehearsal must not leave on the machine: processes, namespaces, taps, files outside the project's folder."""

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


def things() -> set[str]:
    """Everything of the kinds that a rehearsal makes, one line each: taken before and after."""
    return {
        *(f"process {line}" for line in _processes()),
        *(f"namespace {name}" for name in wires.leftover_namespaces()),
        *(f"interface {path.name}" for path in Path("/sys/class/net").glob("*")),
        *(f"file {path}" for path in _files()),
    }


def _files() -> Iterator[Path]:
    for folder in (Path(shared).expanduser() for shared in SHARED_FOLDERS):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if any(mark in path.name.lower() for mark in MARKS))


def _processes() -> Iterator[str]:
    """Processes whose command line names a folder of this project's rehearsal."""
    ours = (places.STATE, places.TOOLS / "emulator", places.TOOLS / "lambda", places.ROOT / "node_modules")
    listed = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if any(f"{folder}/" in line for folder in ours):
            yield line.strip()[:120]
