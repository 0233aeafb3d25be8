"""Each figure on a small known case; what was not measured is absent, and one that fails hides no other."""

import json
import subprocess
from pathlib import Path
from random import Random

import pytest

from gateway import cloud_config
from rehearsal import places, timeline
from tools import figures
from tools.synthesis import Stack, example_stacks

FUNCTION, ROLE, TABLE = ({"Type": kind} for kind in ("AWS::Lambda::Function", "AWS::IAM::Role", "AWS::DynamoDB::Table"))
STACKS = (
    Stack("causeway-one", "eu-west-1", {"A": FUNCTION, "B": FUNCTION, "C": ROLE, "Table": TABLE}),
    Stack("CausewayWatch-eu-west-1", "eu-west-1", {"A": FUNCTION, "B": ROLE}),
    Stack("CausewayCosts-us-east-1", "us-east-1", {"A": FUNCTION}),
)


def test_resources_and_roles_are_those_of_the_links_stack() -> None:
    assert (figures.resources_per_link(STACKS), figures.iam_roles_per_link(STACKS)) == (4, 1)


def test_functions_are_those_of_every_stack_of_the_links_region() -> None:
    assert figures.functions_per_region(STACKS) == 3


def test_the_stacks_of_an_example_are_the_products() -> None:
    names = [stack.name for stack in example_stacks(1)]
    assert [name for name in names if name.startswith("causeway-")] == ["causeway-example-001"]
    assert "CausewayCosts-eu-west-1" in names
    assert figures.resources_per_link(example_stacks(1)) > figures.iam_roles_per_link(example_stacks(1)) > 0


def test_user_data_is_counted_as_rendered_for_the_link_and_its_table() -> None:
    rendered = cloud_config.render("one", "eu-west-1", "causeway-one-Table-1A2B3C4D5E6F")
    assert figures.user_data_bytes(STACKS) == len(rendered)


def test_an_asset_is_measured_deflated_with_all_its_folders(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    random = Random(1)
    (tmp_path / "dense").write_bytes(random.randbytes(1_000_000))
    (tmp_path / "folder" / "dense").write_bytes(random.randbytes(2_000_000))
    (tmp_path / "folder" / "empty").write_bytes(bytes(5_000_000))
    assert figures.lambda_zip_mb(tmp_path) == pytest.approx(3.0, abs=0.02)


def _walk(name: str, other_s: float, *states: str) -> timeline.Timeline:
    visited = tuple(timeline.State(state, "2026-12-01T00:00:00.000+00:00", 1.0, 0.0, 1.0, "") for state in states)
    return timeline.Timeline(name, visited, total_s=70 + other_s, boot_s=60, arm_s=10)


def test_a_walks_own_seconds_are_those_of_the_first_that_built_a_link(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(places, "TIMELINE", tmp_path / "timeline.json")
    refused = _walk("refused", 1, "Discover", "Preflight", "Report")
    undone = _walk("undone", 2, "WaitForBoot", "Verify", "DisconnectAzure", "RemoveRoutes", "Report")
    healing = _walk("healing", 3, "WaitForBoot", "RepointGateway", "Verify", "Report")
    restored = _walk("restored", 4, "WaitForBoot", "Verify", "RestoreGateway", "Report")
    built = _walk("built", 5.25, "WaitForBoot", "Verify", "Report")
    timeline.save([refused, undone, healing, restored, built, _walk("later", 6, "WaitForBoot", "Verify", "Report")])
    assert figures.walk_own_s(places.TIMELINE) == 5.25
    timeline.save([refused])
    assert figures.walk_own_s(places.TIMELINE) is None


def test_lines_are_those_of_the_products_tracked_files(tmp_path: Path) -> None:
    lines = {"app.py": 1, "link/a.py": 2, "azure_functions/infra/main.bicep": 3, "lambdas/mail/statement.html.j2": 4}
    others = {"lambdas/requirements.lock": 5, "azure_functions/requirements.txt": 6, "tests/a.py": 7, "README.md": 8}
    for name, count in (lines | others).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("line\n" * count)
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "link" / "untracked.py").write_text("line\n")
    assert figures.product_lines(tmp_path) == 10


def test_a_figure_without_its_source_is_absent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = tmp_path / "absent"
    measured = {
        "lambda_zip_mb": lambda: figures.lambda_zip_mb(absent),
        "walk_own_s": lambda: figures.walk_own_s(absent),
        "product_lines": lambda: figures.product_lines(absent),
        "known": lambda: 0,
    }
    assert figures.main(measured, tmp_path / "new" / "figures.json") == 0
    assert json.loads((tmp_path / "new" / "figures.json").read_text()) == {"known": 0}
    assert json.loads(capsys.readouterr().out) == {"known": 0}


def test_a_figure_that_fails_is_reported_and_hides_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "timeline.json").write_text("{")
    measured = {"walk_own_s": lambda: figures.walk_own_s(tmp_path / "timeline.json"), "known": lambda: 2}
    assert figures.main(measured, tmp_path / "figures.json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads((tmp_path / "figures.json").read_text()) == {"known": 2}
    assert said.err.startswith("walk_own_s: JSONDecodeError: ")
