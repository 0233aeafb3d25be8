"""The search for the pre-shared key finds every form in which it could leak."""

import base64
import urllib.parse

import pytest

from rehearsal import hunt

KEY = "kP3x9QeZrT7uWm2LbV5nYcD8"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", '{"psk": "'])
@pytest.mark.parametrize("after", ["", "x", '"}'])
def test_the_key_is_found_in_base64_wherever_it_stands(before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{KEY}{after}".encode())
    assert any(form in encoded for form in hunt.forms(KEY))


def test_the_key_is_found_as_text_and_url_encoded() -> None:
    awkward = "a/b+c=d&e"
    found = hunt.forms(awkward)
    assert awkward.encode() in found
    assert urllib.parse.quote(awkward, safe="").encode() in found


def test_another_key_is_not_found() -> None:
    assert not any(form in base64.b64encode(b"something else entirely, and longer") for form in hunt.forms(KEY))
