"""What a person sees of a rehearsal: one line a step with the seconds since the start. Works without a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """One line, with the seconds since this command started."""
    print(f"{time.monotonic() - _BEGAN:7.1f} s  {text}", flush=True)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Says what begins, and how long it took when it took noticeable time."""
    say(f"{doing} ...")
    began = time.monotonic()
    yield
    if (took := time.monotonic() - began) > 1:
        say(f"{doing}: {took:.1f} s")
