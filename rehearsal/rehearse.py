"""The rehearsal's acts in their order: clouds up, the customer's world, deploy, checks, destroy, down."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal import (
    alterations,
    changes,
    checks,
    cost_check,
    counted,
    credentials,
    deploy,
    hostile,
    hunt,
    leftovers,
    listings,
    operator,
    places,
    processes,
    progress,
    rekey,
    services,
    several,
    timeline,
    tls,
    world,
)
from rehearsal.drills import catalogue, itself, outcome
from rehearsal.drills import run as drills
from rehearsal.drills.healing import Healing

WITHOUT_DATA_PLANE = "no root or no Debian, so no virtual machine, no IPsec and no traffic are shown"
LINKS = (world.REHEARSAL,)
LISTING = places.STATE / "listing-before.json"
# What drills change as the customer may: another Azure gateway, and a VPC's CIDR that stays listed when it is gone.
EDITED = ("ec2 Vpcs", "azure VPN gateways", "azure public addresses")


def up() -> int:
    """Everything until the link is verified."""
    make_room()
    prepare()
    deploy.deploy()
    return 0


def make_room() -> None:
    """Ends a killed earlier run. Where another rehearsal runs on this machine, says so and touches nothing of it."""
    _stop_programs()
    services.refuse_taken_ports()
    leftovers.end()


def prepare(links: Sequence[world.Link] = LINKS) -> None:
    """Both clouds with the customer's world in them, and nothing of Causeway."""
    if not services.has_data_plane():
        progress.say("control planes only: " + WITHOUT_DATA_PLANE)
    with progress.step("starting the two clouds"):
        empty(places.STATE)
        tls.make()
        services.start(services.clouds())
    with progress.step("building the customer's networks in both clouds"):
        declared = world.build(links)
    with progress.step("starting the Function app and the networks"):
        subprocess.run([sys.executable, "-m", "azure_functions.package"], cwd=places.ROOT, check=True)
        services.start(services.after_clouds())
    with progress.step("cdk bootstrap"):
        deploy.prepare(declared)
        deploy.bootstrap()
    LISTING.write_text(json.dumps(listings.both_clouds()))


def empty(state: Path) -> None:
    """Removes what an earlier run left, but for the results of drills, from which a later run resumes."""
    for path in state.iterdir() if state.exists() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != places.DRILLS.name:
            path.unlink(missing_ok=True)


def run() -> int:
    """The whole rehearsal of one link."""
    return _rehearse(_one_link)


def change() -> int:
    """Changes to a link that is up. Without a data plane they are judged by listings alone."""
    return _rehearse(_changes, (world.REHEARSAL, alterations.ELSEWHERE))


def links() -> int:
    """Several links at once."""
    return _rehearse(lambda: several.run(json.loads(LISTING.read_text())), several.LINKS)


def renew() -> int:
    """SAs are renewed by both sides, under traffic."""
    return _rehearse(_rekeys)


def _rehearse(act: Callable[[], list[str]], links: Sequence[world.Link] = LINKS) -> int:
    """From an idle machine to an idle machine; `act` finds both clouds up, and destroys what it deploys."""
    make_room()
    before = leftovers.things()
    failures: list[str] = []
    try:
        prepare(links)
        failures += act()
    except (deploy.CdkFailed, processes.NotReady) as exc:
        failures.append(str(exc))
        progress.say(f"failed: {exc}")
    finally:
        clear()
    failures += checks.after_down(before)
    _summary(failures)
    return 1 if failures else 0


def _one_link() -> list[str]:
    expiring = hostile.short_lived()
    failures = [
        *checks.before_deploy(LINKS),
        *operator.before_deploy(),
        *checks.during(LINKS, deploy.deploy),
        *checks.of_running_link(world.REHEARSAL),
    ]
    crossed = counted.crossed()  # what follows needs some time, in which the gateway tells what it counted
    failures += [
        *operator.of_running_link(world.REHEARSAL),
        *credentials.run(),
        *hostile.run(world.REHEARSAL, expiring),
        *cost_check.run(world.REHEARSAL, crossed),
    ]
    if services.has_data_plane():
        drilled = drills.all_of(catalogue.named(*catalogue.REHEARSED), Healing.ON, world.REHEARSAL)
        failures += [*outcome.failures(drilled), *cost_check.after_drills(world.REHEARSAL, drilled)]
    return [*failures, *_destroyed()]


def on_link(
    act: Callable[[], list[str]],
    what: str = "what was drilled",
    link: world.Link = world.REHEARSAL,
    *,
    killed_going_down: bool = False,
) -> int:
    """Acts on the link that runs, or on one that comes up for it and goes again. `what` is what is passed or failed."""
    if not services.has_data_plane():
        progress.say(f"not possible here: {WITHOUT_DATA_PLANE}")
        return 1
    if not processes.running("emulator"):
        return _rehearse(lambda: _between_deploy_and_destroy(act, killed_going_down), (link,))
    failures = act()
    _summary(failures, what)
    return 1 if failures else 0


def on_own_links(act: Callable[[], list[str]], links: Sequence[world.Link]) -> int:
    """Acts on these links, which come up for it and go again. A rehearsal that runs is left alone."""
    if not services.has_data_plane():
        progress.say(f"not possible here: {WITHOUT_DATA_PLANE}")
        return 1
    if processes.running("emulator"):
        names = " and ".join(link.name for link in links)
        progress.say(f"a rehearsal runs, and this needs links {names} in clouds of its own: python -m rehearsal down")
        return 1
    return _rehearse(lambda: _between_deploy_and_destroy(act), links)


def _between_deploy_and_destroy(act: Callable[[], list[str]], killed_going_down: bool = False) -> list[str]:
    deploy.deploy()
    return [*act(), *_destroyed(killed_going_down)]


def _destroyed(killed: bool = False) -> list[str]:
    """Nothing is left but what the customer has changed since the beginning. `killed`: at the second try."""
    needles = hunt.needles()
    failures = checks.of_secrets(needles)
    edited = {kind: found for kind, found in listings.both_clouds().items() if kind in EDITED}
    failures += itself.go_down(world.REHEARSAL) if killed else []
    deploy.destroy()
    return [*failures, *checks.after_destroy({**json.loads(LISTING.read_text()), **edited}, needles)]


def _changes() -> list[str]:
    link, *_ = deploy.declared()
    deploy.prepare([link])
    deploy.deploy()
    failures = changes.run(world.REHEARSAL, link)
    needles = hunt.needles()
    deploy.destroy()
    alterations.undo()
    late = {alterations.UNDONE_LATE: listings.both_clouds()[alterations.UNDONE_LATE]}
    return [*failures, *checks.after_destroy({**json.loads(LISTING.read_text()), **late}, needles)]


def _rekeys() -> list[str]:
    deploy.deploy()
    failures = rekey.run(world.REHEARSAL)
    needles = hunt.needles()
    deploy.destroy()
    return [*failures, *checks.after_destroy(json.loads(LISTING.read_text()), needles)]


def check() -> int:
    """What the running link promises."""
    failures = checks.of_running_link(world.REHEARSAL)
    _summary(failures)
    return 1 if failures else 0


def down() -> int:
    """Destroys the link where the clouds still run, and ends everything that was started."""
    try:
        if processes.running("emulator") and (places.CDK / "cdk.json").exists():
            deploy.destroy()
    finally:
        clear()
    return 0


def status() -> int:
    """What runs, and how far the walks are."""
    names = [service.name for service in services.clouds() + services.after_clouds()]
    for name in names:
        pid = processes.running(name)
        print(f"{name:<12} {f'running (pid {pid})' if pid else 'not running'}")
    for walk in timeline.saved():
        print(timeline.table(walk))
    return 0


def clear() -> None:
    """Ends the programs of this run, then the namespaces and machines they may have left."""
    _stop_programs()
    leftovers.end()


def _stop_programs() -> None:
    stopped = [name for name in _stop_order() if processes.stop(name)]
    if stopped:
        progress.say(f"ended {', '.join(stopped)}")


def _stop_order() -> list[str]:
    """The fabric first: it ends its machines and peers while the clouds still answer."""
    found = processes.remembered()
    return sorted(found, key=lambda name: (name != "fabric", name == "emulator", name))


def _summary(failures: list[str], what: str = "the rehearsal") -> None:
    progress.say(f"{what} passed" if not failures else f"{what} FAILED: {len(failures)} check(s)")
    for failure in failures:
        print(f"  - {failure}")
