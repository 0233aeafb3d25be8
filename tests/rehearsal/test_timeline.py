"""The sums and the longest stretch that a rehearsal is judged by."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rehearsal import timeline


def _event(second: float, kind: str = "", name: str = "") -> dict[str, Any]:
    details = {f"state{kind}EventDetails": {"name": name}} if kind else {}
    return {"timestamp": datetime.fromtimestamp(second, UTC), **details}


WALK = [
    _event(0),
    _event(0, "Entered", "WaitForBoot"),
    _event(60, "Exited", "WaitForBoot"),
    _event(60, "Entered", "ConnectAzure"),
    _event(70, "Exited", "ConnectAzure"),
    _event(71, "Entered", "Verify"),
    _event(74),
]


def test_a_walk_is_boot_arm_and_everything_else() -> None:
    measured = timeline.measure("walk", WALK, [(61.0, 64.0), (65.0, 69.5)])
    assert (measured.boot_s, measured.arm_s, measured.total_s, measured.other_s) == (60, 7.5, 74, 6.5)


def test_a_state_that_failed_lasts_until_the_walk_ends() -> None:
    assert timeline.visits(WALK)[-1] == ("Verify", 71.0, 74.0)


@pytest.mark.parametrize(
    ("arm", "slow"),
    [
        ([(61.0, 64.0), (65.0, 69.5)], ["Verify"]),  # stretches of 1, 1 and 0.5 s
        ([(61.0, 64.0)], ["ConnectAzure", "Verify"]),  # the last stretch is 6 s
        ([(50.0, 75.0)], []),  # an operation that began before and ended after
    ],
)
def test_a_stretch_outside_arm_operations_is_a_wait_of_ours(arm: list[timeline.Span], slow: list[str]) -> None:
    assert [state.name for state in timeline.slow(timeline.measure("walk", WALK, arm), 2)] == slow


def test_only_operations_on_the_links_own_resources_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = [
        {"resource": "/groups/g/connections/causeway-one", "started": 1.0, "ended": 3.0},
        {"resource": "/groups/g/localNetworkGateways/causeway-one", "started": 2.0, "ended": 4.0},
        {"resource": "/groups/g/connections/causeway-one-more", "started": 5.0, "ended": 6.0},
    ]
    monkeypatch.setattr(timeline, "OPERATIONS", tmp_path / "operations.jsonl")
    timeline.OPERATIONS.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert timeline.operations("causeway-one") == [(1.0, 4.0)]
