"""What the agent makes of programs that refuse or say nothing, and what it tells iproute2."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.agent import act, decide, look, program
from gateway.agent.fault import Fault
from tests.gateway import documents


def test_a_program_that_does_not_end_in_time_has_refused_nothing() -> None:
    with pytest.raises(program.ProgramHung):
        program.run(["sleep", "5"], timeout_s=0.1)
    with pytest.raises(program.ProgramHung):
        program.run(["/nonexistent/nft"])
    with pytest.raises(program.ProgramFailed) as said:
        program.run(["false"])
    assert not isinstance(said.value, program.ProgramHung)


@pytest.mark.parametrize(
    ("said", "raised"),
    [(program.ProgramFailed("nft: syntax error"), Fault), (program.ProgramHung("timed out"), program.ProgramHung)],
)
def test_only_a_program_that_answered_refuses_a_configuration(
    said: Exception, raised: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_arguments: Sequence[str], given: str | None = None) -> str:
        raise said

    monkeypatch.setattr(act, "CANDIDATE", tmp_path / "candidate.conf")
    monkeypatch.setattr(program, "run", run)
    with pytest.raises(raised):
        act.check(documents.parsed())


def test_a_tunnel_that_came_up_carries_by_one_call_of_one_program(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[tuple[str, list[str]]] = []

    def run_once(arguments: Sequence[str], given: str) -> str:
        batches.append((" ".join(arguments), given.splitlines()))
        return ""

    monkeypatch.setattr(program, "run", run_once)
    act.carry(decide.wanted_routes(documents.parsed(tunnels=1), frozenset({1}), frozenset()), "10.101.0.4")
    [(called, (first, *routes))] = batches
    assert called == f"{program.IP} -4 -batch -"
    assert first == "link set ipsec1 mtu 1400 up"
    assert sorted(routes) == [
        "route replace 10.0.0.0/16 dev ipsec1 src 10.101.0.4 metric 10 proto 111",
        "route replace 172.16.0.0/24 dev ipsec1 src 10.101.0.4 metric 10 proto 111",
    ]


@pytest.mark.parametrize(
    ("held", "loaded"),
    [(frozenset({"right"}), []), (frozenset({"edited"}), ["causeway-1"]), (None, [])],
)
def test_what_changed_in_the_daemon_while_no_agent_ran_is_loaded_again(
    held: frozenset[str] | None, loaded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds: frozenset[str] | None = frozenset({"right"})
    ran: list[str] = []

    def run(arguments: Sequence[str], **_: object) -> str:
        if arguments[0] == program.ADDCONN:
            ran.append(arguments[-1])
        return ""

    monkeypatch.setattr(act, "LOADED", tmp_path / "loaded.conf")
    monkeypatch.setattr(act, "HELD", tmp_path / "held")
    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(look, "connections", lambda: holds)
    wanted = documents.parsed(tunnels=1)
    assert act.load(wanted) == holds
    assert ran == ["causeway-1"]
    ran.clear()
    holds = held
    assert act.load(wanted) == holds
    assert ran == loaded
