"""What doctor found: one row a check, in sections. A row that could not be decided is unknown, never ok."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from causeway import table
from link.errors import CausewayError

_WIDTHS = (30, 7, 40, 37)
_HEAD = ("CHECK", "", "FOUND", "REMEDY")
ALLOW = "allow it to your credentials (docs/real-deployment.md has the policy), or try again"


class Status(StrEnum):
    """A refused row means that a deployment would fail; a warning, that a person should know."""

    OK = "ok"
    WARNING = "warning"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One check: what was found, and what to do where it is not ok."""

    check: str
    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Section:
    """Rows about one thing."""

    title: str
    rows: tuple[Row, ...]

    def text(self) -> Iterator[str]:
        """The section as a table."""
        yield f"== {self.title}"
        yield from table.lines(_WIDTHS, _HEAD, [(row.check, row.status, row.found, row.remedy) for row in self.rows])
        yield ""


def ask[T](check: str, look: Callable[[T], Iterable[Row]], of: T) -> tuple[Row, ...]:
    """The rows of one look; when the cloud does not let us look, one row that says so."""
    try:
        return tuple(look(of))
    except CausewayError as exc:
        return (Row(check, Status.UNKNOWN, str(exc), ALLOW),)
