"""What a gateway sends is bounded in type, length, pattern and range before it is kept."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from link import reading
from link.reading import Booted, BootFailure, GatewayEvent, Helped, Reading
from tests import worlds

INSTANCE = {"link": "prod", "instance": "i-0123456789abcdef0"}
BOOTED = {**INSTANCE, "version": "0123456789abcdef"}
FAILED = {**INSTANCE, "reason": "PackagesMissing", "message": "no mirror answered"}
HELPED = {**INSTANCE, "remedy": "reload", "reason": "DaemonHung", "because": "no answer", "at": worlds.NOW.isoformat()}
TUNNEL = {"number": 1, "state": "up", "bytes_in": 0, "bytes_out": 0}


def _read(**changes: Any) -> dict[str, Any]:
    return worlds.read().model_dump(mode="json") | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"bytes_in": 1},  # of a later version
        {"tunnels": [{**TUNNEL, "rekeys": 3}]},
        {"tunnels": [{**TUNNEL, "number": number} for number in range(1, 9)]},
        {"tunnels": []},
        {"version": None, "outer_bytes_in": None, "outer_bytes_out": None},
        {"outer_bytes_in": 2**63 - 1},
        {"read_at": "2026-11-23T13:30:00+01:30"},
        {"read_at": (worlds.NOW + timedelta(minutes=2)).isoformat()},
        {"read_at": "2025-01-01T00:00:00Z"},  # late
    ],
)
def test_what_a_gateway_of_causeways_sends_is_taken(changes: dict[str, Any]) -> None:
    assert isinstance(reading.parse(GatewayEvent.READING, _read(**changes), worlds.NOW), Reading)


@pytest.mark.parametrize(
    "changes",
    [
        {"link": "Prod"},
        {"link": "p" * 25},
        {"instance": "prod"},
        {"instance": "i-1@2026"},
        {"instance": "i-" + "0" * 18},
        {"version": ""},
        {"version": "0" * 65},
        {"version": "v1\n"},
        {"version": 1},
        {"read_at": "2026-11-23T12:00:00"},
        {"read_at": "0001-01-01T00:00:00+14:00"},
        {"read_at": "2019-12-31T23:59:59Z"},
        {"read_at": "9999-12-31T23:59:59-14:00"},
        {"read_at": "yesterday"},
        {"tunnels": [TUNNEL, TUNNEL]},
        {"tunnels": [{**TUNNEL, "number": number} for number in range(1, 10)]},
        *({"tunnels": [{**TUNNEL, "number": number}]} for number in (0, 9, 99, -1, "1", True, 1.0)),
        *({"tunnels": [{**TUNNEL, "bytes_in": number}]} for number in (-1, 2**63, "1", 1.5, None)),
        {"tunnels": [{**TUNNEL, "state": "sideways"}]},
        {"probe": "maybe"},
        *({"outer_bytes_out": number} for number in (-1, 2**63, "5", True)),
        {"counting_since": "2026-11-23T12:00:00"},
        {"fault": 5},
    ],
)
def test_what_none_sends_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        reading.parse(GatewayEvent.READING, _read(**changes), worlds.NOW)


@pytest.mark.parametrize("kind", [GatewayEvent.READING, GatewayEvent.TUNNEL_LOST, GatewayEvent.CONFIGURATION_APPLIED])
def test_a_reading_of_a_time_to_come_is_refused(kind: GatewayEvent) -> None:
    late = (worlds.NOW + timedelta(minutes=2, microseconds=1)).isoformat()
    with pytest.raises(ValueError, match="ahead of"):
        reading.parse(kind, _read(read_at=late), worlds.NOW)
    with pytest.raises(ValueError, match="ahead of"):
        reading.parse(kind, _read(counting_since=late), worlds.NOW)
    with pytest.raises(ValueError, match="ahead of"):
        reading.parse(GatewayEvent.HELPED, {**HELPED, "at": late}, worlds.NOW)


def test_a_text_becomes_one_line() -> None:
    long = "PolicyMismatch: \x1b[31m\n" + "x" * 300_000
    read = reading.parse(GatewayEvent.READING, _read(fault=long), worlds.NOW)
    helped = reading.parse(GatewayEvent.HELPED, {**HELPED, "because": long}, worlds.NOW)
    failed = reading.parse(GatewayEvent.BOOT_FAILED, {**FAILED, "message": long}, worlds.NOW)
    assert isinstance(read, Reading)
    assert isinstance(helped, Helped)
    assert isinstance(failed, BootFailure)
    for line in (read.fault, helped.because, failed.message):
        assert line is not None
        assert line.startswith("PolicyMismatch: [31m xxx")
        assert line.endswith("x…")
        assert (len(line), line.isprintable()) == (300, True)


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (GatewayEvent.BOOTED, {**BOOTED, "kernel": "6.12"}),
        (GatewayEvent.BOOT_FAILED, {**FAILED, "kernel": "6.12"}),
        (GatewayEvent.BOOT_FAILED, {**FAILED, "instance": "unknown"}),
        (GatewayEvent.HELPED, {**HELPED, "kernel": "6.12"}),
    ],
)
def test_other_words_are_taken(kind: GatewayEvent, detail: dict[str, Any]) -> None:
    assert isinstance(reading.parse(kind, detail, worlds.NOW), Booted | BootFailure | Helped)


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (GatewayEvent.BOOTED, {**BOOTED, "version": None}),
        (GatewayEvent.BOOTED, {**BOOTED, "instance": "unknown"}),
        (GatewayEvent.BOOT_FAILED, {**FAILED, "reason": "no mirror"}),
        (GatewayEvent.BOOT_FAILED, {**FAILED, "reason": "R" * 65}),
        (GatewayEvent.HELPED, {**HELPED, "remedy": "re-load"}),
        (GatewayEvent.HELPED, {**HELPED, "reason": "daemonHung"}),
        (GatewayEvent.HELPED, {**HELPED, "at": "2026-11-23T12:00:00"}),
        *((kind, None) for kind in GatewayEvent),
        *((kind, "text") for kind in GatewayEvent),
        *((kind, {}) for kind in GatewayEvent),
    ],
)
def test_other_words_that_none_sends_are_refused(kind: GatewayEvent, detail: Any) -> None:
    with pytest.raises(ValidationError):
        reading.parse(kind, detail, worlds.NOW)
