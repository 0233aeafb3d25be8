"""The runbook knows every reason that preflight can give, and no other."""

import ast
import re
from pathlib import Path

from link import errors, region

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


# Known before a walk, and those of the cost mail.
OF_NO_WALK = {"SpecInvalid", "PriceInvalid", "MailFateUnknown"}


def test_every_error_that_ends_a_walk_is_in_the_runbook() -> None:
    section = (ROOT / "docs" / "runbook.md").read_text().partition("## Failures of a walk")[2].partition("\n## ")[0]
    named = {
        word.strip() for line in section.splitlines() if line.startswith("| ") for word in line.split("|")[1].split(",")
    }
    assert named - {"reason"} == {kind.__name__ for kind in errors.CausewayError.__subclasses__()} - OF_NO_WALK


def _section(title: str) -> str:
    return (ROOT / "docs" / "runbook.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_whatever_keeps_a_cost_mail_from_arriving_is_in_the_runbook() -> None:
    rows = [line.split("|") for line in _section("The cost mail").splitlines() if line.startswith("| ")]
    assert all(len(row) == 5 and row[2].strip() and row[3].strip() for row in rows)
    named = set(re.findall(r"[\w-]+", " ".join(row[1] for row in rows)))
    code = {name: (ROOT / "lambdas" / name).read_text() for name in ("clouds/ses.py", "costs.py")}
    warnings = set(re.findall(r'warned\(\s*"(\w+)"', code["clouds/ses.py"]))
    told = set(re.findall(r"runbook\.md, (\w+)", code["costs.py"]))
    (subject,) = re.findall(r"Causeway: (the links pass their budget)", code["costs.py"])
    assert (len(warnings), len(told)) == (3, 1)
    assert warnings | told | {f"{region.COSTS}-Fails"} | OF_NO_WALK - {"SpecInvalid"} <= named
    assert any(f'"{subject}"' in row[1] for row in rows)


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
    reasons = set().union(
        *(_words(module) for module in ("plan", "choose", "azure_plan", "verdict", "diagnosis", "remedy"))
    )
    # Halves of a reason, remedies, and what the table of refusals has.
    types = {"VpnGateway", "LocalNetworkGateway", "AzureFacts", "ResetConnection", "ReplaceGateway", "RouteLimit"}
    assert reasons - NEVER_TOLD - UNWANTED - types - {"ConnectionStuck"} <= named
