"""What a check found: a condition, and how grave it is. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from link.condition import Condition
from link.record import Record


class Level(StrEnum):
    """A refusal ends a first launch or a change of the declaration before anything is changed; a warning ends nothing.

    On a link that was verified a refusal holds back its own step, and is reported.
    """

    REFUSED = "refused"
    WARNING = "warning"


class Finding(Record):
    """A condition that a check found."""

    level: Level
    condition: Condition

    @property
    def reason(self) -> str:
        """The condition's reason."""
        return self.condition.reason

    def __str__(self) -> str:
        return str(self.condition)


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


def refused(reason: str, message: str, remedy: str, subject: str = "") -> Finding:
    """A reason not to begin."""
    condition = Condition(reason=reason, subject=subject, message=message, remedy=remedy)
    return Finding(level=Level.REFUSED, condition=condition)


def warned(reason: str, message: str, remedy: str, subject: str = "") -> Finding:
    """Something that a person should know and that does not stand in the way."""
    return refused(reason, message, remedy, subject).model_copy(update={"level": Level.WARNING})


def unknown(what: str, why: str | None) -> Finding:
    """What could not be read is neither right nor wrong."""
    message = f"{what} could not be checked: {why or 'it was not looked at'}"
    return warned("NotChecked", message, "allow the look or check it by hand", what)
