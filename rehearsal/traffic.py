"""Traffic between the two private hosts, and what the "internet" between the clouds saw of it."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal import internet, places

SIZE = 50_000_000
PORT = 5001
HOSTS = {
    "AWS": (places.NAMESPACE_AWS_HOST, places.AWS_HOST_ADDRESS),
    "Azure": (places.NAMESPACE_AZURE_HOST, places.AZURE_HOST_ADDRESS),
}
DIRECTIONS = (("AWS", "Azure"), ("Azure", "AWS"))


@dataclass(frozen=True)
class Transfer:
    """One TCP transfer as its two ends saw it."""

    sent: str
    received: str
    seconds: float

    @property
    def megabits(self) -> float:
        return SIZE * 8 / 1e6 / self.seconds


def ping(source: str, target: str, count: int = 5) -> int:
    """How many of the echo requests were answered."""
    command = ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", "2", HOSTS[target][1]]
    said = subprocess.run(_inside(source, command), capture_output=True, text=True, check=False).stdout
    answered = [line.split(", ")[1].split()[0] for line in said.splitlines() if "packets transmitted" in line]
    return int(answered[0]) if answered else 0


@contextlib.contextmanager
def knocking() -> Iterator[list[str]]:
    """A private host pings the other side five times a second all the while, so that what may go astray does.

    Yields a list that holds ping's own summary afterwards.
    """
    said: list[str] = []
    command = _inside("AWS", ["ping", "-n", "-q", "-i", "0.2", HOSTS["Azure"][1]])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield said
    finally:
        process.send_signal(signal.SIGINT)  # ping(8) prints its summary on it
        output, _ = process.communicate(timeout=10)
        said += [line for line in output.splitlines() if "packets transmitted" in line]


def transfer(source: str, target: str) -> Transfer:
    """Sends SIZE bytes by TCP."""
    program = [str(places.VENV_PYTHON), "-m", "rehearsal.transfer"]
    address = HOSTS[target][1]
    receiver = subprocess.Popen(
        _inside(target, [*program, "receive", address, str(PORT)]), stdout=subprocess.PIPE, text=True, cwd=places.ROOT
    )
    assert receiver.stdout is not None
    try:
        receiver.stdout.readline()  # it listens
        began = time.monotonic()
        sender = subprocess.run(
            _inside(source, [*program, "send", address, str(PORT), str(SIZE)]),
            capture_output=True,
            text=True,
            check=False,
            cwd=places.ROOT,
        )
        received = receiver.stdout.readline().strip() if sender.returncode == 0 else "nothing"
        said = sender.stdout.strip() or sender.stderr.strip().splitlines()[-1]
        return Transfer(said, received, time.monotonic() - began)
    finally:
        receiver.kill()
        receiver.wait()


def seen(counter: str) -> int:
    """Packets of this kind that the internet has seen: clear text, or fragments."""
    return internet.counters()[counter].packets


def _inside(host: str, command: list[str]) -> list[str]:
    return ["ip", "netns", "exec", HOSTS[host][0], *command]
