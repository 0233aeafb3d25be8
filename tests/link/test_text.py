"""Text of any content is shortened to what a place takes, and not more than that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link import text


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("it is full", "it is full"),
        ("a\r\nb\x1b[31m\x00c\u2028d", "a b [31m c d"),
        ("  spaces \t around ", "spaces around"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 300_000, "x" * 299 + "…"),
        ("\n" * 2000 + "x", "…"),
    ],
)
def test_a_line_is_printable_and_bounded(given: str, line: str) -> None:
    assert text.one_line(given) == line


@given(st.text(), st.integers(0, 200))
def test_the_longest_beginning_that_fits_is_kept(whole: str, room: int) -> None:
    kept = text.cut(whole, room, "...")
    assert text.encoded_length(kept) <= room
    if kept not in (whole, ""):
        beginning = kept.removesuffix("...")
        assert whole.startswith(beginning)
        assert text.encoded_length(whole[: len(beginning) + 1] + "...") > room
    assert (kept == whole) is (len(json.dumps(whole)) - 2 <= room)
