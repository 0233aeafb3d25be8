"""What waits in the queue: the work, and how far it is. No PSK is in it; the task token is, and is never logged."""

from datetime import datetime

from pydantic import ValidationError

from link.record import Record
from link.wanted import AzureWork


class Task(Record):
    """`begun` counts how often each reason began a step, the last one at `begun_at`.

    `operation` is the address of that one's status. Before `not_before` Azure is not asked: it said so.
    """

    work: AzureWork
    first_at: datetime
    looks: int = 0
    begun: dict[str, int] = {}
    begun_at: datetime | None = None
    not_before: datetime | None = None
    operation: str | None = None
    last: str = "nothing was seen yet"


def fault(exc: ValidationError) -> str:
    """The first fault on one line, naming the field. It never repeats the input, which may hold the token."""
    first = exc.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return f"{field}: {first['msg'].splitlines()[0]}"
