"""Azure's own counters of the connection as the second witness: do they fit what the gateway counted?

They begin anew with a connection that is made anew. What they counted between the last sample and that moment is lost.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from link.cost.statement import Witness
from link.cost.traffic import Bytes
from link.record import Record

# An IP header, UDP, ESP with counter, padding and tag: about 62 bytes a packet (AES-GCM in UDP: RFC 3948, RFC 4106).
# No packet that carries anything is shorter than an acknowledgement of TCP.
HEADERS, SHORTEST = 62, 40
# IKE and its questions after a peer that has nothing to say, an hour; with two tunnels each peer is asked every second.
CHATTER_PER_HOUR = 1_000_000
# The two are read at different moments, a minute and more apart.
SKEW_PERCENT = 2
ANEW = "Azure's counters began anew meanwhile, so they may lack some"


class AzureSample(Record):
    """Azure's counters of the connection (inner bytes) at `read_at`, aware, UTC, and what is billed of its gateway."""

    read_at: datetime
    aws_to_azure: int
    azure_to_aws: int
    status: str
    sku: str
    location: str
    addresses: int


def added(kept: Sequence[AzureSample], one: AzureSample) -> tuple[AzureSample, ...]:
    """An hour's samples with one more: the newest stands, and before each new beginning the last one."""
    if kept and one.read_at <= kept[-1].read_at:
        return tuple(kept)
    return (*(kept if not kept or _anew(kept[-1], one) else kept[:-1]), one)


def _anew(before: AzureSample, one: AzureSample) -> bool:
    return one.aws_to_azure < before.aws_to_azure or one.azure_to_aws < before.azure_to_aws


def begun(first: AzureSample, since: datetime) -> AzureSample:
    """What a new link's first sample began with: a connection is made after its gateway, and counts from 0."""
    return first.model_copy(update={"read_at": since, "aws_to_azure": 0, "azure_to_aws": 0})


def crossed(samples: Iterable[AzureSample]) -> Bytes:
    """What was counted from the first sample to the last, at least."""
    return sum((_grown(one, two) for one, two in pairwise(_in_order(samples))), Bytes())


def _in_order(samples: Iterable[AzureSample]) -> list[AzureSample]:
    return sorted(samples, key=lambda one: one.read_at)


def _grown(before: AzureSample, one: AzureSample) -> Bytes:
    now = Bytes(one.aws_to_azure, one.azure_to_aws)
    return now if _anew(before, one) else now - Bytes(before.aws_to_azure, before.azure_to_aws)


def testify(samples: Sequence[AzureSample], outer: Bytes, hours: int) -> Witness | None:
    """Compares what both counted in the same `hours`. None when Azure was not seen twice."""
    if len(samples) < 2:
        return None
    inner, anew = crossed(samples), any(_anew(one, two) for one, two in pairwise(_in_order(samples)))
    doubts = [
        f"{way}: Azure counted {inside:,} inner bytes, the gateway {outside:,} outer ones"
        for way, inside, outside in (
            ("aws_to_azure", inner.aws_to_azure, outer.aws_to_azure),
            ("azure_to_aws", inner.azure_to_aws, outer.azure_to_aws),
        )
        if not (_holds(inside, outside, hours) and (anew or _explains(inside, outside, hours)))
    ]
    because = "; ".join(doubts) or (ANEW if anew else "the headers of the tunnel's packets explain the difference")
    return Witness(
        aws_to_azure=inner.aws_to_azure, azure_to_aws=inner.azure_to_aws, explained=not doubts, because=because
    )


def _holds(inner: int, outer: int, hours: int) -> bool:
    """All that Azure has counted is among what the gateway did."""
    return inner * (100 - SKEW_PERCENT) // 100 - CHATTER_PER_HOUR * hours <= outer


def _explains(inner: int, outer: int, hours: int) -> bool:
    """What the gateway has counted more can be what carries the inner bytes."""
    most = inner * (SHORTEST + HEADERS) // SHORTEST + CHATTER_PER_HOUR * hours
    return outer <= most * (100 + SKEW_PERCENT) // 100
