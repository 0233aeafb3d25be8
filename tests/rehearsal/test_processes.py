"""Only a program that we started, and that still is that program, is ended."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import places, processes


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(places, "RUN", tmp_path / "run")
    monkeypatch.setattr(places, "LOGS", tmp_path / "logs")
    yield
    for name in processes.remembered():
        processes.stop(name, grace_s=1)


def _start(program: str) -> None:
    processes.start("one", [sys.executable, "-c", program], {})


def test_a_program_runs_until_it_is_stopped() -> None:
    _start("import time; time.sleep(60)")
    assert processes.running("one")
    assert processes.stop("one")
    assert processes.running("one") is None
    assert not processes.stop("one")


def test_a_pid_that_somebody_else_has_now_is_left_alone() -> None:
    places.RUN.mkdir()
    (places.RUN / "one.pid").write_text(json.dumps({"pid": os.getpid(), "started": "Mon Jan  1 00:00:00 2001"}))
    assert processes.running("one") is None
    assert not processes.stop("one")  # and this test is still alive


def test_a_program_that_ends_early_is_named_with_its_last_words() -> None:
    _start("print('no port')")
    with pytest.raises(processes.NotReady, match="no port"):
        processes.wait_ready("one", lambda: False, timeout_s=10)
