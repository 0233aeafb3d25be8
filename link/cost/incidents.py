"""What the gateway's agent healed by itself, from what it said at the time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from link.cost.statement import Incident
from link.record import Record

# A tunnel that is lost later than this after a remedy was lost by something else.
TOGETHER = timedelta(seconds=30)


class Kind(StrEnum):
    """What the agent said."""

    HELPED = "helped"
    LOST = "lost"
    BACK = "back"


class Said(Record):
    """One word of the agent's, at an aware time. `reason` is that of a remedy, else empty."""

    at: datetime
    kind: Kind
    reason: str = ""


def healed(words: Sequence[Said]) -> tuple[Incident, ...]:
    """An incident for each run of remedies of one reason, over when the tunnel is back; at once where none was lost."""
    return tuple(_incidents(sorted(words, key=lambda one: (one.at, one.kind))))


def _incidents(words: Sequence[Said]) -> Iterator[Incident]:
    over: datetime | None = None
    for place, one in enumerate(words):
        if one.kind is not Kind.HELPED or (over and one.at <= over):
            continue
        over = _over(one, words[place + 1 :])
        seconds = round((over - one.at).total_seconds()) if over else None
        yield Incident(reason=one.reason, at=one.at, seconds=seconds)


def _over(remedy: Said, later: Sequence[Said]) -> datetime | None:
    """When all was well again after a remedy; None: nothing was heard of it."""
    lost = any(one.kind is Kind.LOST and one.at - remedy.at <= TOGETHER for one in later)
    back = next((one.at for one in later if one.kind is Kind.BACK), None)
    return back if lost else remedy.at
