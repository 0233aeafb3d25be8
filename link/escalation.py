"""What a human is told when the link cannot mend itself, and when it is well again. Pure."""

from dataclasses import dataclass
from datetime import datetime

from link.remedy import Decision, Memory
from link.report import Report

SUBJECT_LIMIT = 100  # characters; SNS refuses more (its API reference, Publish)
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Message:
    """A subject of one line, and a text."""

    subject: str
    text: str


def write(link: str, decision: Decision, report: Report | None, now: datetime) -> Message:
    """Link, what was seen, what was tried, what to do."""
    trouble = decision.trouble
    if trouble is None:
        raise ValueError("nobody is told of a link that is well")
    lines = [
        f"Link {link}: {trouble.reason}",
        f"Seen: {trouble.because}",
        *(f"Tried: {line}" for line in _tried(decision.memory) or ("nothing yet",)),
        f"Now: {decision.remedy or decision.why}",
        *([f"The last walk failed: {report.reason}: {report.message}"] if _failed(report) and report else []),
        f"To do: see {trouble.reason} in {RUNBOOK}",
        f"At {now:%Y-%m-%d %H:%M:%S} UTC. You are told once a day of one reason, and when the link is well again.",
    ]
    return Message(f"Causeway link {link}: {trouble.reason}"[:SUBJECT_LIMIT], "\n".join(lines))


def recovered(link: str, reasons: tuple[str, ...], now: datetime) -> Message:
    """The link is well again after somebody was told that it was not."""
    what = ", ".join(reasons)
    text = f"Link {link} is as wanted, and both ends say that it is up. Over: {what}\nAt {now:%Y-%m-%d %H:%M:%S} UTC."
    return Message(f"Causeway link {link} is well again"[:SUBJECT_LIMIT], text)


def _failed(report: Report | None) -> bool:
    return report is not None and report.outcome == "failure"


def _tried(memory: Memory) -> tuple[str, ...]:
    return tuple(
        f"{one.remedy} for {key.partition('/')[0]}, {one.times} time(s), last at {one.last_at:%H:%M:%S}"
        for key, one in sorted(memory.tried.items(), key=lambda item: item[1].last_at)
    )
