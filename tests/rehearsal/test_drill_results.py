"""Results of drills are kept by commit, and a run resumes from them."""

import argparse
import contextlib
import dataclasses
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rehearsal import rehearse, traffic, world
from rehearsal.drills import alerts, catalogue, commit, options, outcome, results, run
from rehearsal.drills.healing import Healing
from rehearsal.drills.outcome import Outcome

COMMIT, OTHER = "1" * 40, "2" * 40


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "drills.json"
    monkeypatch.setattr(results, "KEPT", path)
    return path


def result(name: str, ended: str = outcome.HEALED, healing: str = "on") -> Outcome:
    [drill] = catalogue.named(name)
    found = outcome.of(drill, healing, outcome.Seen(0.0, None, (), None, traffic.Answers({}, 0), None), None)
    return dataclasses.replace(found, ended=ended)


def asked(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.arguments(parser)
    return parser.parse_args(words)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    said = subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def test_a_tree_with_changes_or_without_git_is_of_no_commit(tmp_path: Path) -> None:
    assert commit.of_tree(tmp_path) is None
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    assert commit.of_tree(tmp_path) == git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "file").write_text("two")
    assert commit.of_tree(tmp_path) is None
    git(tmp_path, "checkout", "-q", "file")
    (tmp_path / "another").write_text("not added")
    assert commit.of_tree(tmp_path) is None


def test_the_newest_result_of_each_drill_is_kept_in_each_mode() -> None:
    first, off = result("route-deleted"), result("route-deleted", outcome.NOT_HEALED, "off")
    results.save([first, off], COMMIT)
    results.save([dataclasses.replace(first, lost=7)], COMMIT)
    assert [(one.drill, one.lost) for one in results.kept("on")] == [("route-deleted", 7)]
    assert [(one.drill, one.lost) for one in results.kept("off")] == [("route-deleted", 0)]


def test_only_what_ended_as_wanted_at_this_commit_in_this_mode_has_passed() -> None:
    results.save([result("route-deleted"), result("link-cut", outcome.HELD)], COMMIT)
    results.save([result("rule-opened", outcome.NOT_HEALED), result("pluto-hung", outcome.NOT_BEGUN)], COMMIT)
    results.save([result("agent-killed")], OTHER)
    results.save([result("disk-full", outcome.HELD)], None)
    results.save([result("ipsec-stopped", outcome.NOT_HEALED, "off")], COMMIT)
    assert set(results.passed("on", COMMIT, heals=True)) == {"route-deleted", "link-cut"}
    assert set(results.passed("off", COMMIT, heals=False)) == {"ipsec-stopped"}
    assert results.passed("on", None, heals=True) == {}


def test_a_resumed_run_leaves_out_what_has_passed_and_shows_it() -> None:
    results.save([result("route-deleted"), result("rule-opened", outcome.NOT_HEALED)], COMMIT)
    [all_of_them] = options.rounds_of(asked("route-deleted", "rule-opened", "pluto-hung", "--resume"))
    left = all_of_them.without_passed(COMMIT)
    assert [one.name for one in left.drills] == ["rule-opened", "pluto-hung"]
    assert [one.drill for one in left.earlier] == ["route-deleted"]
    assert all_of_them.without_passed(OTHER) == all_of_them
    assert all_of_them.without_passed(None) == all_of_them


def test_each_mode_of_a_run_of_all_resumes_by_itself() -> None:
    results.save([result("route-deleted")], COMMIT)
    healing, muted, _ = (one.without_passed(COMMIT) for one in options.rounds_of(asked("--all", "--resume")))
    assert "route-deleted" not in [one.name for one in healing.drills]
    assert "route-deleted" in [one.name for one in muted.drills]


def test_no_link_comes_up_for_drills_that_have_all_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results.save([result("route-deleted")], COMMIT)
    monkeypatch.setattr(commit, "of_tree", lambda: COMMIT)
    monkeypatch.setattr(rehearse, "on_link", lambda *_, **__: 1)
    assert options.perform(asked("route-deleted", "--resume")) == 0
    assert "route-deleted  healed" in capsys.readouterr().out
    assert options.perform(asked("route-deleted")) == 1
    assert options.perform(asked("--resume")) == 2


def test_what_has_passed_stands_in_the_table_and_is_of_the_commit_of_the_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alerts, "heard", contextlib.nullcontext)
    monkeypatch.setattr(commit, "of_tree", lambda: COMMIT)
    monkeypatch.setattr(run, "perform", lambda drill, mode, link: result(drill.name))
    drills = catalogue.named("rule-opened")
    run.all_of(drills, Healing.ON, world.REHEARSAL, [result("route-deleted")])
    assert _names(capsys.readouterr().out) == ["route-deleted", "rule-opened"]
    assert set(results.passed("on", COMMIT, heals=True)) == {"rule-opened"}
    run.all_of(drills, Healing.ON, world.ACTIVE_ACTIVE)
    assert results.passed("on", COMMIT, heals=True) == {}


def _names(table: str) -> Sequence[str]:
    return [line.split()[0] for line in table.splitlines() if line.split()[1:2] == ["healed"]]


def test_results_outlive_what_an_earlier_run_left(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "logs").mkdir(parents=True)
    for name in ("drills.json", "logs/cdk.log", "fabric.json"):
        (state / name).write_text("{}")
    rehearse.empty(state)
    assert [path.name for path in state.iterdir()] == ["drills.json"]
    rehearse.empty(tmp_path / "nothing")
