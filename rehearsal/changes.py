"""`python -m rehearsal changes`: one change after another to a running link, by `cdk deploy`, with a ping running.

Each change names exactly what may differ in both clouds and which writes Azure may see. That is asserted. Lost pings
are printed and judged against a bound, yet fail nobody, because a clock on a shared machine is no test.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rehearsal import (
    alterations,
    checks,
    clients,
    deploy,
    listings,
    places,
    progress,
    services,
    timeline,
    traffic,
    world,
)

Declared = dict[str, Any]
TABLE = places.STATE / "changes.json"
STACKS = "cloudformation StackSummaries"  # which tell of every update, also of one that went back
SETTINGS = "lambda Functions"  # the declaration is in their environments


@dataclass(frozen=True)
class Measured:
    """One change as it went: what it did, what it cost, and what was wrong with it."""

    change: str
    seconds: float
    pings: traffic.Pings
    most_lost: int | None
    differs: Mapping[str, tuple[str, ...]]
    arm: tuple[str, ...]
    did: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def judged(self) -> str:
        """The lost pings against their bound."""
        if self.most_lost is None or self.pings.sent == 0:
            return "no bound" if self.pings.sent else "not measured"
        return "ok" if self.pings.lost <= self.most_lost else "OVER"


def measure(change: alterations.Change, link: world.Link, declared: Declared) -> Measured:
    """Makes one change to a link that is up."""
    wanted = change.declare(declared)
    change.edit()
    before, operations = listings.both_clouds(), _operations()
    began = time.monotonic()
    pings, said = _pinged(link, dataclasses.replace(link, vnet=change.moves_to or link.vnet), wanted)
    seconds = round(time.monotonic() - began, 1)
    without = (STACKS,) if change.refusal else (STACKS, SETTINGS)
    differs = listings.changed(before, listings.both_clouds(), without)
    arm = _operations()[len(operations) :]
    wrong = (*unlike(change, differs, arm), *_outcome(change, link, said), *_not_up(link))
    did = tuple(_did(link)) if change.refusal is None else (f"refused: {change.refusal}",)
    return Measured(change.name, seconds, pings, change.most_lost, differs, arm, did, wrong)


def _pinged(link: world.Link, after: world.Link, wanted: Declared) -> tuple[traffic.Pings, str]:
    """Deploys; `after` is where the traffic goes then. Without a data plane no ping is sent."""
    if not services.has_data_plane():
        return traffic.Pings(0, 0, 0.0), _deploy(link, wanted)
    with traffic.Meter(*link.directions[0]) as meter, traffic.Meter(*after.directions[0]) as other:
        said = _deploy(link, wanted)
    return (meter.pings if link == after else moved(meter.pings, other.pings)), said


def moved(before: traffic.Pings, after: traffic.Pings) -> traffic.Pings:
    """Of traffic that moves from one host to another: at any time one of the two answers, unless there is a gap."""
    lost = max(0, before.lost + after.lost - min(before.sent, after.sent))
    return traffic.Pings(before.sent, lost, round(lost * traffic.PING_EVERY_S, 2))


def _deploy(link: world.Link, wanted: Declared) -> str:
    """What the stack's events say of a deployment that failed; nothing when it did not."""
    deploy.prepare([wanted])
    began = datetime.now(UTC)
    try:
        deploy.deploy()
    except deploy.CdkFailed:
        events = clients.aws("cloudformation").describe_stack_events(StackName=link.stack)["StackEvents"]
        return "; ".join(one.get("ResourceStatusReason", "") for one in events if one["Timestamp"] >= began)
    return ""


def unlike(change: alterations.Change, differs: Mapping[str, tuple[str, ...]], arm: tuple[str, ...]) -> Iterator[str]:
    """What differs and may not, or does not and should."""
    signs = {kind: "".join(sorted(one[0] for one in ids)) for kind, ids in differs.items()}
    if signs != dict(change.differs):
        yield f"differs: {dict(differs)}, wanted {dict(change.differs)}"
    if arm != change.arm:
        yield f"Azure was written {list(arm)}, wanted {list(change.arm)}"


def _outcome(change: alterations.Change, link: world.Link, said: str) -> Iterator[str]:
    [stack] = clients.aws("cloudformation").describe_stacks(StackName=link.stack)["Stacks"]
    ended = "UPDATE_ROLLBACK_COMPLETE" if change.refusal else "UPDATE_COMPLETE"
    if stack["StackStatus"] != ended:
        yield f"the stack is {stack['StackStatus']}, wanted {ended}: {said[:500]}"
    if change.refusal is not None and change.refusal not in said:
        yield f"cdk deploy should fail with {change.refusal}; it said: {said[:500] or 'nothing'}"


def _not_up(link: world.Link) -> Iterator[str]:
    reading = checks.document(link, "reading")
    says = [checks.azure_says(link), *(tunnel["state"] for tunnel in reading["tunnels"]), reading["probe"]]
    if says != ["Connected", "up", "up"]:
        yield f"Azure, tunnel and probe are {says}"


def _did(link: world.Link) -> Iterator[str]:
    """What the walk's own report says that it did."""
    for state, steps in checks.document(link, "report").get("did", {}).items():
        yield from (f"{state}: {one['step']}, {one['reason']}: {one['message']}" for one in steps)


def _operations() -> tuple[str, ...]:
    """The writes that the ARM server has seen, each with the kind of resource that it wrote."""
    lines = timeline.OPERATIONS.read_text().splitlines() if timeline.OPERATIONS.exists() else []
    return tuple(f"{one['op']} {one['resource'].split('/')[-2]}" for one in map(json.loads, lines))


def run(link: world.Link, declared: Declared, say: Callable[[str], None] = progress.say) -> list[str]:
    """All changes in their order, from the link as declared, then what its end promises. Answers with what is wrong."""
    done: list[Measured] = []
    for change in alterations.all_of():
        say(f"change: {change.name}")
        one = measure(change, link, declared)
        if not one.wrong and change.refusal is None:
            declared = change.declare(declared)
            link = dataclasses.replace(link, vnet=change.moves_to or link.vnet)
        done.append(one)
        _say(one)
        save(done)
    print(table(done), flush=True)
    return [*(f"{one.change}: {fault}" for one in done for fault in one.wrong), *checks.of_running_link(link)]


def _say(one: Measured) -> None:
    progress.say(f"{'FAIL' if one.wrong else 'ok  '}  {line(one)}")
    for sentence in (*one.did, *one.wrong):
        progress.say(f"        {sentence}")


def line(one: Measured) -> str:
    """One change as a person reads it."""
    bound = "" if one.most_lost is None else f", at most {one.most_lost}"
    what = ", ".join(f"{kind} {' '.join(ids)}" for kind, ids in one.differs.items()) or "nothing"
    return (
        f"{one.change}: {one.seconds:.0f} s, {one.pings}{bound} ({one.judged}); "
        f"changed: {what}; Azure: {', '.join(one.arm) or 'nothing'}"
    )


def table(done: list[Measured]) -> str:
    """All changes, one line each."""
    head = f"  {'change':<34} {'s':>5} {'sent':>5} {'lost':>5} {'most':>5} {'gap s':>6}  judged"
    rows = [
        f"  {one.change:<34} {one.seconds:>5.0f} {one.pings.sent:>5} {one.pings.lost:>5} "
        f"{'-' if one.most_lost is None else one.most_lost:>5} {one.pings.gap_s:>6.2f}  {one.judged}"
        for one in done
    ]
    return "\n".join([f"lost pings, one every {traffic.PING_EVERY_S} s", head, *rows])


def save(done: list[Measured]) -> None:
    """Writes changes.json."""
    rows = [{**dataclasses.asdict(one), "judged": one.judged} for one in done]
    TABLE.write_text(json.dumps({"changes": rows}, indent=2))
