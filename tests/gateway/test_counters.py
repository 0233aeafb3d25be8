"""Since when the counters of outer bytes count, through all that becomes of the ruleset; nothing counts twice."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from gateway.agent import act, look, program
from gateway.agent.status import Outer
from tests.gateway import documents

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
WANTED = documents.parsed()


@dataclass
class Machine:
    """nft as far as it keeps counters, and a clock. `refuses` is the one of its verbs that fails."""

    counters: dict[str, int] = field(default_factory=dict)
    now: datetime = START
    refuses: str = ""

    def run(self, arguments: Sequence[str], given: str = "") -> str:
        if arguments[0] != program.NFT:
            return ""
        if self.refuses in arguments and self.refuses:
            raise program.ProgramFailed("nft ended with 1")
        if "list" in arguments:
            items = [{"counter": {"name": name, "bytes": value}} for name, value in self.counters.items()]
            return json.dumps({"nftables": [{"metainfo": {}}, *items]})
        if "delete table" in given:
            self.counters.clear()
        self.counters = {"outer_in": 0, "outer_out": 0} | self.counters
        return ""

    def carry(self, received: int, sent: int) -> None:
        """A minute passes, and so do bytes."""
        self.now += timedelta(minutes=1)
        self.counters["outer_in"] += received
        self.counters["outer_out"] += sent


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    class Clock:
        @staticmethod
        def now(_zone: tzinfo) -> datetime:
            return machine.now

    (tmp_path / "conf").mkdir()
    for name in ("all", "default"):
        (tmp_path / "conf" / name).mkdir()
    monkeypatch.setattr(act, "SYSCTL", tmp_path)
    monkeypatch.setattr(act, "changed_sysctls", list)
    monkeypatch.setattr(act, "datetime", Clock)
    monkeypatch.setattr(look, "SINCE", tmp_path / "since")
    monkeypatch.setattr(program, "run", machine.run)
    return machine


def _since(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def test_counters_count_since_the_first_ruleset_and_go_on_through_the_next_one(machine: Machine) -> None:
    act.protect(WANTED)
    machine.carry(5, 7)
    act.protect(WANTED)
    machine.carry(5, 7)
    assert look.outer() == Outer(10, 14, _since(0))


def test_a_ruleset_that_is_put_back_begins_to_count_anew(machine: Machine) -> None:
    act.protect(WANTED)
    machine.carry(5, 7)
    act.protect(WANTED, anew=True)
    machine.carry(1, 2)
    assert look.outer() == Outer(1, 2, _since(1))


def test_counters_of_which_nobody_knows_since_when_they_count_are_not_told_and_begin_anew(machine: Machine) -> None:
    act.protect(WANTED)
    machine.carry(5, 7)
    look.SINCE.unlink()
    assert look.outer() is None
    act.protect(WANTED)
    assert look.outer() == Outer(0, 0, _since(1))


def test_a_ruleset_that_could_not_be_put_back_leaves_no_bytes_to_be_counted_twice(machine: Machine) -> None:
    act.protect(WANTED)
    machine.carry(5, 7)
    machine.refuses = "--file"
    with pytest.raises(program.ProgramFailed):
        act.protect(WANTED, anew=True)
    assert look.outer() is None
    machine.refuses = ""
    machine.carry(1, 2)
    act.protect(WANTED)
    assert look.outer() == Outer(0, 0, _since(2))


def test_counters_that_are_gone_or_cannot_be_read_are_unknown(machine: Machine) -> None:
    act.protect(WANTED)
    machine.refuses = "list"
    assert look.outer() is None
    machine.refuses = ""
    del machine.counters["outer_out"]
    assert look.outer() is None
