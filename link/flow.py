"""Whether inner bytes pass through the tunnel, from one reading to the next. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from link.reading import Reading
from link.record import Record

# The gateway reports at least once a minute: so long without a byte is three reports.
RECENT = timedelta(minutes=3)


class Traffic(StrEnum):
    """What the counters show."""

    RETURNS = "returns"
    ONLY_OUT = "only out"
    UNKNOWN = "unknown"


class Flow(Record):
    """Inner bytes of all tunnels together, followed over the readings of one instance.

    `since` and `read_at` are the first and the newest reading, `in_at` and `out_at` the newest reading at which the
    bytes from and to Azure had changed; None is never. A counter begins anew with each child SA, so a smaller number
    that is not 0 has grown too.
    """

    instance: str
    since: datetime
    read_at: datetime
    bytes_in: int
    bytes_out: int
    in_at: datetime | None = None
    out_at: datetime | None = None


def follow(known: Flow | None, reading: Reading | None) -> Flow | None:
    """The flow with one more reading. A reading of another instance begins it anew."""
    if reading is None:
        return known
    came = sum(tunnel.bytes_in for tunnel in reading.tunnels)
    went = sum(tunnel.bytes_out for tunnel in reading.tunnels)
    at = reading.read_at
    if known is None or known.instance != reading.instance:
        return Flow(instance=reading.instance, since=at, read_at=at, bytes_in=came, bytes_out=went)
    if at <= known.read_at:
        return known
    return known.model_copy(
        update={
            "read_at": at,
            "bytes_in": came,
            "bytes_out": went,
            "in_at": at if came not in (0, known.bytes_in) else known.in_at,
            "out_at": at if went not in (0, known.bytes_out) else known.out_at,
        }
    )


def judge(known: Flow | None, now: datetime) -> Traffic:
    """What the counters have shown lately. That nothing comes back is known after `RECENT` only."""
    if known is None or known.out_at is None or now - known.out_at > RECENT:
        return Traffic.UNKNOWN
    if known.in_at is not None and now - known.in_at <= RECENT:
        return Traffic.RETURNS
    return Traffic.ONLY_OUT if known.read_at - known.since >= RECENT else Traffic.UNKNOWN
