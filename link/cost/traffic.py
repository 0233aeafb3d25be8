"""Bytes that crossed, from samples of the gateways' counters. What the clouds bill: outer bytes on UDP 500 and 4500."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from link.record import Record

SILENCE = timedelta(minutes=10)  # a gateway speaks once a minute; longer than this without a word is a gap
_INSTANT = timedelta(microseconds=1)


class Sample(Record):
    """The counters of one gateway as they stood at `read_at`. They began at 0 at `since`; both aware, UTC.

    `aws_to_azure` is what the gateway sent, `azure_to_aws` what it received, in bytes.
    """

    instance: str
    since: datetime
    read_at: datetime
    aws_to_azure: int
    azure_to_aws: int


@dataclass(frozen=True)
class Bytes:
    """What crossed, by direction."""

    aws_to_azure: int = 0
    azure_to_aws: int = 0

    def __add__(self, other: "Bytes") -> "Bytes":
        return Bytes(self.aws_to_azure + other.aws_to_azure, self.azure_to_aws + other.azure_to_aws)

    def __sub__(self, other: "Bytes") -> "Bytes":
        return Bytes(self.aws_to_azure - other.aws_to_azure, self.azure_to_aws - other.azure_to_aws)


@dataclass(frozen=True)
class Gap:
    """A time without samples. `counted`: the bytes are known, but not when they crossed; else they are not known."""

    start: datetime
    end: datetime
    counted: bool


@dataclass(frozen=True)
class _Point:
    """All that a counter has counted until `at`. `anew`: since the point before it began at 0 without telling."""

    at: datetime
    total: Bytes
    anew: bool = False


class Meter:
    """What the gateways of one link counted. The order of the samples and how often one comes change nothing."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        counters: dict[tuple[str, datetime], set[Sample]] = {}
        for sample in samples:
            counters.setdefault((sample.instance, sample.since), set()).add(sample)
        curves = (_curve(since, found) for (_, since), found in counters.items())
        self._curves = sorted(curves, key=lambda curve: (curve[0].at, curve[-1].at))

    def between(self, start: datetime, end: datetime) -> Bytes:
        """The bytes from `start` to a later `end`, both aware. Over any split of a time they add up to its own."""
        counted = (curve for curve in self._curves if curve[0].at <= end and start <= curve[-1].at)
        return sum((_total(curve, end) - _total(curve, start) for curve in counted), Bytes())

    def gaps(self, start: datetime, end: datetime) -> tuple[Gap, ...]:
        """The gaps in a time that has passed, cut off at its ends, in UTC. Before the first sample ever there is none.

        Of each hour the newest sample is kept. So a counter was silent from a sample until the hour of the next one
        began, at least; but what it counted may have crossed at any time until that next sample.
        """
        inside = (gap for curve in self._curves for gap in _silences(curve))
        found = sorted((*inside, *self._uncovered(end)), key=lambda gap: (gap.counted, gap.start, gap.end))
        cut = (Gap(max(gap.start, start), min(gap.end, end), gap.counted) for gap in _merged(found))
        whole = (
            Gap(gap.start.astimezone(UTC), gap.end.astimezone(UTC), gap.counted) for gap in cut if gap.start < gap.end
        )
        return tuple(sorted(whole, key=lambda gap: gap.start))

    def _uncovered(self, end: datetime) -> Iterator[Gap]:
        """Times in which no counter is known to have counted. The last sample of one that ended is its last word."""
        if not self._curves:
            return
        known = self._curves[0][-1].at
        for begun, last in [*((curve[0].at, curve[-1].at) for curve in self._curves[1:]), (end, end)]:
            if begun - known > SILENCE:
                yield Gap(known, begun, counted=False)
            known = max(known, last)


def _curve(since: datetime, samples: Iterable[Sample]) -> tuple[_Point, ...]:
    """One counter's way from 0. A value that fell began anew: what was counted before is kept."""
    points, before, now = [_Point(since, Bytes())], Bytes(), Bytes()
    for sample in sorted(samples, key=lambda one: (one.read_at, one.aws_to_azure, one.azure_to_aws)):
        last, now = now, Bytes(sample.aws_to_azure, sample.azure_to_aws)
        # One ruleset holds the counters of both directions, so they begin together.
        anew = now.aws_to_azure < last.aws_to_azure or now.azure_to_aws < last.azure_to_aws
        before += last if anew else Bytes()
        points.append(_Point(max(since, sample.read_at), before + now, anew))
    return tuple(points)


def _total(curve: tuple[_Point, ...], moment: datetime) -> Bytes:
    """Linear between two points, cut off to whole bytes; 0 before the first and constant after the last."""
    index = bisect_right(curve, moment, key=lambda point: point.at)
    if index in (0, len(curve)):
        return curve[-1].total if index else Bytes()
    last, then = curve[index - 1], curve[index]
    passed, whole, more = (moment - last.at) // _INSTANT, (then.at - last.at) // _INSTANT, then.total - last.total
    return last.total + Bytes(more.aws_to_azure * passed // whole, more.azure_to_aws * passed // whole)


def _silences(curve: tuple[_Point, ...]) -> Iterator[Gap]:
    for last, then in pairwise(curve):
        hour = then.at.replace(minute=0, second=0, microsecond=0)
        if (then.at if then.anew else hour) - last.at > SILENCE:
            yield Gap(last.at, then.at, counted=not then.anew)


def _merged(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """Two gateways that were silent at the same time are one gap."""
    held: Gap | None = None
    for gap in gaps:
        if held and gap.counted == held.counted and gap.start < held.end:
            held = Gap(held.start, max(held.end, gap.end), held.counted)
            continue
        if held:
            yield held
        held = gap
    if held:
        yield held
