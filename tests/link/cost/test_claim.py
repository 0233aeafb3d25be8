"""Whose turn it is: a table of all that can be known of a period's mail."""

from datetime import UTC, datetime, timedelta

import pytest

from link.cost import claim
from link.cost.claim import Claim, State, Turn

AT = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _claim(state: State, told: bool = False) -> Claim:
    return Claim(state=state, by="one", at=AT, told=told)


@pytest.mark.parametrize(
    ("known", "later", "turn"),
    [
        (None, 0, Turn.SEND),
        (_claim(State.FAILED), 0, Turn.SEND),
        (_claim(State.FAILED), 10_000, Turn.SEND),
        (_claim(State.SENT), 0, Turn.NOTHING),
        (_claim(State.SENT), 10_000, Turn.NOTHING),
        (_claim(State.CLAIMED), 0, Turn.WAIT),
        (_claim(State.CLAIMED), 15, Turn.WAIT),
        (_claim(State.CLAIMED), 16, Turn.TELL),
        (_claim(State.CLAIMED, told=True), 0, Turn.NOTHING),
        (_claim(State.CLAIMED, told=True), 10_000, Turn.NOTHING),
    ],
)
def test_only_a_mail_that_was_surely_not_sent_is_sent(known: Claim | None, later: int, turn: Turn) -> None:
    assert claim.turn(known, AT + later * MINUTE) is turn
