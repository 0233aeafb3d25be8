"""Traffic between hosts of the two clouds, and what the "internet" between the clouds saw of it."""

import itertools
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal import internet, networks, places

SIZE = 50_000_000
PORT = 5001
PING_EVERY_S = 0.1
LAST_ANSWER_S = 1.0
UNDER_WAY = 2


@dataclass(frozen=True)
class Transfer:
    """One TCP transfer as its two ends saw it."""

    sent: str
    received: str
    seconds: float

    @property
    def megabits(self) -> float:
        return SIZE * 8 / 1e6 / self.seconds


def ping(source: networks.Host, target: networks.Host, count: int = 5) -> int:
    """How many of the echo requests were answered."""
    command = ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", "2", str(target.address)]
    said = subprocess.run(_inside(source, command), capture_output=True, text=True, check=False).stdout
    answered = [line.split(", ")[1].split()[0] for line in said.splitlines() if "packets transmitted" in line]
    return int(answered[0]) if answered else 0


@dataclass(frozen=True)
class Pings:
    """What became of a row of echo requests; `gap_s` is the longest time in which none was answered."""

    sent: int
    lost: int
    gap_s: float

    def __str__(self) -> str:
        return f"{self.lost} of {self.sent} pings lost, longest gap {self.gap_s:.2f} s"


@dataclass(frozen=True)
class Answers:
    """A row of echo requests that goes on: the moment of each answer by the request's number, and the newest number.

    Those up to `before` do not count.
    """

    moments: Mapping[int, float]
    newest: int
    before: int = 0

    @property
    def sent(self) -> int:
        return self.newest - self.before

    @property
    def lost(self) -> list[int]:
        """Those without an answer, but for the newest ones, which may still be under way."""
        counted = range(self.before + 1, self.newest - UNDER_WAY + 1)
        return [number for number in counted if number not in self.moments]

    def after(self, number: int) -> "Answers":
        """Only the requests after this one."""
        return Answers(self.moments, self.newest, number)

    def restored(self, steady_s: float) -> float | None:
        """The first answer after the last lost request, once all have been answered for `steady_s` since."""
        after = [moment for number, moment in self.moments.items() if number > max(self.lost, default=self.before)]
        return min(after) if after and max(after) - min(after) >= steady_s else None


def read(answers: str) -> Answers:
    """What `ping -D -O` wrote so far. A request is known by its answer, by an error, or by "no answer yet"."""
    found = re.findall(r"\[(\S+)\] \d+ bytes .* icmp_seq=(\d+) ", answers)
    numbers = [int(number) for number in re.findall(r"icmp_seq=(\d+)", answers)]
    return Answers({int(number): float(moment) for moment, number in found}, max(numbers, default=0))


class Meter:
    """One host pings another all the while that the body runs; `pings` says afterwards what was lost."""

    pings: Pings

    def __init__(self, source: networks.Host, target: networks.Host, every_s: float = PING_EVERY_S) -> None:
        self._source, self._target, self._every_s = source, target, every_s

    def so_far(self) -> Answers:
        """What has become of the requests until now."""
        number = self._answers.fileno()
        return read(os.pread(number, os.fstat(number).st_size, 0).decode())  # ping writes where a seek would lead

    def __enter__(self) -> "Meter":
        options = ["-n", "-D", "-O", "-i", str(self._every_s), "-I", str(self._source.address)]
        command = _inside(self._source, ["ping", *options, str(self._target.address)])
        self._answers = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would stop ping before long
        self._began = time.time()
        self._ping = subprocess.Popen(command, stdout=self._answers, stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        ended = time.time()
        self._ping.send_signal(signal.SIGQUIT)  # the number of requests so far, on standard error: ping(8)
        time.sleep(LAST_ANSWER_S)  # for those that are under way
        self._ping.send_signal(signal.SIGINT)
        summary = self._ping.communicate()[1]
        with self._answers as answers:
            answers.seek(0)
            self.pings = count(answers.read(), summary, self._began, ended)


def count(answers: str, summary: str, began: float, ended: float) -> Pings:
    """Reads what ping wrote; answers to requests that were sent after `summary` do not count."""
    said = re.search(r"(\d+) packets, ", summary)
    sent = int(said[1]) if said else 0
    found = re.findall(r"\[(\S+)\] \d+ bytes .* icmp_seq=(\d+) ", answers)
    moments = {int(number): float(moment) for moment, number in found if int(number) <= sent}
    edges = [began, *sorted(moments.values()), ended]
    gap_s = max(later - earlier for earlier, later in itertools.pairwise(edges))
    return Pings(sent, sent - len(moments), round(gap_s, 2))


def transfer(source: networks.Host, target: networks.Host) -> Transfer:
    """Sends SIZE bytes by TCP."""
    program = [str(places.VENV_PYTHON), "-m", "rehearsal.transfer"]
    address = str(target.address)
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


def _inside(host: networks.Host, command: list[str]) -> list[str]:
    return ["ip", "netns", "exec", host.namespace, *command]
