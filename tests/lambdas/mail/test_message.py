"""The message around the mail: it comes apart again, has the same bytes each time, and no header from outside."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from lambdas.mail import drawing, message
from tests import statements

DATE = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
FROM, TO = "causeway@example.com", ("finance@example.com", "network@example.org")


def _composed(key: str = "month#2026-10-01", **changes: object) -> bytes:
    return message.compose(drawing.draw(statements.statement(statements.part(**changes))), key, FROM, TO, DATE)


def _opened(raw: bytes) -> EmailMessage:
    opened = message_from_bytes(raw, policy=policy.default)
    assert isinstance(opened, EmailMessage)
    return opened


def test_text_and_html_are_alternatives_and_the_attachment_is_beside_them() -> None:
    drawn = drawing.draw(statements.statement())
    opened = _opened(_composed())
    body, attachment = opened.iter_parts()
    assert (opened.get_content_type(), body.get_content_type()) == ("multipart/mixed", "multipart/alternative")
    text, html = opened.get_body(("plain",)), opened.get_body(("html",))
    assert text is not None and html is not None
    assert text.get_content().splitlines() == drawn.text.splitlines()
    assert html.get_content().splitlines() == drawn.html.splitlines()
    assert attachment.get_filename() == "causeway-month-2026-10-01.csv"
    assert attachment.get_payload(decode=True) == drawn.csv
    assert attachment.get_content_type() == "text/csv"


def test_headers_say_who_to_whom_when_and_that_a_machine_wrote_it() -> None:
    opened = _opened(_composed())
    assert (opened["From"], opened["To"]) == (FROM, ", ".join(TO))
    assert opened["Subject"] == "Link prod: $200.87 in October 2026, +12%, 380 GB; forecast $214"
    assert opened["Date"].datetime == DATE
    assert (opened["Auto-Submitted"], opened["Causeway-Statement"]) == ("auto-generated", "month#2026-10-01")
    assert opened["Message-ID"].endswith("@example.com>")


def test_a_statement_that_is_sent_again_is_the_same_message_and_another_is_another() -> None:
    assert _composed() == _composed()
    first, second = (_opened(_composed(key))["Message-ID"] for key in ("month#2026-10-01", "month#2026-11-01"))
    assert first != second


def test_every_line_is_ascii_and_within_the_limits_of_smtp() -> None:
    raw = _composed(link="Königsberg " + "x" * 200)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert "Königsberg" in _opened(raw)["Subject"]


def test_a_links_name_adds_no_header() -> None:
    opened = _opened(_composed(link="prod\r\nBcc: everybody@example.com\r\n\r\nHello"))
    assert set(opened.keys()) == set(_opened(_composed()).keys())


@pytest.mark.parametrize("key", ["month\r\nBcc: x@example.com", "month\nx"])
def test_a_key_with_a_line_end_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"[Hh]eader"):
        _composed(key)
