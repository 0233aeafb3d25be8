"""The mail is found again among all that SES was given, and comes apart as it was put together."""

import pytest

from rehearsal import mailbox
from tests import statements
from tests.rehearsal import mails


def _kept(*keys: str) -> list[dict[str, str]]:
    return [{"RawData": mails.mail(key=key).raw.decode(), "Id": key} for key in keys]


def test_the_mail_of_which_the_function_tells_is_found_among_others() -> None:
    kept = [*_kept("month#2026-10-01", "month#2026-11-01#run-1"), {"Id": "no raw mail", "Subject": "other"}]
    found = mailbox.sent(kept, ["month#2026-11-01#run-1: sent"])
    assert found.message[mailbox.KEY] == "month#2026-11-01#run-1"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["month#2026-11-01#run-2: sent"], "SES has 0 of 2"),
        (["month#2026-10-01: somebody else sends it"], "SES has 0 of 2"),
        (["month#2026-10-01: sent", "month#2026-11-01#run-1: sent"], "SES has 2 of 2"),
        ([], "SES has 0 of 2"),
    ],
)
def test_a_mail_that_is_not_there_or_not_the_only_one_is_none(said: list[str], found: str) -> None:
    with pytest.raises(mailbox.NoMail, match=found):
        mailbox.sent(_kept("month#2026-10-01", "month#2026-11-01#run-1"), said)


def test_a_mail_comes_apart_as_it_was_drawn() -> None:
    drawn, mail = mails.drawn(), mails.mail()
    assert mail.text.splitlines() == drawn.text.splitlines()
    assert mail.html.splitlines() == drawn.html.splitlines()
    assert mail.csv.encode("utf-8-sig") == drawn.csv
    (total,) = [row for row in mail.rows if row["record"] == "link total"]
    assert int(total["aws_to_azure_bytes"]) == statements.TO_AZURE


def test_a_part_that_is_missing_is_said() -> None:
    with pytest.raises(mailbox.NoMail, match="no text/html"):
        _ = mailbox.Mail(b"Content-Type: text/plain\r\n\r\nhello").html
