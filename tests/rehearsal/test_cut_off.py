"""The emulator's end points: a request whose caller is gone before it is whole is not taken for a shorter one."""

import asyncio
from typing import Any

import pytest

from rehearsal.emulator.causeway_emulator import cut_off

PART = {"type": "http.request", "body": b'{"Table', "more_body": True}
END = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}


def read(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader of the body gets, one part after the other."""
    coming = iter(events)

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def all_of_it() -> list[dict[str, Any]]:
        part = cut_off.refusing(receive)
        return [await part() for _ in events]

    return asyncio.run(all_of_it())


def test_a_whole_request_is_read_as_it_came() -> None:
    assert read(PART, END) == [PART, END]


@pytest.mark.parametrize("events", [(GONE,), (PART, GONE)])
def test_one_that_is_cut_off_is_an_error(events: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(ConnectionResetError, match="before its request was whole"):
        read(*events)
