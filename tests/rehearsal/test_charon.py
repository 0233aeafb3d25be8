"""A gateway's daemon that a drill kills: it is gone at once, stays away, and comes back when it may."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from rehearsal import charon, places, processes

ONE, TWO = IPv4Address("203.0.113.4"), IPv4Address("203.0.113.5")
SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is started is no daemon, and nobody speaks to it: namespaces of these names may be those of a rehearsal."""
    start = processes.start
    for name in ("STATE", "RUN", "LOGS"):
        monkeypatch.setattr(places, name, tmp_path)

    def started(name: str, _command: Sequence[str], environment: Mapping[str, str]) -> None:
        start(name, SLEEPS, environment)

    def speak(namespace: str) -> None:
        raise ConnectionRefusedError(namespace)

    monkeypatch.setattr(processes, "start", started)
    monkeypatch.setattr(charon, "speak", speak)
    yield
    for name in processes.remembered():
        processes.stop(name, grace_s=1)


def ended(address: IPv4Address) -> bool:
    """Waits for the end of its process."""
    if child := processes._children.get(f"charon-cw-peer{address.packed[-1]}"):
        child.wait(timeout=3)
    return not charon.is_running(address)


def test_a_daemon_that_was_killed_stays_away_until_it_is_given_back_and_the_other_lives_on() -> None:
    one, two = charon.Charon(ONE), charon.Charon(TWO)
    for daemon in (one, two):
        daemon.ensure()
    charon.kill(ONE)
    assert ended(ONE)
    for daemon in (one, two):
        daemon.ensure()
    assert (charon.is_running(ONE), charon.is_running(TWO)) == (False, True)
    charon.give_back(ONE)
    assert one.ensure() is False
    assert charon.is_running(ONE)
