"""AWS's error codes stand in one list, and each caller asks by what a code means."""

import ast
from pathlib import Path

import pytest

from link import aws_errors

ROOT = Path(__file__).parents[2]
SETS = [value for value in vars(aws_errors).values() if isinstance(value, frozenset)]
CODES = frozenset().union(*SETS)


def test_no_other_module_names_an_error_code_of_aws() -> None:
    named = [
        f"{file.relative_to(ROOT)}: {node.value!r}"
        for folder in ("link", "lambdas", "azure_functions", "causeway", "stacks")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "aws_errors.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value in CODES
    ]
    assert named == []


@pytest.mark.parametrize(
    ("code", "status", "busy"),
    [
        ("ThrottlingException", 400, True),
        ("InvalidInstanceID.NotFound", 400, True),
        ("", 500, True),
        ("Unheard", 503, True),
        ("UnauthorizedOperation", 403, False),
        ("InvalidToken", 400, False),
        ("", 0, False),
    ],
)
def test_busy_is_what_may_succeed_later(code: str, status: int, busy: bool) -> None:
    assert aws_errors.is_busy(code, status) is busy


@pytest.mark.parametrize(
    ("code", "allowed"),
    [("DryRunOperation", True), ("UnauthorizedOperation", False), ("InvalidSubnetID.NotFound", None)],
)
def test_a_dry_run_says_yes_no_or_neither(code: str, allowed: bool | None) -> None:
    assert aws_errors.dry_run_allowed(code) is allowed
