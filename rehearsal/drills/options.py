"""`python -m rehearsal drill`: which drills, in which mode, on the link that runs or on one of their own."""

import argparse
from collections.abc import Sequence

from rehearsal import rehearse, world
from rehearsal.drills import catalogue, outcome, run, table
from rehearsal.drills.drill import Drill
from rehearsal.drills.healing import Healing


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="drills; see --list")
    parser.add_argument("--all", action="store_true", help="every drill, then five with every event muted")
    parser.add_argument(
        "--active-active",
        action="store_true",
        help="at a VPN gateway of two addresses; alone: each of them dies in turn",
    )
    parser.add_argument("--list", action="store_true", help="the names, and what each shows")
    parser.add_argument("--table", action="store_true", help="what is kept of earlier drills, as docs/drills.md has it")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--without-remedy", action="store_true", help="with healing off: each must end not healed")
    mode.add_argument("--muted", action="store_true", help="with every event muted, so that the schedule alone heals")


def perform(chosen: argparse.Namespace) -> int:
    """The exit status: 0 when every drill ended as it must."""
    if chosen.list:
        print("\n".join(f"{one.name:<26} {one.group.value}" for one in (*catalogue.DRILLS, *catalogue.ACTIVE_ACTIVE)))
        return 0
    if chosen.table:
        for healing in Healing:
            if kept := table.kept(healing.value):
                print(f"healing {healing.value}\n\n{table.markdown(kept)}\n")
        return 0
    try:
        rounds = _rounds(chosen)
    except KeyError as exc:
        print(f"there is no drill {exc}; see --list")
        return 2
    link = world.ACTIVE_ACTIVE if chosen.active_active else world.REHEARSAL
    act = lambda: [fault for drills, mode in rounds for fault in _drilled(drills, mode, link)]  # noqa: E731
    return rehearse.on_link(act, link=link, killed_going_down=chosen.all)


def _rounds(chosen: argparse.Namespace) -> list[tuple[Sequence[Drill], Healing]]:
    """Drills, each time in one mode. Raises KeyError for a name that is none."""
    named = catalogue.named(*chosen.names) or (catalogue.ACTIVE_ACTIVE if chosen.active_active else ())
    if chosen.without_remedy:
        return [([one for one in named or catalogue.DRILLS if one.heals], Healing.OFF)]
    if chosen.muted:
        return [(named or catalogue.named(*catalogue.MUTED), Healing.MUTED)]
    if chosen.all:
        return [(catalogue.DRILLS, Healing.ON), (catalogue.named(*catalogue.MUTED), Healing.MUTED)]
    return [(named, Healing.ON)]


def _drilled(drills: Sequence[Drill], mode: Healing, link: world.Link) -> list[str]:
    return outcome.failures(run.all_of(drills, mode, link), healing=mode is not Healing.OFF)
