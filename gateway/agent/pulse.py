"""Tells whose peer has died while its SA still stands, by the IKE requests that it leaves unanswered. Pure.

With several tunnels Libreswan asks each peer every second (dpddelay in link/ipsec.py). Why a peer is asked by IKE, and
not a host behind it: docs/experiments/two-tunnels.md.
"""

from collections.abc import Mapping

# The pause before the next repetition is as long as this only after four sendings, two seconds after the first.
LATE_S = 1
# So long a tunnel that was silent must have had its SA and its answers again before traffic is given back to it.
STEADY_S = 5.0


class Pulse:
    """`silent`: tunnels that get no traffic while another one answers. `suspects`: those whose answer is not late yet.

    A tunnel of which nothing is known is neither.
    """

    def __init__(self) -> None:
        self.silent: frozenset[int] = frozenset()
        self.suspects: frozenset[int] = frozenset()
        self._dead: frozenset[int] = frozenset()
        self._since: dict[int, float] = {}

    def note(self, up: frozenset[int], waits: Mapping[int, int], now: float) -> bool:
        """Takes one look into account (`waits` as status.parse_waits gives it). Whether `silent` has changed."""
        before, asked = self.silent, up & waits.keys()
        self._dead = frozenset(n for n in asked if n in self._dead or waits[n] >= LATE_S)
        self.suspects = asked - self._dead
        self._since |= dict.fromkeys(self._dead | (before - up), now)
        living = up - self._dead
        well = {n for n in living if n not in self._since or now - self._since[n] >= STEADY_S}
        for number in well or living:
            self._since.pop(number, None)
        self.silent = frozenset(self._since)
        return self.silent != before

    def is_late(self, waits: Mapping[int, int]) -> bool:
        """Whether one of the suspects would now be found dead."""
        return any(waits.get(number, 0) >= LATE_S for number in self.suspects)
