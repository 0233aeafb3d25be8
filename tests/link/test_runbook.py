"""The runbook knows every reason that preflight can give, and no other."""

import ast
import re
from pathlib import Path

from link import errors

ROOT = Path(__file__).parents[2]
REASON = re.compile(r"([A-Z][a-z]+){2,}")
REASON_WORD = re.compile(r"\b(?:[A-Z][a-z]+){2,}\b")


def _given() -> set[str]:
    """The CamelCase words that preflight's code hands to a finding."""
    files = [*(ROOT / "link").glob("preflight*.py"), ROOT / "link" / "finding.py"]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    words = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return {word for word in words if isinstance(word, str) and REASON.fullmatch(word)}


def test_the_table_of_refusals_and_warnings_is_complete() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    section = text.partition("## Refusals and warnings")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ") and "reason |" not in line]
    assert {row[1].split("(")[0].strip() for row in rows} == _given()
    assert all(len(row) == 5 and row[2].strip() and row[3].strip() for row in rows)


def test_every_error_that_ends_a_walk_is_in_the_runbook() -> None:
    section = (ROOT / "docs" / "runbook.md").read_text().partition("## Failures of a walk")[2].partition("\n## ")[0]
    named = {
        word.strip() for line in section.splitlines() if line.startswith("| ") for word in line.split("|")[1].split(",")
    }
    ends = {kind.__name__ for kind in errors.CausewayError.__subclasses__()} - {"SpecInvalid"}  # known before a walk
    assert named - {"reason"} == ends


# Reasons of a walk down, of a change that failed, and of a link that is up.
NEVER_TOLD = {"AzureSideWanted", "LinkNotWanted", "RouteGone", "RouteNotOurs", "WalkFailed", "Unprobed"}
UNWANTED = {"ConnectionUnwanted", "LocalNetworkGatewayUnwanted"}


def _words(module: str) -> set[str]:
    """Every CamelCase constant in a module of link."""
    tree = ast.parse((ROOT / "link" / f"{module}.py").read_text())
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {word for word in found if REASON.fullmatch(word)}


def test_whatever_a_human_can_be_told_of_is_in_the_runbook() -> None:
    section = (ROOT / "docs" / "runbook.md").read_text().partition("## What you are told")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    named = set(REASON_WORD.findall(" ".join(cells)))
    reasons = set().union(*(_words(module) for module in ("plan", "choose", "azure_plan", "verdict", "examine")))
    types = {"VpnGateway", "LocalNetworkGateway", "AzureFacts"}  # halves of a reason
    assert reasons - NEVER_TOLD - UNWANTED - types - {"ConnectionStuck"} <= named
