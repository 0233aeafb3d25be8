"""Shows drills: a table for the screen and one for docs/drills.md. Pure."""

from collections.abc import Iterable

from rehearsal.drills.outcome import Outcome

HEAD = ("drill", "ended", "noticed s", "repaired s", "traffic s", "bound", "lost", "of", "trigger", "remedy", "reason")


def row(one: Outcome) -> tuple[str, ...]:
    """One drill's cells; what never was or needed not to be is a dash."""
    judged = "-" if one.judged == "-" else f"{one.judged} of {one.times}"
    bound = "-" if one.bound_s is None else f"{one.bound_s:g} {judged}"
    times = (_seconds(one.noticed_s), _seconds(one.repaired_s), _seconds(one.traffic_s))
    return (one.drill, one.ended, *times, bound, str(one.lost), str(one.sent), one.trigger, one.remedy, one.reason)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def text(outcomes: Iterable[Outcome]) -> str:
    """For the screen."""
    rows = [HEAD, *map(row, outcomes)]
    widths = [max(len(one[column]) for one in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(one, widths, strict=True)) for one in rows
    )


def markdown(outcomes: Iterable[Outcome]) -> str:
    """For docs/drills.md."""
    rows = [HEAD, tuple("---" for _ in HEAD), *map(row, outcomes)]
    return "\n".join(f"| {' | '.join(one)} |" for one in rows)
