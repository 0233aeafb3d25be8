"""What a person is alerted to when the link cannot heal itself, and when it is well again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from link.condition import Condition, Key
from link.remedy import Decision, tried
from link.report import Report
from link.text import one_line

SUBJECT_LIMIT = 100  # characters; SNS refuses more (its API reference, Publish)
MOST_LINES = 50  # of one kind: SNS refuses a message of more than 256 KiB
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Message:
    """A subject of one line, and a text."""

    subject: str
    text: str


def write(link: str, decision: Decision, report: Report | None, now: datetime) -> Message:
    """One message for all that is to be alerted at this look: what was seen, what was tried, what to do."""
    failed = report is not None and report.outcome == "failure"
    done = list(tried(decision.state)) or ["nothing yet"]
    lines = [
        f"Link {link}: {_reasons(decision.alerts)}",
        *(_seen(one) for one in decision.alerts[:MOST_LINES]),
        *(f"Tried: {line}" for line in done[-MOST_LINES:]),
        f"Now: {decision.remedy or decision.why}",
        *([f"The last walk failed: {report.reason}: {one_line(report.message)}"] if failed and report else []),
        f"To do: see {_reasons(decision.alerts)} in {RUNBOOK}",
        f"At {now:%Y-%m-%d %H:%M:%S} UTC. You are told once a day of one reason, and when the link is well again.",
    ]
    return Message(_line(f"Causeway link {link}: {_reasons(decision.alerts)}"), "\n".join(lines))


def of_region(conditions: Sequence[Condition], now: datetime) -> Message:
    """What concerns the watch over links and no single look: each condition's subject is a link."""
    lines = [
        *(f"Link {one.subject}: {one}" for one in conditions),
        f"To do: see {_reasons(conditions)} in {RUNBOOK}",
        f"At {now:%Y-%m-%d %H:%M:%S} UTC. You are told once a day of one reason, and when it is over.",
    ]
    about = ", ".join(dict.fromkeys(one.subject for one in conditions))
    return Message(_line(f"Causeway link {about}: {_reasons(conditions)}"), "\n".join(lines))


def looked_again(links: Sequence[str], now: datetime) -> Message:
    """Links that could not be looked at, and are looked at again or are no more."""
    names = ", ".join(links)
    text = f"Over: {names} could not be looked at.\nAt {now:%Y-%m-%d %H:%M:%S} UTC."
    return Message(_line(f"Causeway link {names} is looked at again"), text)


def recovered(link: str, keys: Sequence[Key], now: datetime) -> Message:
    """The link is well again after a person was alerted."""
    what = ", ".join(dict.fromkeys(reason for reason, _ in keys))
    text = f"Link {link} is as wanted and up. Over: {what}\nAt {now:%Y-%m-%d %H:%M:%S} UTC."
    return Message(_line(f"Causeway link {link} is well again"), text)


def _reasons(conditions: Sequence[Condition]) -> str:
    return ", ".join(dict.fromkeys(one.reason for one in conditions))


def _seen(one: Condition) -> str:
    remedy = f" Remedy: {one.remedy}." if one.remedy else ""
    return f"Seen: {one.reason}: {one_line(one.message)}.{remedy}"


def _line(text: str) -> str:
    """One printable ASCII line: SNS refuses control characters and line breaks in a subject."""
    return "".join(char if " " <= char <= "~" else " " for char in text)[:SUBJECT_LIMIT]
