"""What became of a drill, from what was seen of it. Pure."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal import traffic
from rehearsal.drills.drill import BOUND_S, Drill, Group, Healer, Loss

HEALED, NOT_HEALED, NOT_BROKEN, NOT_BEGUN = "healed", "not healed", "not broken", "not begun"
MUTED = "events muted"
SCHEDULE, AGENT = "Scheduled Event", "agent"  # triggers that no rule for events brings
NONE = "-"
HELD, MOVED = "held", "not held"
OK, OVER = "ok", "OVER"


@dataclass(frozen=True)
class Remedy:
    """Something that was done about it: when it began, what asked for it, what was done, and why."""

    at: float
    trigger: str
    did: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Seen:
    """What was seen of one drill, in seconds since the epoch; None is never. `sign` is how it was seen to be broken.

    `told` are the subjects of what humans were told meanwhile.
    """

    broke_at: float
    sign: str | None
    remedies: tuple[Remedy, ...]
    repaired_at: float | None
    pings: traffic.Answers
    restored_at: float | None
    wrong: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One line of the table; seconds are since the break. `times`: of so many runs it is the median one."""

    drill: str
    group: str
    healing: str
    ended: str
    noticed_s: float | None
    repaired_s: float | None
    traffic_s: float | None
    bound_s: float | None
    sent: int
    lost: int
    trigger: str
    remedy: str
    reason: str
    sign: str
    wrong: tuple[str, ...]
    told: tuple[str, ...]
    times: int = 1

    @property
    def taken_s(self) -> float | None:
        """The seconds that are judged. Where no ping was lost, those until it was repaired."""
        return self.traffic_s if self.traffic_s is not None else self.repaired_s

    @property
    def judged(self) -> str:
        """The seconds against their bound."""
        if self.bound_s is None or self.taken_s is None:
            return "-"
        return OK if self.taken_s <= self.bound_s else OVER


def walk(described: Mapping[str, Any], written: Iterable[Mapping[str, Any]] = ()) -> Remedy | None:
    """A walk that was started to heal, as Step Functions describes it with its input and output parsed.

    `written` are the ARM server's operations; those that began during the walk are taken for the walk's own.
    """
    why = described["input"].get("why")
    if not why:
        return None
    began = described["startDate"].timestamp()
    ended = described["stopDate"].timestamp() if "stopDate" in described else math.inf
    done = [step["step"] for steps in described["output"].get("did", {}).values() for step in steps]
    azure = [f"{one['op']} {one['resource'].split('/')[-2]}" for one in written if began <= one["started"] <= ended]
    return Remedy(began, why["trigger"], tuple(dict.fromkeys([*done, *azure])), why["reason"])


def helped(item: Mapping[str, Any], heard_at: float, broke_at: float) -> Remedy:
    """The agent's own remedy. The machine's clock is trusted only between the break and when it was heard."""
    at = float(item["at"]) if broke_at <= float(item["at"]) <= heard_at else heard_at
    return Remedy(at, AGENT, (str(item["remedy"]),), str(item["reason"]))


def of(drill: Drill, healing: str, seen: Seen, boot_s: float | None) -> Outcome:
    """The outcome. `boot_s` is the new gateway's own, from RunInstances to its report, where it is known."""
    remedies = sorted((one for one in seen.remedies if one.at >= seen.broke_at), key=lambda one: one.at)
    first = remedies[0] if remedies else None
    did = tuple(dict.fromkeys(step for one in remedies for step in one.did))
    lost = len(seen.pings.lost)
    if healing == MUTED and (heard := {one.trigger for one in remedies} - {SCHEDULE, AGENT}):
        seen = dataclasses.replace(seen, wrong=(*seen.wrong, f"started by {', '.join(sorted(heard))}"))
    if lost and drill.loss is Loss.NONE:
        seen = dataclasses.replace(seen, wrong=(*seen.wrong, f"{lost} pings were lost"))
    return Outcome(
        drill=drill.name,
        group=drill.group.value,
        healing=healing,
        ended=_ended(drill, seen),
        noticed_s=_since(seen.broke_at, first.at if first else None),
        repaired_s=_since(seen.broke_at, seen.repaired_at),
        traffic_s=_since(seen.broke_at, seen.restored_at) if lost else None,
        bound_s=_bound(drill, boot_s),
        sent=seen.pings.sent,
        lost=lost,
        trigger=first.trigger if first else NONE,
        remedy=", ".join(did) or NONE,
        reason=first.reason if first else NONE,
        sign=seen.sign or "nothing was seen to be broken",
        wrong=seen.wrong,
        told=seen.told,
    )


def healed_meanwhile(during: traffic.Answers, all_of_it: traffic.Answers, steady_s: float) -> list[str]:
    """What is wrong where traffic must be back while the fault lasts (`during`), and stay so when the fault ends."""
    late = bool(during.lost) and during.restored(steady_s) is None
    again = len(all_of_it.after(during.newest).lost)
    return [
        *(["traffic was not back while the fault lasted"] if late else []),
        *([f"{again} pings were lost when the fault had ended"] if again else []),
    ]


def not_begun(drill: Drill, healing: str, why: str) -> Outcome:
    """The link was not whole, so there was nothing to break."""
    seen = Seen(0.0, None, (), None, traffic.Answers({}, 0), None, (why,))
    return dataclasses.replace(of(drill, healing, seen, None), ended=NOT_BEGUN)


def _since(broke_at: float, at: float | None) -> float | None:
    return None if at is None else round(at - broke_at, 1)


def _bound(drill: Drill, boot_s: float | None) -> float | None:
    if not drill.heals:
        return None
    if drill.healer is not Healer.INSTANCE:
        return BOUND_S[drill.healer] + drill.extra_s
    return None if boot_s is None else round(BOUND_S[drill.healer] + drill.extra_s + boot_s, 1)


def _ended(drill: Drill, seen: Seen) -> str:
    """Not broken is no success: then nothing has been shown."""
    if seen.sign is None or (drill.loss is Loss.MUST and not seen.pings.lost):
        return NOT_BROKEN
    back = seen.repaired_at is not None and (not seen.pings.lost or seen.restored_at is not None)
    if drill.group is Group.STILL:
        return HELD if back and not seen.wrong else MOVED
    return HEALED if back and not seen.wrong else NOT_HEALED


def as_wanted(one: Outcome, *, healing: bool = True) -> bool:
    """With healing it must be healed or held; without, it must be seen broken and stay so."""
    return one.ended in (HEALED, HELD) if healing else one.ended == NOT_HEALED


def failures(outcomes: Iterable[Outcome], *, healing: bool = True) -> list[str]:
    """One line for each that did not end as it must."""
    return [
        f"drill {one.drill}: {one.ended}: {'; '.join(one.wrong) or one.sign}"
        for one in outcomes
        if not as_wanted(one, healing=healing)
    ]
