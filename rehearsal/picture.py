"""Pictures of the mail on a phone and a desktop, by headless Chromium: `python -m rehearsal.picture HTML FOLDER`.

The whole page is drawn, however long: one run measures it, the next one draws it. Nothing is loaded from elsewhere.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

# Debian's packages of these names; the first is half as large and needs no desktop.
BROWSERS = ("chromium-headless-shell", "chromium")
WIDTHS: Mapping[str, int] = {"phone": 390, "desktop": 760}  # CSS pixels
SHARP = 2  # device pixels in a CSS pixel
PATIENCE_S = 120.0
_MEASURE = "<script>document.title = `measured ${document.documentElement.scrollHeight}`</script>"
_MEASURED = re.compile(r"<title>measured (\d+)</title>")


class NoPicture(Exception):
    """There is no browser, or it drew nothing; the message holds its last words."""


def browser() -> str:
    """The program, or NoPicture when none is installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NoPicture(f"none of {', '.join(BROWSERS)} is installed; `apt-get install {BROWSERS[0]}`")
    return found


def command(program: str, profile: Path, width: int, height: int, *what: str) -> list[str]:
    """A browser that shows a page of this size, does `what` and ends. Root has no sandbox in Chromium."""
    return [
        program,
        "--headless",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        *what,
    ]


def height(dom: str) -> int:
    """The page's height as it measured itself."""
    found = _MEASURED.search(dom)
    if found is None:
        raise NoPicture(f"the page did not measure itself: {dom[-200:]!r}")
    return int(found[1])


def take(html: Path, folder: Path) -> list[Path]:
    """Writes `<stem>-phone.png` and `<stem>-desktop.png` into the folder. Raises NoPicture."""
    program = browser()
    with tempfile.TemporaryDirectory() as place:
        measured = Path(place) / "measured.html"
        measured.write_text(html.read_text() + _MEASURE)
        return [_draw(program, Path(place), html, measured, folder, view) for view in WIDTHS]


def _draw(program: str, place: Path, html: Path, measured: Path, folder: Path, view: str) -> Path:
    width, profile = WIDTHS[view], place / "profile"
    tall = height(_run(command(program, profile, width, 100, "--dump-dom", measured.resolve().as_uri())))
    png = folder / f"{html.stem}-{view}.png"
    shot = (f"--force-device-scale-factor={SHARP}", f"--screenshot={png.resolve()}", html.resolve().as_uri())
    said = _run(command(program, profile, width, tall, *shot))
    if not png.exists():
        raise NoPicture(f"{program} drew nothing: {said[-300:]}")
    return png


def _run(arguments: list[str]) -> str:
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    except (subprocess.SubprocessError, OSError) as exc:
        raise NoPicture(f"{arguments[0]}: {exc}") from exc
    return done.stdout


if __name__ == "__main__":
    print(*take(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
