"""`python -m rehearsal report`: the cost mail of a rehearsed link, as files and pictures in .rehearsal/report.

It counts whatever has crossed the link that runs. Where none runs, one comes up, carries 50 MB each way, and goes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rehearsal import checks, cost_check, counted, picture, places, processes, progress, rehearse, world
from rehearsal.mailbox import Mail, NoMail

STEM = "cost-mail"


def run() -> int:
    """The exit status: 0 when the mail arrived, with pictures or without."""
    fresh = not processes.running("emulator")
    return rehearse.on_link(lambda: _act(world.REHEARSAL, fresh), "the report")


def _act(link: world.Link, fresh: bool) -> list[str]:
    failures = checks.transfers(link) if fresh else []
    try:
        counted.wait_for_sample(link, datetime.now(UTC))
        mail = cost_check.ask(link)
        files = write(mail, places.REPORT)
    except (counted.Silent, NoMail) as exc:
        return [*failures, *checks.shown("the cost mail arrives", [str(exc)])]
    progress.say(str(mail.message["Subject"]))
    for path in (*files.values(), *_pictures(files["html"])):
        progress.say(f"  {path.relative_to(places.ROOT)}")
    return failures


def write(mail: Mail, folder: Path) -> dict[str, Path]:
    """The whole mail and each of its parts, by the ends of their names. Raises NoMail when a part is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "eml": mail.raw,
        "html": mail.html.encode(),
        "txt": mail.text.encode(),
        "csv": mail.csv.encode("utf-8-sig"),
    }
    files = {end: folder / f"{STEM}.{end}" for end in parts}
    for end, path in files.items():
        path.write_bytes(parts[end])
    return files


def _pictures(page: Path) -> Iterator[Path]:
    try:
        yield from picture.take(page, page.parent)
    except picture.NoPicture as exc:
        progress.say(f"without pictures: {exc}; tools/setup-picture installs a browser where it can")
