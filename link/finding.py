"""What a check found: a reason in one CamelCase word, a sentence with the remedy, and how grave it is. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Level(StrEnum):
    """A refusal stops the walk before anything is changed; a warning is told and stops nothing."""

    REFUSED = "refused"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """`reason` is one CamelCase word, `message` says what was found and what would be right."""

    level: Level
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True)
class Check:
    """One thing that was checked, and what speaks against it; nothing means that it is well."""

    title: str
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, title: str, findings: Iterable[Finding]) -> Self:
        """The check with its findings gathered."""
        return cls(title, tuple(findings))

    @property
    def verdict(self) -> str:
        """ok, warning or refused: the gravest finding."""
        levels = {finding.level for finding in self.findings}
        return next((level.value for level in Level if level in levels), "ok")


def refused(reason: str, message: str) -> Finding:
    """A reason not to begin."""
    return Finding(Level.REFUSED, reason, message)


def warned(reason: str, message: str) -> Finding:
    """Something that a person should know and that does not stand in the way."""
    return Finding(Level.WARNING, reason, message)


def unknown(what: str, why: str | None) -> Finding:
    """What could not be read is neither right nor wrong."""
    because = why or "nobody looked"
    return warned("NotChecked", f"{what} could not be checked: {because}; allow the look or check it by hand")
