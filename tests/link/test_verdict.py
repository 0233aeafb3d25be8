"""Evidence has an order: returned traffic, then an end's claim, then Azure's. What could not be seen is unknown."""

from datetime import timedelta
from typing import Any

import pytest

from link import facts, verdict
from link.flow import Traffic
from link.reading import Observation, Reading, TunnelReading
from link.spec import Probe
from tests import worlds

PROBE = Probe.model_validate({"address": "10.0.1.10"})
DOWN_TUNNEL = (TunnelReading(number=1, state=Observation.DOWN, bytes_in=9, bytes_out=9),)
UNKNOWN_TUNNEL = (TunnelReading(number=1, state=Observation.UNKNOWN, bytes_in=0, bytes_out=0),)
SEEN = worlds.azure(connection=worlds.connection())
ANSWERED = worlds.read(probe=Observation.UP)
SILENT_HOST = worlds.read(probe=Observation.DOWN)


def _azure(status: facts.ConnectionStatus) -> facts.AzureFacts:
    return worlds.azure(connection=worlds.connection(status=status))


NOT_CONNECTED = _azure(facts.ConnectionStatus.NOT_CONNECTED)
CONNECTING = _azure(facts.ConnectionStatus.CONNECTING)


def _verdict(reading: Reading | None, azure: facts.AzureFacts | None = SEEN, **changes: Any) -> verdict.Verdict:
    arguments: dict[str, Any] = {
        "instance": "i-0000000000000001",
        "version": "v1",
        "probe": None,
        "traffic": Traffic.UNKNOWN,
        "now": worlds.NOW,
        **changes,
    }
    return verdict.judge(reading, azure, **arguments)


def _judge(reading: Reading | None, azure: facts.AzureFacts | None = SEEN, **changes: Any) -> tuple[str, str]:
    judged = _verdict(reading, azure, **changes)
    return judged.state.value, judged.condition.reason


def _doubt(reading: Reading | None, azure: facts.AzureFacts | None = SEEN, **changes: Any) -> str | None:
    doubt = _verdict(reading, azure, **changes).doubt
    return doubt.reason if doubt else None


def test_without_a_probe_up_says_unprobed() -> None:
    assert _judge(worlds.read()) == ("up", "Unprobed")


def test_with_a_probe_that_came_back_it_is_verified() -> None:
    assert _judge(ANSWERED, probe=PROBE) == ("up", "Verified")
    assert _doubt(ANSWERED, probe=PROBE) is None


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
@pytest.mark.parametrize("azure", [SEEN, NOT_CONNECTED, None])
def test_without_traffic_the_gateways_end_is_judged_first(
    reading: Reading | None, expected: tuple[str, str], azure: facts.AzureFacts | None
) -> None:
    assert _judge(reading, azure) == expected


@pytest.mark.parametrize("azure", [NOT_CONNECTED, CONNECTING, worlds.azure()])
@pytest.mark.parametrize("tunnels", [worlds.read().tunnels, DOWN_TUNNEL, UNKNOWN_TUNNEL])
def test_a_probe_that_answers_outranks_what_either_end_claims(
    azure: facts.AzureFacts, tunnels: tuple[TunnelReading, ...]
) -> None:
    reading = ANSWERED.model_copy(update={"tunnels": tunnels})
    assert _judge(reading, azure, probe=PROBE) == ("up", "Verified")
    up = tunnels == worlds.read().tunnels
    assert _doubt(reading, azure, probe=PROBE) == ("AzureDisagrees" if up else "GatewayDisagrees")


@pytest.mark.parametrize("azure", [NOT_CONNECTED, CONNECTING])
def test_a_child_sa_outranks_azures_status_which_is_only_doubted(azure: facts.AzureFacts) -> None:
    assert _judge(worlds.read(), azure) == ("up", "Unprobed")
    assert _doubt(worlds.read(), azure) == "AzureDisagrees"


def test_a_status_that_azure_does_not_tell_is_unknown_where_no_traffic_was_seen() -> None:
    assert _judge(worlds.read(), _azure(facts.ConnectionStatus.UNKNOWN)) == ("unknown", "AzureSilent")
    assert _judge(ANSWERED, _azure(facts.ConnectionStatus.UNKNOWN), probe=PROBE) == ("up", "Verified")


def test_a_connection_that_is_missing_is_not_up_without_traffic() -> None:
    assert _judge(worlds.read(), worlds.azure()) == ("down", "ConnectionMissing")


def test_while_azures_view_is_missing_the_gateway_and_the_probe_decide_and_it_is_said() -> None:
    for reading, probe, expected in ((ANSWERED, PROBE, "Verified"), (worlds.read(), None, "Unprobed")):
        judged = _verdict(reading, None, probe=probe)
        assert (judged.state, judged.condition.reason, judged.doubt) == (Observation.UP, expected, None)
        assert "Azure's view is missing" in judged.condition.message


def test_a_probe_that_was_not_made_yet_is_unknown() -> None:
    assert _judge(worlds.read(), probe=PROBE) == ("unknown", "ProbePending")


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (Traffic.RETURNS, ("up", "ProbeUnanswered")),
        (Traffic.UNKNOWN, ("unknown", "ProbeUnanswered")),
        (Traffic.ONLY_OUT, ("down", "ProbeUnanswered")),
    ],
)
def test_a_silent_probe_host_is_the_links_trouble_only_when_nothing_comes_back(
    traffic: Traffic, expected: tuple[str, str]
) -> None:
    assert _judge(SILENT_HOST, probe=PROBE, traffic=traffic) == expected
    assert _doubt(SILENT_HOST, probe=PROBE, traffic=traffic) == ("ProbeUnanswered" if expected[0] == "up" else None)
