"""The mail as files."""

from pathlib import Path

import pytest

from rehearsal import picture, report
from tests.rehearsal import mails


def test_the_mail_is_written_whole_and_in_its_parts(tmp_path: Path) -> None:
    mail, drawn = mails.mail(), mails.drawn()
    files = report.write(mail, tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "cost-mail.csv",
        "cost-mail.eml",
        "cost-mail.html",
        "cost-mail.txt",
    ]
    assert files["eml"].read_bytes() == mail.raw
    assert files["csv"].read_bytes() == drawn.csv
    assert files["txt"].read_text().splitlines() == drawn.text.splitlines()
    assert files["html"].read_text().splitlines() == drawn.html.splitlines()


def test_without_a_browser_there_are_no_pictures_and_it_is_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(picture, "BROWSERS", ("no-such-browser",))
    page = report.write(mails.mail(), tmp_path)["html"]
    assert list(report._pictures(page)) == []
    assert "without pictures: none of no-such-browser is installed" in capsys.readouterr().out
