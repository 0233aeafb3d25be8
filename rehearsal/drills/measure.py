"""What a drill's seconds are measured against and judged by: its own instance's boot, the median of three. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rehearsal import timeline
from rehearsal.drills.drill import Drill, Group, Healer
from rehearsal.drills.outcome import HEALED, OVER, Outcome

LAUNCH_STATE = "LaunchGateway"
LAUNCH_TIME_S = 1.0  # EC2 gives an instance's LaunchTime in whole seconds
TIMES = 3


def own_boot_s(launched_at: float, walks: Iterable[Sequence[timeline.Visit]]) -> float | None:
    """Seconds from RunInstances to the boot report of the instance that was launched then.

    `walks` are the visits of states of each walk. None where no walk has launched it and heard its report.
    """
    for visits in walks:
        launches = [(start, end) for name, start, end in visits if name == LAUNCH_STATE]
        for start, end in launches:
            if start - LAUNCH_TIME_S <= launched_at <= end:
                reports = [to for name, since, to in visits if name == timeline.BOOT_STATE and since >= start]
                return round(min(reports) - max(start, launched_at), 1) if reports else None
    return None


def wants_more(drill: Drill, first: Outcome) -> bool:
    """Whether one measurement is not enough: a drill without a boot that healed over its bound."""
    timed = drill.group is Group.TRAFFIC and drill.healer is not Healer.INSTANCE
    return timed and first.ended == HEALED and first.judged == OVER


def median(measured: Sequence[Outcome]) -> Outcome:
    """The outcome with the median seconds, of an odd number of runs. A run that did not heal stands for them all."""
    by_seconds = sorted(measured, key=lambda one: one.taken_s or 0.0)
    failed = [one for one in measured if one.ended != HEALED]
    return replace((failed or by_seconds)[0 if failed else len(measured) // 2], times=len(measured))
