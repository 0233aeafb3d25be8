"""What is wrong, stands in the way or was found. Only reason and subject decide; text is for people. Pure."""

from link.record import Record

type Key = tuple[str, str]


class Condition(Record):
    """`reason` is one CamelCase word of docs/runbook.md, `subject` the id of a resource, or empty.

    `message` and `remedy` are for people: they may change at each look, and nothing compares them.
    """

    reason: str
    subject: str = ""
    message: str
    remedy: str = ""

    @property
    def key(self) -> Key:
        """What tells this condition from another. Attempts and alerts are counted by it."""
        return (self.reason, self.subject)

    @property
    def text(self) -> str:
        """The message, and the remedy where there is one."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __str__(self) -> str:
        return f"{self.reason}: {self.text}"


def parse(text: str) -> Condition:
    """A condition from the text of an older version or of an error: "Reason: message", or the text alone."""
    reason, found, message = text.partition(": ")
    if found and reason.isalnum() and reason[:1].isupper():
        return Condition(reason=reason, message=message)
    return Condition(reason="Unexplained", message=text)
