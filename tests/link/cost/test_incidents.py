"""What the agent says becomes incidents: one for what was one trouble, over when the tunnel is back."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from link.cost import incidents
from link.cost.incidents import Kind, Said
from link.cost.statement import Incident

START = datetime(2026, 10, 5, 10, tzinfo=UTC)


def said(seconds: float, kind: Kind, reason: str = "") -> Said:
    return Said(at=START + timedelta(seconds=seconds), kind=kind, reason=reason)


def helped(seconds: float, reason: str) -> Said:
    return said(seconds, Kind.HELPED, reason)


LOST, BACK = Kind.LOST, Kind.BACK


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        ([said(0, LOST), said(9, BACK)], []),  # nothing was done about it
        ([helped(0, "DaemonStopped"), said(2, LOST), said(7, BACK)], [("DaemonStopped", 0, 7)]),
        ([helped(0, "FileChanged")], [("FileChanged", 0, 0)]),  # no tunnel was lost
        (
            [helped(0, "FileChanged"), helped(1, "ConnectionsChanged"), said(1.5, LOST), said(4, BACK)],
            [("FileChanged", 0, 4)],
        ),
        ([helped(0, "DaemonHung"), said(3, LOST)], [("DaemonHung", 0, None)]),
        ([helped(0, "FileChanged"), said(40, LOST), said(90, BACK)], [("FileChanged", 0, 0)]),  # another trouble
        (
            [helped(0, "DaemonHung"), said(1, LOST), said(5, BACK), helped(100, "DaemonHung"), said(101, LOST)],
            [("DaemonHung", 0, 5), ("DaemonHung", 100, None)],
        ),
    ],
)
def test_remedies_become_incidents(words: list[Said], expected: list[tuple[str, int, int | None]]) -> None:
    wanted = tuple(
        Incident(reason=reason, at=START + timedelta(seconds=at), seconds=lasted) for reason, at, lasted in expected
    )
    assert all(incidents.healed(order) == wanted for order in permutations(words))
