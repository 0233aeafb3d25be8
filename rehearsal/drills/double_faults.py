"""Drills in which something breaks while something else is wrong, which must not stop the repair.

Each is a plain drill with more around it, so that its sign, its healer and its bound are the plain one's.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from rehearsal.drills import clouds, unreachable
from rehearsal.drills.drill import Drill, Healer
from rehearsal.drills.scene import Scene

# What breaks while the Function is away, by the plain drill that breaks it.
_WITHOUT_FUNCTION = {
    "gateway-terminated": "gateway-terminated",
    "route-deleted": "route-deleted",
    "elastic-ip-moved": "elastic-ip-elsewhere",
    "rule-removed": "inbound-rule-removed",
}


def of(plain: Mapping[str, Drill]) -> tuple[Drill, ...]:
    """All that need one link; `plain` are the plain drills by their names."""
    return tuple(_without_function(name, plain[what]) for name, what in _WITHOUT_FUNCTION.items())


def _without_function(name: str, plain: Drill) -> Drill:
    """The Function is away for longer than an alert takes where a gateway is replaced, and else for two looks."""
    long = plain.healer is Healer.INSTANCE
    without = unreachable.WithoutFunction(plain.break_, alerts=long)
    return replace(
        plain,
        name=f"function-unreachable-{name}",
        break_=without.break_,
        mend=without.come_back,
        lasts_s=unreachable.ALERT_S if long else unreachable.HEALS_S,
        watched_s=unreachable.TWO_LOOKS_S,
        judge=without.judge,
        restore=in_order(plain.restore, clouds.clear),
    )


def in_order(*acts: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """All of them, a later one though an earlier one fails."""

    def act(now: Scene) -> None:
        with contextlib.ExitStack() as every:
            for one in reversed(acts):
                every.callback(one, now)

    return act
