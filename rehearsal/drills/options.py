"""`python -m rehearsal drill`: which drills, in which mode, on the link that runs or on one of their own."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal import rehearse, world
from rehearsal.drills import catalogue, commit, measure, outcome, results, run, table
from rehearsal.drills.drill import Drill
from rehearsal.drills.healing import Healing
from rehearsal.drills.outcome import Outcome


@dataclass(frozen=True)
class Round:
    """Drills in one mode. `earlier` are the results of those that need not be run again."""

    drills: tuple[Drill, ...]
    mode: Healing
    earlier: tuple[Outcome, ...] = ()

    def without_passed(self, at: str | None) -> "Round":
        """Only the drills that have not passed at this commit."""
        passed = results.passed(self.mode.value, at, heals=self.mode is not Healing.OFF)
        left = tuple(one for one in self.drills if one.name not in passed)
        return Round(left, self.mode, tuple(passed[one.name] for one in self.drills if one.name in passed))


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
        print("\n".join(f"{one.name:<26} {one.group.value}" for one in (*catalogue.DRILLS, *catalogue.ACTIVE_ACTIVE)))
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
    if not chosen.all and not any(one.drills for one in rounds):
        return _nothing_left(rounds)
    act = lambda: [fault for one in rounds for fault in _drilled(one, link)]  # noqa: E731
    return rehearse.on_link(act, link=link, killed_going_down=chosen.all)


def rounds_of(chosen: argparse.Namespace) -> list[Round]:
    """What was asked for. Raises KeyError for a name of no drill."""
    named = catalogue.named(*chosen.names) or (catalogue.ACTIVE_ACTIVE if chosen.active_active else ())
    if chosen.without_remedy:
        return [Round(tuple(one for one in named or catalogue.DRILLS if one.heals), Healing.OFF)]
    if chosen.muted:
        return [Round(named or catalogue.named(*catalogue.MUTED), Healing.MUTED)]
    if chosen.all:
        return [Round(catalogue.DRILLS, Healing.ON), Round(catalogue.named(*catalogue.MUTED), Healing.MUTED)]
    return [Round(named, Healing.ON)]


def _nothing_left(rounds: Sequence[Round]) -> int:
    """No link comes up for drills that have all passed."""
    for one in rounds:
        print(table.text(one.earlier))
    return 0


def _drilled(one: Round, link: world.Link) -> list[str]:
    done = run.all_of(one.drills, one.mode, link, one.earlier, measure.TIMES)
    return outcome.failures(done, healing=one.mode is not Healing.OFF)
