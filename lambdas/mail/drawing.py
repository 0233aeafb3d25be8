"""Draws a statement: subject, HTML, plain text and attachment. Templates and styles are files beside this one."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

import css_inline
import jinja2

from lambdas.mail import letter, sheet
from lambdas.mail.letter import Letter
from link.cost.statement import Statement

# Gmail shows 102 KB of HTML and clips the rest (spamresource.com, "What is Gmail clipping", 2022-01: the encoding
# counts too, and ours adds an eighth).
LIMIT = 90_000


@dataclass(frozen=True)
class Drawn:
    """A mail's parts. `csv` is UTF-8, `csv_name` its file's name."""

    subject: str
    html: str
    text: str
    csv: bytes
    csv_name: str


def draw(statement: Statement) -> Drawn:
    """All of the mail. Links whose details would have Gmail clip it are left to the list and the attachment."""
    written, html = _fitting(statement)
    start = statement.start.astimezone(ZoneInfo(statement.time_zone))
    return Drawn(
        subject=written.subject,
        html=html,
        text=_templates().get_template("statement.txt.j2").render(letter=written),
        csv=sheet.write(statement),
        csv_name=f"causeway-{statement.every.value}-{start:%Y-%m-%d}.csv",
    )


def _fitting(statement: Statement) -> tuple[Letter, str]:
    detailed = len(statement.parts)
    while True:
        written = letter.write(statement, detailed)
        html = _html(written)
        size = len(html.encode())
        if size <= LIMIT or not detailed:
            return written, html
        detailed = min(detailed - 1, detailed * LIMIT // size)


def _html(written: Letter) -> str:
    return _inliner().inline(_templates().get_template("statement.html.j2").render(letter=written))


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("lambdas.mail"),
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    """Mail programs ignore style sheets in part or whole, so each element bears its own styles. Loads nothing."""
    styles, _, _ = _templates().loader.get_source(_templates(), "statement.css")  # type: ignore[union-attr]
    return css_inline.CSSInliner(extra_css=styles, load_remote_stylesheets=False, minify_css=True)
