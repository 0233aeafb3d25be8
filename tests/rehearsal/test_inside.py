"""A command for the shell inside a machine: what is written to it, and what is read of its answer."""

import subprocess
from pathlib import Path

import pytest

from rehearsal import inside


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "OUTPUT", f"{tmp_path}/output")


def ask(command: str, timeout_s: float = 10) -> tuple[int, str]:
    """The shell of a machine is a shell whose input is a serial line; here it is one whose input is a pipe."""
    left = "cafe 0 Zm9ybWVy\nnoise\n"
    done = subprocess.run(
        ["sh"], input=inside.request(command, "mark", timeout_s), capture_output=True, text=True, check=True
    )
    return inside.answer((left + done.stdout).splitlines(), "mark")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("true", (0, "")),
        ("echo \"a  'b'\" $((1 + 1)); echo wrong >&2; exit 3", (3, "a  'b' 2\nwrong\n")),
        ("printf 'one\ntwo' | grep -c .", (0, "2\n")),
        ("cat; exec nothing-of-this-name", (127, None)),
    ],
)
def test_a_command_tells_its_status_and_what_it_printed(command: str, told: tuple[int, str | None]) -> None:
    status, output = ask(command)
    assert status == told[0]
    assert told[1] in (None, output)


def test_a_command_that_hangs_is_ended_and_the_shell_goes_on() -> None:
    assert ask("echo begun; sleep 60", timeout_s=0.2) == (inside.TIMED_OUT, "begun\n")


def test_a_shell_that_ends_has_not_answered() -> None:
    with pytest.raises(inside.Unreachable):
        inside.answer(["other 0 "], "mark")
