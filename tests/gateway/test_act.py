"""What the agent makes of programs that refuse, and of programs that say nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.agent import act, program
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
