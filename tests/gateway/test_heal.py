"""What the agent puts back by itself, on a machine that is a few values: what it tells, does, and leaves alone."""

import time
from dataclasses import dataclass, field

import pytest

from gateway.agent import act, heal, look, program
from gateway.agent.configuration import Configuration
from gateway.agent.fault import Fault
from gateway.agent.feed import Fetched
from gateway.agent.ladder import Remedy
from gateway.agent.status import Interface
from tests.gateway import documents

WANTED = Fetched(documents.parsed(), "secrets")
BOTH = frozenset({1, 2})
INTERFACES = (Interface("ipsec1", up=True, mtu=1400), Interface("ipsec2", up=True, mtu=1400))


@dataclass
class Machine:
    """What the agent can see, as an act of its own would leave it."""

    ruleset: str | None = "rules"
    loaded: frozenset[str] | None = frozenset({"one", "two"})
    interfaces: tuple[Interface, ...] = INTERFACES
    file: str | None = None
    sysctls: tuple[str, ...] = ()
    kernel_is_empty: bool = False
    now: float = 1000.0
    revived: list[Remedy] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    def load_anew(self, _configuration: Configuration) -> None:
        self.loaded, self.interfaces, self.kernel_is_empty = frozenset({"one", "two"}), INTERFACES, False

    def protect(self, _configuration: Configuration, *, anew: bool) -> None:
        assert anew
        self.ruleset, self.sysctls = "rules", ()

    def store(self, _configuration: Configuration, _secrets: str) -> None:
        self.file = None

    def say(self, remedy: str, why: Fault) -> None:
        self.told.append((remedy, why.reason))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(time, "monotonic", lambda: machine.now)
    monkeypatch.setattr(look, "ruleset", lambda: machine.ruleset)
    monkeypatch.setattr(look, "connections", lambda: machine.loaded)
    monkeypatch.setattr(look, "interfaces", lambda: machine.interfaces)
    monkeypatch.setattr(look, "kernel_is_empty", lambda: machine.kernel_is_empty)
    monkeypatch.setattr(act, "changed_file", lambda *_: machine.file)
    monkeypatch.setattr(act, "changed_sysctls", lambda: list(machine.sysctls))
    monkeypatch.setattr(act, "reread_secrets", lambda: None)
    monkeypatch.setattr(act, "revive", machine.revived.append)
    for name in ("load_anew", "protect", "store"):
        monkeypatch.setattr(act, name, getattr(machine, name))
    return machine


@pytest.fixture
def healer(machine: Machine) -> heal.Healer:
    healer = heal.Healer(machine.say)
    healer.begin(machine.loaded)
    return healer


def test_a_machine_that_is_as_it_should_be_is_left_alone(machine: Machine, healer: heal.Healer) -> None:
    for machine.now in range(1000, 1100):
        healer.compare(WANTED, BOTH)
    assert machine == Machine(now=1099)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"file": "causeway.conf"}, ("restore", "FileChanged")),
        ({"ruleset": ""}, ("restore", "RulesetChanged")),
        ({"sysctls": ("ip_forward",)}, ("restore", "SysctlChanged")),
        ({"loaded": frozenset({"one"})}, ("reload", "ConnectionsChanged")),
        ({"interfaces": INTERFACES[:1]}, ("reload", "InterfaceMissing")),
        ({"kernel_is_empty": True}, ("reload", "KernelStateMissing")),
    ],
)
def test_what_somebody_changed_is_put_back_once_and_told(
    machine: Machine, healer: heal.Healer, broken: dict[str, object], told: tuple[str, str]
) -> None:
    for name, value in broken.items():
        setattr(machine, name, value)
    for machine.now in range(1000, 1010):
        healer.compare(WANTED, BOTH)
    assert machine == Machine(now=1009, told=[told])


def test_what_could_not_be_read_is_not_put_back(machine: Machine, healer: heal.Healer) -> None:
    machine.ruleset = machine.loaded = None
    healer.compare(WANTED, BOTH)
    assert machine.told == []


def test_a_tunnel_that_ends_just_now_is_not_missed_in_the_kernel(machine: Machine, healer: heal.Healer) -> None:
    machine.kernel_is_empty = True
    assert not healer.compare(WANTED, BOTH)
    machine.now += 1
    machine.kernel_is_empty = False
    assert not healer.compare(WANTED, BOTH)
    machine.now += 10
    machine.kernel_is_empty = True
    assert not healer.compare(WANTED, BOTH)
    machine.now += 1
    assert healer.compare(WANTED, BOTH), "the tunnels have been ended"


def test_connections_are_loaded_from_files_that_are_right(
    machine: Machine, healer: heal.Healer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act, "changed_file", lambda *_: None)  # it is changed between this look and the reload
    machine.file, machine.loaded = "causeway.conf", frozenset()
    healer.compare(WANTED, BOTH)
    assert machine == Machine(told=[("reload", "ConnectionsChanged")])


def test_no_kernel_state_is_missed_while_no_tunnel_is_up(machine: Machine, healer: heal.Healer) -> None:
    machine.kernel_is_empty = True
    healer.compare(WANTED, frozenset())
    assert machine.told == []


def test_a_daemon_that_does_not_answer_is_replaced_and_one_that_answers_again_is_not(
    machine: Machine, healer: heal.Healer
) -> None:
    hung = program.ProgramHung("whack: timed out")
    assert [healer.silent(hung), healer.silent(hung)] == [False, False]
    healer.compare(WANTED, BOTH)
    assert [healer.silent(hung), healer.silent(hung), healer.silent(hung)] == [False, False, True]
    assert not healer.silent(program.ProgramFailed("whack: no daemon"))
    assert machine.revived == [Remedy.KILL]
    assert machine.told == [("kill", "DaemonHung")]


def test_a_daemon_that_is_gone_is_started_at_once_and_not_every_second(machine: Machine, healer: heal.Healer) -> None:
    for machine.now in range(1000, 1300):
        healer.silent(program.ProgramFailed("whack: no daemon"))
    assert machine.revived == [Remedy.START] * 4  # after 0, 10, 25 and 85 seconds
    assert set(machine.told) == {("start", "DaemonStopped")}


def test_another_key_in_the_secret_store_is_taken_over(machine: Machine, healer: heal.Healer) -> None:
    machine.file = "causeway.secrets"
    assert healer.rekeyed(WANTED)
    assert machine == Machine(told=[("reload", "SharedKeyChanged")])


def test_a_remedy_that_fails_ends_nothing(
    machine: Machine, healer: heal.Healer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(act, "store", fail)
    machine.file, machine.ruleset = "causeway.conf", ""
    healer.compare(WANTED, BOTH)
    assert (machine.file, machine.ruleset) == ("causeway.conf", "rules")


def test_connections_that_do_not_stay_loaded_get_a_new_daemon(machine: Machine, healer: heal.Healer) -> None:
    for machine.now in range(1000, 1100, 3):
        machine.loaded = frozenset()
        healer.compare(WANTED, BOTH)
    assert [remedy for remedy, _ in machine.told][:3] == ["reload", "reload", "restart"]
    assert len(machine.told) <= 6
