"""Runs drills on a link that is up: breaks it, shows that it is broken, touches nothing, shows what became of it."""

import re
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal import listings, progress, timeline, traffic, world
from rehearsal.drills import alerts, commit, eyes, healing, measure, outcome, results, scene, table
from rehearsal.drills.drill import Drill, Group, Healer, Loss
from rehearsal.drills.healing import Healing
from rehearsal.drills.outcome import Outcome
from rehearsal.drills.scene import Scene

PING_EVERY_S = 0.2
LOST = "pings are lost"
STEADY_S = 3.0  # so long every ping must have been answered before traffic counts as restored
WHOLE_WITHIN_S = 300.0
HEALS_WITHIN_S = 420.0  # after this it is not healed; the bounds of the figures are judged apart
VOLATILE = ("cloudwatch MetricAlarms", "logs logGroups")  # they tell of what happens
STAYS_BROKEN_S = 80.0  # longer than any bound but a boot's


@dataclass
class Track:
    """What has been seen so far. A fault that comes back makes what was repaired broken again."""

    drill: Drill
    sign: str | None = None
    repaired_at: float | None = None
    last: list[str] = field(default_factory=list)
    own: list[outcome.Remedy] = field(default_factory=list)
    heard: float = 0.0

    def note(self, faults: list[str], at: float) -> None:
        """Takes one look into account."""
        if self.sign is None:
            self.sign = next((one for one in faults if re.search(self.drill.sign, one)), None)
        if faults:
            self.repaired_at = None
        elif self.repaired_at is None:
            self.repaired_at = at
        self.last = faults

    def end(self) -> None:
        """The fault of the world has ended; what it kept from being whole has to be looked at anew."""
        if self.repaired_at is None or not self.drill.heals:
            self.last, self.repaired_at = ["the fault has just ended"], None

    def feel(self, pings: traffic.Answers) -> None:
        """What may be down and up again between two looks is seen by its lost pings, where the drill's sign says so."""
        if self.sign is None and pings.lost and re.search(self.drill.sign, LOST):
            self.sign = LOST

    def hear(self, helped: dict[str, Any], broke_at: float, at: float) -> None:
        """Takes the newest of the agent's own remedies into account, once; what was before the break does not count."""
        if helped and helped["at"] != self.heard:
            self.heard = helped["at"]
            self.own.append(outcome.helped(helped, at, broke_at))

    def is_over(self, pings: traffic.Answers, at: float) -> bool:
        """It was broken, it has been whole for a while, and traffic is back."""
        if self.sign is None or self.repaired_at is None or at - self.repaired_at < STEADY_S:
            return False
        return pings.restored(STEADY_S) is not None if pings.lost else self.drill.loss is not Loss.MUST


def perform(drill: Drill, mode: Healing, link: world.Link) -> Outcome:
    """One drill. The link is whole before it begins, or it does not; afterwards it is given the time to be so again.

    A drill that is itself at fault must not keep the others from being run, nor leave its preparations behind.
    """
    before: Scene | None = None
    try:
        before = eyes.settle(link, WHOLE_WITHIN_S)
        drill.prepare(before)
        eyes.forget(link)
        before = eyes.settle(link, WHOLE_WITHIN_S, drill)
        with healing.only(mode, before):
            found = _seen(drill, mode, before)
            judged = outcome.of(drill, mode.value, found, _boot_s(drill, link, found.broke_at))
    except Exception as exc:  # noqa: BLE001  # whatever it is, the next drill begins
        progress.say(traceback.format_exc())
        judged = outcome.not_begun(drill, mode.value, f"{type(exc).__name__}: {exc}")
    if before is not None:
        _give_back(drill, mode, before)
    return judged


def _seen(drill: Drill, mode: Healing, before: Scene) -> outcome.Seen:
    """Breaks it and looks, until it is whole again or its time is over."""
    with traffic.Meter(*drill.ends(before.link), every_s=PING_EVERY_S) as meter:
        time.sleep(1)
        counted = meter.so_far().newest
        track = Track(drill, heard=eyes.helped(before.link).get("at", 0.0))
        began = time.time()
        track.sign = drill.break_(before)
        broke_at = time.time() if drill.from_end else began
        moved = _held(drill, before, track) if drill.lasts_s else []
        during, ended_at = meter.so_far().after(counted), time.time()
        ends_at = time.time() + (STAYS_BROKEN_S if mode is Healing.OFF else HEALS_WITHIN_S)
        while (at := time.time()) < ends_at:
            track.note(eyes.faults(drill, before), at)
            track.feel(meter.so_far().after(counted))
            track.hear(eyes.helped(before.link), broke_at, time.time())
            over = track.is_over(meter.so_far().after(counted), at)
            # Muted, no reading of the gateway's is heard, for which a walk waits at its end.
            over = over and at - ended_at >= drill.watched_s
            if over and (mode is Healing.MUTED or not eyes.is_walking(before.link)):
                break
            time.sleep(eyes.POLL_S)
        pings = meter.so_far().after(counted)
    if drill.heals and drill.lasts_s:
        moved += outcome.healed_meanwhile(during, pings, STEADY_S)
    return outcome.Seen(
        broke_at=broke_at,
        sign=track.sign,
        remedies=(*track.own, *eyes.remedies(before.link, broke_at)),
        repaired_at=track.repaired_at,
        pings=pings,
        restored_at=pings.restored(STEADY_S),
        wrong=(*moved, *drill.judge(before, broke_at), *track.last),
        told=tuple(one["Subject"] for one in alerts.told(broke_at)),
    )


def _held(drill: Drill, before: Scene, track: Track) -> list[str]:
    """What changed while the fault lasted, where it must hold still; then the fault ends.

    What was whole by then counts as repaired since then.
    """
    still = drill.group is Group.STILL
    listed, written = (listings.both_clouds(), eyes.azure_writes()) if still else ({}, [])
    ends_at = time.time() + drill.lasts_s
    while time.time() < ends_at:
        track.note(eyes.faults(drill, before), time.time())
        time.sleep(eyes.POLL_S)
    moved = listings.changed(listed, listings.both_clouds(), (*VOLATILE, *drill.may_change)) if still else {}
    writes = eyes.azure_writes()[len(written) :] if still else []
    drill.mend(before)
    track.end()
    return [*(f"{kind} {' '.join(ids)}" for kind, ids in moved.items()), *(f"Azure: {one}" for one in writes)]


def _give_back(drill: Drill, mode: Healing, before: Scene) -> None:
    """The next drill waits for the link anyway, and says what is wrong with it."""
    try:
        if mode is Healing.OFF:
            eyes.settle(before.link, WHOLE_WITHIN_S, drill)
    except eyes.NotWhole as exc:
        progress.say(f"        {drill.name}: not whole with healing on again: {exc}")
    try:
        drill.restore(before)
    except Exception as exc:  # noqa: BLE001  # whatever it is, the next drill begins
        progress.say(f"        {drill.name}: not given back: {type(exc).__name__}: {exc}")


def _boot_s(drill: Drill, link: world.Link, broke_at: float) -> float | None:
    """How long the gateway booted that replaced the one of before, where the drill is about that."""
    if drill.healer is not Healer.INSTANCE:
        return None
    try:
        launched = scene.look(link).instance["LaunchTime"].timestamp()
        walks = [timeline.history(arn) for arn in eyes.executions_since(link, broke_at)]
    except eyes.UNSEEN as exc:
        progress.say(f"        {drill.name}: the boot is not known: {exc}")
        return None
    return measure.own_boot_s(launched, map(timeline.visits, walks))


def all_of(
    drills: Sequence[Drill],
    mode: Healing,
    link: world.Link,
    earlier: Sequence[Outcome] = (),
    times: int = 1,
) -> list[Outcome]:
    """One after another; the next begins whatever became of the one before. `earlier` are shown, and not run again.

    One that is over its bound is run `times` times, and judged by the median (measure.py).

    A result at an active-active gateway is of no commit: a drill of that name at one address is another one.
    """
    done: list[Outcome] = []
    at = None if link.active_active else commit.of_tree()
    with alerts.heard():
        for drill in drills:
            one = _measured(drill, mode, link, times)
            done.append(one)
            results.save([one], at)
    print(table.text([*earlier, *done]), flush=True)
    return done


def _measured(drill: Drill, mode: Healing, link: world.Link, times: int) -> Outcome:
    runs = [_performed(drill, mode, link)]
    if measure.wants_more(drill, runs[0]):
        runs += [_performed(drill, mode, link) for _ in range(1, times)]
    return measure.median(runs)


def _performed(drill: Drill, mode: Healing, link: world.Link) -> Outcome:
    progress.say(f"drill {drill.name}, healing {mode.value}")
    one = perform(drill, mode, link)
    _say(one, mode)
    return one


def _say(one: Outcome, mode: Healing) -> None:
    right = outcome.as_wanted(one, healing=mode is not Healing.OFF)
    progress.say(f"{'ok  ' if right else 'FAIL'}  {one.drill}: {', '.join(table.row(one)[1:])}")
    progress.say(f"        seen: {one.sign}")
    for subject in one.told:
        progress.say(f"        told: {subject}")
    for fault in one.wrong:
        progress.say(f"        {fault}")
