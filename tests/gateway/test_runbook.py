"""The runbook knows every word with which the agent says what is wrong, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

from gateway.agent import journal

ROOT = Path(__file__).parents[2]


def _said() -> Iterator[str]:
    """The first words of all faults; those of the daemon's log stand in a table."""
    yield from (reason for reason, _, _ in journal._WORDS)
    trees = [ast.parse(file.read_text()) for file in (ROOT / "gateway" / "agent").glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "Fault":
            words = [node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]
            yield from (word for word in words if isinstance(word, str))


def test_every_word_of_the_gateway_is_in_the_runbook() -> None:
    section = (ROOT / "docs" / "runbook.md").read_text().partition("## Words of the gateway")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ") and "reason |" not in line]
    assert {word.strip() for row in rows for word in row[1].split(",")} == set(_said())
    assert all(len(row) == 6 and all(cell.strip() for cell in row[1:5]) for row in rows)
