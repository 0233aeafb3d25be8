"""`python -m rehearsal drill`: which drills, in which mode, on the link that runs or on one of their own."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rehearsal import rehearse, world
from rehearsal.drills import bad_link, catalogue, commit, measure, outcome, results, run, table
from rehearsal.drills.drill import Drill
from rehearsal.drills.healing import Healing
from rehearsal.drills.outcome import Outcome


@dataclass(frozen=True)
class Round:
    """Drills in one mode. `earlier` are the results of those that need not be run again.

    `two_links`: a bad link is beside the one that is drilled.
    """

    drills: tuple[Drill, ...]
    mode: Healing
    earlier: tuple[Outcome, ...] = ()
    two_links: bool = False

    def without_passed(self, at: str | None) -> "Round":
        """Only the drills that have not passed at this commit."""
        passed = results.passed(self.mode.value, at, heals=self.mode is not Healing.OFF)
        left = tuple(one for one in self.drills if one.name not in passed)
        return replace(self, drills=left, earlier=tuple(passed[one.name] for one in self.drills if one.name in passed))


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
    parser.add_argument("--resume", action="store_true", help="skip the drills that have passed at this very commit")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--without-remedy", action="store_true", help="with healing off: each must end not healed")
    mode.add_argument("--muted", action="store_true", help="with every event muted, so that the schedule alone heals")


def perform(chosen: argparse.Namespace) -> int:
    """The exit status: 0 when every drill ended as it must."""
    if chosen.list:
        width = max(len(one.name) for one in catalogue.EVERY)
        print("\n".join(f"{one.name:<{width}} {one.group.value}" for one in catalogue.EVERY))
        return 0
    if chosen.table:
        for healing in Healing:
            if kept := results.kept(healing.value):
                print(f"healing {healing.value}\n\n{table.markdown(kept)}\n")
        return 0
    try:
        rounds = rounds_of(chosen)
    except KeyError as exc:
        print(f"there is no drill {exc}; see --list")
        return 2
    if not any(one.drills for one in rounds):
        print("name a drill, or give --all; see --list")
        return 2
    if chosen.resume:
        at = None if chosen.active_active else commit.of_tree()
        rounds = [one.without_passed(at) for one in rounds]
    link = world.ACTIVE_ACTIVE if chosen.active_active else world.REHEARSAL
    alone, beside = ([one for one in rounds if one.two_links is two] for two in (False, True))
    statuses = [0]
    # What the way down of a link shows is kept as no result, so a run of all shows it again.
    if chosen.all or _is_left(alone):
        statuses.append(rehearse.on_link(lambda: _drilled(alone, link), link=link, killed_going_down=chosen.all))
    if _is_left(beside):
        statuses.append(rehearse.on_own_links(lambda: _drilled(beside, bad_link.GOOD), bad_link.LINKS))
    return max(statuses)


def rounds_of(chosen: argparse.Namespace) -> list[Round]:
    """What was asked for. Raises KeyError for a name of no drill."""
    named = catalogue.named(*chosen.names) or (catalogue.ACTIVE_ACTIVE if chosen.active_active else ())
    if chosen.without_remedy:
        return _by_links([one for one in named or catalogue.DRILLS if one.heals], Healing.OFF)
    if chosen.muted:
        return _by_links(named or catalogue.named(*catalogue.MUTED), Healing.MUTED)
    if chosen.all:
        muted = Round(catalogue.named(*catalogue.MUTED), Healing.MUTED)
        return [Round(catalogue.DRILLS, Healing.ON), muted, Round(catalogue.BAD_LINK, Healing.ON, two_links=True)]
    return _by_links(named, Healing.ON)


def _by_links(drills: Sequence[Drill], mode: Healing) -> list[Round]:
    """A round for those of one link, and one for those of two; none that is empty."""
    both = [(two, tuple(one for one in drills if (one in catalogue.BAD_LINK) is two)) for two in (False, True)]
    return [Round(found, mode, two_links=two) for two, found in both if found]


def _is_left(rounds: Sequence[Round]) -> bool:
    """Whether a link has to come up. Where all have passed, they are shown."""
    if any(one.drills for one in rounds):
        return True
    for one in rounds:
        print(table.text(one.earlier))
    return False


def _drilled(rounds: Sequence[Round], link: world.Link) -> list[str]:
    return [
        fault
        for one in rounds
        for fault in outcome.failures(
            run.all_of(one.drills, one.mode, link, one.earlier, measure.TIMES), healing=one.mode is not Healing.OFF
        )
    ]
