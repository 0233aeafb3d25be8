"""The pictures' command line and measure; no browser is needed."""

import os
import stat
from pathlib import Path

import pytest

from rehearsal import picture

# Does what a browser does with these arguments: measures a page, or draws one.
_BROWSER = """#!/bin/sh
echo "$@" >>"$(dirname "$0")/asked"
for one in "$@"; do
  case $one in
    --dump-dom) echo "<html><title>measured 1234</title></html>" ;;
    --screenshot=*) echo drawn >"${one#--screenshot=}" ;;
  esac
done
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    html = tmp_path / "statement.html"
    html.write_text("<p>$41.20</p>")
    return html


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "chromium"
    program.write_text(script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(picture, "BROWSERS", ("chromium",))


def test_each_view_is_measured_and_then_drawn_as_tall_as_it_is(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, _BROWSER)
    assert [png.name for png in picture.take(page, tmp_path)] == ["statement-phone.png", "statement-desktop.png"]
    asked = (tmp_path / "asked").read_text().splitlines()
    sizes = [word for line in asked for word in line.split() if word.startswith("--window-size")]
    assert sizes == [
        "--window-size=390,100",
        "--window-size=390,1234",
        "--window-size=760,100",
        "--window-size=760,1234",
    ]
    assert asked[1].endswith(page.as_uri())  # the picture is of the mail itself, not of the copy that measures itself
    assert "--no-sandbox" in asked[0] if os.geteuid() == 0 else "--no-sandbox" not in asked[0]


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho '<title>x</title>'\n"])
def test_a_browser_that_fails_or_measures_nothing_is_no_picture(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _install(tmp_path, monkeypatch, script)
    with pytest.raises(picture.NoPicture):
        picture.take(page, tmp_path)


def test_without_a_browser_it_is_said_how_to_get_one(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(picture.NoPicture, match="apt-get install chromium-headless-shell"):
        picture.take(page, tmp_path)
