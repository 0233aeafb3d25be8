"""A year of a link, minute by minute: what truly crossed, and what of it the table keeps. Time is in whole minutes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from link.cost.traffic import Sample

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 24 * 60
LENGTH = 365 * DAY


def moment(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


@dataclass
class Counting:
    """The counters of one gateway from one beginning at 0 to the next. `told`: what the table keeps, in no order."""

    instance: str
    since: int  # of the counter, as the agent says it
    start: int
    end: int
    told: list[tuple[int, int, int]] = field(default_factory=list)  # minute, sent, received

    @property
    def last(self) -> tuple[int, int, int]:
        return max(self.told, default=(self.start, 0, 0))

    def samples(self) -> list[Sample]:
        read = {"instance": self.instance, "since": moment(self.since)}
        return [
            Sample(**read, read_at=moment(minute), aws_to_azure=sent, azure_to_aws=received)
            for minute, sent, received in self.told
        ]


class Year:
    """Reboots, replacements with and without overlap, counters that begin anew untold, and outages of all lengths.

    `crossed[m]` is all that truly crossed until minute m, `silent[m]` whether nobody hears what is read then.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.silent = bytearray(LENGTH + 1)
        for _ in range(60):
            begin = self.random.randrange(LENGTH)
            for minute in range(begin, min(begin + self.random.choice([4, 25, 130, 600, 4000]), LENGTH)):
                self.silent[minute] = 1
        self.countings = self._countings()
        grown = [[0, 0] for _ in range(LENGTH + 1)]
        heard = [one for counting in self.countings for one in self._run(counting, grown)]
        self._deliver(heard)
        self.crossed = [(0, 0)]
        for sent, received in grown[1:]:
            self.crossed.append((self.crossed[-1][0] + sent, self.crossed[-1][1] + received))

    def _countings(self) -> list[Counting]:
        found: list[Counting] = []
        instance, start = 0, 0
        while start < LENGTH:
            end = min(start + self.random.randrange(100, 16 * DAY), LENGTH)
            found += self._pieces(f"i-{instance}", start, end)
            next_start = end + self.random.choice([1, -20, -3, 7, 300])  # reboot, replacement in time, replacement late
            instance += next_start != end + 1
            start = end if end == LENGTH else next_start
        return found

    def _pieces(self, instance: str, start: int, end: int) -> list[Counting]:
        """Now and then somebody sets a counter to 0 that has counted for days. It is seen when it happens."""
        reset = start + 6 * DAY
        if reset > end - DAY or self.random.random() < 0.5:
            return [Counting(instance, start, start, end)]
        for minute in range(reset - 60, reset + 120):
            self.silent[minute] = 0
        return [Counting(instance, start, start, reset), Counting(instance, start, reset, end)]

    def _run(self, counting: Counting, grown: list[list[int]]) -> list[tuple[Counting, int, int, int]]:
        """The bytes of its last minute are read by nobody."""
        sent, received, heard, bits = 0, 0, [], self.random.getrandbits
        for minute in range(counting.start + 1, counting.end + 1):
            more = bits(24)
            sent, received = sent + more, received + (more & 0xFFFF)
            grown[minute][0] += more
            grown[minute][1] += more & 0xFFFF
            if not self.silent[minute] and minute < counting.end:
                heard.append((counting, minute, sent, received))
        return heard

    def _deliver(self, heard: list[tuple[Counting, int, int, int]]) -> None:
        """In any order, some twice; of a counter the newest of each hour is kept (lambdas/clouds/samples.py)."""
        heard += self.random.choices(heard, k=len(heard) // 10)
        self.random.shuffle(heard)
        kept: dict[tuple[str, int, int], tuple[Counting, int, int, int]] = {}
        for one in heard:
            counting, minute, *_ = one
            key = (counting.instance, counting.since, minute // 60)
            if key not in kept or kept[key][1] < minute:
                kept[key] = one
        for counting, *read in kept.values():
            counting.told.append((read[0], read[1], read[2]))
