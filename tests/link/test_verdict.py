"""Up needs both ends and the probe. What could not be seen is unknown, never down."""

from datetime import timedelta
from typing import Any

import pytest

from link import facts, verdict
from link.reading import Observation, Reading, TunnelReading
from link.spec import Probe
from tests import worlds

PROBE = Probe.model_validate({"address": "10.0.1.10"})
DOWN_TUNNEL = (TunnelReading(number=1, state=Observation.DOWN, bytes_in=9, bytes_out=9),)
UNKNOWN_TUNNEL = (TunnelReading(number=1, state=Observation.UNKNOWN, bytes_in=0, bytes_out=0),)


def _judge(reading: Reading | None, azure: facts.AzureFacts | None = None, **changes: Any) -> tuple[str, str]:
    arguments = {"instance": "i-0000000000000001", "version": "v1", "probe": None, "now": worlds.NOW, **changes}
    judged = verdict.judge(reading, azure or worlds.azure(connection=worlds.connection()), **arguments)
    return judged.state.value, judged.reason


def test_without_a_probe_up_says_unprobed() -> None:
    assert _judge(worlds.read()) == ("up", "Unprobed")


def test_with_a_probe_that_came_back_it_is_verified() -> None:
    assert _judge(worlds.read(probe=Observation.UP), probe=PROBE) == ("up", "Verified")


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (None, ("unknown", "GatewaySilent")),
        (worlds.read(instance="i-other"), ("unknown", "GatewaySilent")),
        (worlds.read(read_at=worlds.NOW - timedelta(seconds=91)), ("unknown", "GatewaySilent")),
        (worlds.read(version="v0"), ("down", "ConfigurationPending")),
        (worlds.read(tunnels=DOWN_TUNNEL), ("down", "TunnelDown")),
        (worlds.read(tunnels=UNKNOWN_TUNNEL), ("unknown", "TunnelUnknown")),
        (worlds.read(tunnels=()), ("down", "TunnelDown")),
    ],
)
def test_the_gateways_end_is_judged_first(reading: Reading | None, expected: tuple[str, str]) -> None:
    assert _judge(reading) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (facts.ConnectionStatus.CONNECTING, ("down", "AzureNotConnected")),
        (facts.ConnectionStatus.NOT_CONNECTED, ("down", "AzureNotConnected")),
        (facts.ConnectionStatus.UNKNOWN, ("unknown", "AzureSilent")),
    ],
)
def test_the_gateway_alone_does_not_make_it_up(status: facts.ConnectionStatus, expected: tuple[str, str]) -> None:
    assert _judge(worlds.read(), worlds.azure(connection=worlds.connection(status=status))) == expected


def test_a_missing_connection_is_not_up() -> None:
    assert _judge(worlds.read(), worlds.azure()) == ("down", "ConnectionMissing")


@pytest.mark.parametrize(
    ("probe", "expected"),
    [(Observation.DOWN, ("down", "ProbeUnanswered")), (None, ("unknown", "ProbePending"))],
)
def test_bytes_and_both_ends_are_not_enough_when_a_probe_is_declared(
    probe: Observation | None, expected: tuple[str, str]
) -> None:
    assert _judge(worlds.read(probe=probe), probe=PROBE) == expected
