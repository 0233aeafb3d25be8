"""Texts from outside (a link's name, a cloud's words) as one printable line, and how a period and a time are named."""

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from link.cost.statement import Every, Mark, Statement

LENGTH = 300  # characters of one text; what is longer is cut, so that no cloud's answer fills the mail
_IN = {Every.DAY: "on", Every.WEEK: "in", Every.MONTH: "in"}


def line(text: str, length: int = LENGTH) -> str:
    """Without line ends, control and direction characters: a text can neither forge a line nor turn one around."""
    shown = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in text)
    words = " ".join(shown.split())
    return words if len(words) <= length else f"{words[: length - 3].rstrip()}..."


def sentence(text: str) -> str:
    """One line that begins with a capital and ends with a full stop."""
    said = line(text).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def title(text: str) -> str:
    """One short line that begins with a capital."""
    said = line(text, 80)
    return said[:1].upper() + said[1:]


def period(statement: Statement) -> str:
    """ "in October 2026", "on 2026-10-31"."""
    return f"{_IN[statement.every]} {line(statement.label, 40)}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """A time to the minute, in the statement's time zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def mark(marks: set[Mark]) -> str:
    """Of a sum: what all of it is, or that it is mixed."""
    if len(marks) == 1:
        (only,) = marks
        return only.value
    return "part estimate, part billed" if marks else Mark.ESTIMATE.value


def counted(number: int, one: str) -> str:
    """ "1 gap", "2 gaps"."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
