"""The boot script on a machine without the packages, with stand-ins for the programs that it calls."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

BOOT = Path(__file__).parents[2] / "gateway" / "files" / "boot"
PROGRAMS = ("apt-get", "systemctl", "sleep", "python3")
COMPLAINTS = ("W: something else", "W: Failed to fetch http://mirror  Unable to connect", "E: Unable to locate package")
SAYS = {"apt-get": "".join(f'echo "{line}"\n' for line in COMPLAINTS)}

pytestmark = pytest.mark.skipif(
    Path("/usr/libexec/ipsec/pluto").exists(),
    reason="this machine has Libreswan, so the script finds nothing to install",
)


@pytest.fixture
def boot(tmp_path: Path) -> Callable[..., tuple[int, list[str], str]]:
    """Runs the script; gives its exit code, the calls that it made, and the console."""

    def run(argument: str, **fail: bool) -> tuple[int, list[str], str]:
        calls, console = tmp_path / "calls", tmp_path / "console"
        for name in PROGRAMS:
            stand_in = tmp_path / name
            code = 1 if fail.get(name.replace("-", "_")) else 0
            stand_in.write_text(f'#!/bin/sh\necho "{name} $*" >>{calls}\n{SAYS.get(name, "")}exit {code}\n')
            stand_in.chmod(0o755)
        console.touch()
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CONSOLE": str(console)}
        done = subprocess.run(["sh", str(BOOT), argument], env=environment, check=False, timeout=30)
        return done.returncode, calls.read_text().splitlines() if calls.exists() else [], console.read_text()

    return run


def test_early_in_the_boot_nothing_is_started_without_the_packages(
    boot: Callable[..., tuple[int, list[str], str]],
) -> None:
    assert boot("early") == (0, [], "")


def test_packages_that_cannot_be_installed_are_said_in_an_event_and_on_the_console(
    boot: Callable[..., tuple[int, list[str], str]],
) -> None:
    code, calls, console = boot("install", apt_get=True)
    assert code == 1
    assert sum(call.startswith("apt-get") for call in calls) == 5
    assert all("-o DPkg::Lock::Timeout=120" in call for call in calls if call.startswith("apt-get"))
    assert calls[-1].startswith("python3 -m gateway.agent.failed PackagesNotInstalled apt could not install")
    assert console.splitlines()[-1].startswith("causeway: GatewayBootFailed PackagesNotInstalled: apt could not")
    assert console.splitlines()[-1].endswith(f"in 5 tries: {COMPLAINTS[1]}")
    assert calls[-1].endswith(console.splitlines()[-1].partition("PackagesNotInstalled: ")[2])
    assert not any(call.startswith("systemctl") for call in calls)


def test_an_event_that_cannot_be_sent_is_said_on_the_console(boot: Callable[..., tuple[int, list[str], str]]) -> None:
    _, _, console = boot("install", apt_get=True, python3=True)
    assert console.splitlines()[-1] == "causeway: the event could not be sent"
