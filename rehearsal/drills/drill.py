"""What a drill is: how something is broken, by what it is seen to be broken, and how long its repair may take."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from rehearsal import networks, world
from rehearsal.drills.scene import Scene


class Group(StrEnum):
    """What is promised."""

    TRAFFIC = "traffic must come back"
    DRIFT = "drift must be corrected"
    STILL = "it must hold still"
    ITSELF = "it must survive itself"


class Healer(StrEnum):
    """Who can see it first, which bounds the seconds until traffic is restored."""

    AGENT = "agent"
    OTHER_TUNNEL = "agent, with another tunnel at hand"
    INSTANCE = "instance state"
    WATCH = "watch"


class Loss(StrEnum):
    """Whether pings are lost: they must be, or nothing was broken; they may be; or none, or it did harm."""

    MUST = "must"
    MAY = "may"
    NONE = "none"


# INSTANCE: plus boot
BOUND_S = {Healer.AGENT: 10.0, Healer.OTHER_TUNNEL: 5.0, Healer.INSTANCE: 15.0, Healer.WATCH: 75.0}


def nothing(_: Scene) -> None:
    pass


def no_more(_: Scene) -> Iterator[str]:
    yield from ()


def all_is_well(_: Scene, _broke_at: float) -> Iterator[str]:
    yield from ()


def in_order(*acts: Callable[[Scene], None]) -> Callable[[Scene], None]:
    """All of them, a later one though an earlier one fails."""

    def act(now: Scene) -> None:
        with contextlib.ExitStack() as every:
            for one in reversed(acts):
                every.callback(one, now)

    return act


def private_hosts(link: world.Link) -> tuple[networks.Host, networks.Host]:
    return link.directions[0]


@dataclass(frozen=True)
class Drill:
    """`break_` gets the scene before it. `sign` is a pattern of one of the faults that then must be seen, unless
    `break_` itself answers with what it saw.

    `more` finds faults that neither cloud tells of, mostly in the machine. `lasts_s` is how long a fault of the world
    lasts, which `mend` then ends; until then nothing may change but `may_change` (kinds of `listings`), or, where there
    is something to heal, it must be healed by then and stay so when the fault ends. `restore` gives the customer's
    world back afterwards. Neither is a remedy. `judge` says at the end what else went wrong since then.

    `watched_s` is for how long the link is looked at once the fault has ended, whole or not. `tolerated` is a pattern
    of faults that are no faults here: what of the customer's world is not expected to be routed. `extra_s` is added to
    the bound.
    """

    name: str
    group: Group
    break_: Callable[[Scene], str | None]
    sign: str
    healer: Healer = Healer.WATCH
    more: Callable[[Scene], Iterator[str]] = no_more
    prepare: Callable[[Scene], None] = nothing
    restore: Callable[[Scene], None] = nothing
    mend: Callable[[Scene], None] = nothing
    lasts_s: float = 0.0
    watched_s: float = 0.0
    tolerated: str = ""
    extra_s: float = 0.0
    may_change: tuple[str, ...] = ()
    ends: Callable[[world.Link], tuple[networks.Host, networks.Host]] = private_hosts
    loss: Loss = Loss.MUST
    from_end: bool = False
    judge: Callable[[Scene, float], Iterator[str]] = all_is_well

    @property
    def heals(self) -> bool:
        """Whether there is something to heal: not where holding still is all that is asked."""
        return self.group in (Group.TRAFFIC, Group.DRIFT)

    def counts(self, fault: str) -> bool:
        """Whether this is a fault here: not where all of it is tolerated."""
        return not (self.tolerated and re.fullmatch(self.tolerated, fault))
