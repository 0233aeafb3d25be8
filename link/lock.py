"""When the lock of a walk that did not give it back may be taken. Pure."""

from datetime import datetime, timedelta

# A function that a stopped walk had started runs on: until its time-out at most, which the stack takes from here.
FUNCTION_TIMEOUT = timedelta(seconds=60)


def is_free(ended_at: datetime | None, now: datetime) -> bool:
    """`ended_at` is when the walk that holds the lock ended, None while it runs."""
    return ended_at is not None and now - ended_at > FUNCTION_TIMEOUT
