"""Results of drills in `.rehearsal/drills.json`: the newest of each drill in each mode, with the commit it is of."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rehearsal import places
from rehearsal.drills import outcome
from rehearsal.drills.outcome import Outcome

KEPT = places.DRILLS
_FIELDS = {field.name for field in dataclasses.fields(Outcome)}


def kept(healing: str) -> list[Outcome]:
    """The results of this mode, of whatever commit."""
    return [_outcome(one) for one in _records() if one["healing"] == healing]


def passed(healing: str, commit: str | None, *, heals: bool) -> dict[str, Outcome]:
    """By drill, those that ended as wanted in this mode at this commit. `heals`: something may heal in this mode.

    Without a commit there are none: a tree with changes is no state to resume from.
    """
    found = [_outcome(one) for one in _records() if one["healing"] == healing and _is_of(one, commit)]
    return {one.drill: one for one in found if outcome.as_wanted(one, healing=heals)}


def save(outcomes: Iterable[Outcome], commit: str | None) -> None:
    """Replaces the former results of the same drills in the same mode."""
    new = {
        (one.drill, one.healing): {**dataclasses.asdict(one), "judged": one.judged, "commit": commit}
        for one in outcomes
    }
    former = {(one["drill"], one["healing"]): one for one in _records()}
    KEPT.write_text(json.dumps({"drills": list((former | new).values())}, indent=2))


def _records() -> Iterator[dict[str, Any]]:
    yield from json.loads(KEPT.read_text())["drills"] if KEPT.exists() else ()


def _is_of(record: dict[str, Any], commit: str | None) -> bool:
    return commit is not None and record.get("commit") == commit


def _outcome(record: dict[str, Any]) -> Outcome:
    return Outcome(**{name: value for name, value in record.items() if name in _FIELDS})
