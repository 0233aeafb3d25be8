"""Whose turn it is to send a period's mail, so that none is sent twice and none is forgotten. Pure.

claimed -> sent, or claimed -> failed -> claimed ...; a claim whose outcome nobody knows stays: a human is told of it.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from link.record import Record

# A function that has claimed is over by then, whatever became of it: Lambda ends each after 15 minutes (its quotas).
AT_WORK = timedelta(minutes=15)
# Claims are kept for longer than any period is caught up, of which three months are the oldest (link/cost/schedule.py).
KEPT = timedelta(days=130)
EXPIRES = "expires"  # the attribute that says until when, in seconds since 1970; the table removes what is over


class State(StrEnum):
    """What became of a claim."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"


class Claim(Record):
    """A period's mail: who has it (a run of the function), since when, and what was heard of it. Times are aware, UTC.

    `said` is SES's id of a mail that was sent, or why none was. `told`: a human knows that the outcome is not known.
    """

    state: State
    by: str
    at: datetime
    tries: int = 1
    said: str = ""
    told: bool = False


class Turn(StrEnum):
    """What is to be done about a period."""

    SEND = "send"
    WAIT = "wait"  # somebody is at it
    TELL = "tell"  # its outcome is not known, and no human knows that
    NOTHING = "nothing"


def turn(claim: Claim | None, now: datetime) -> Turn:
    """A failed mail is tried again, a sent one never, and one of which nothing was heard is told to a human, once."""
    if claim is None or claim.state is State.FAILED:
        return Turn.SEND
    if claim.state is State.SENT or claim.told:
        return Turn.NOTHING
    return Turn.TELL if now - claim.at > AT_WORK else Turn.WAIT
