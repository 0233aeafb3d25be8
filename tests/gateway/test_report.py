"""What the agent says is what link/reading.py reads, and it speaks when somebody waits for it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.agent import report
from gateway.agent.fault import Fault
from gateway.agent.status import Bytes, Outer
from link import reading, watched

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SPEAKER = report.Speaker("main", "i-0123456789abcdef0")
LOOK = report.Look(
    version="v1",
    read_at=NOW,
    tunnels=(report.TunnelLook(1, report.UP, Bytes(84, 168)), report.TunnelLook(2, report.UNKNOWN, Bytes())),
    probe=report.DOWN,
    outer=Outer(1000, 2000, "2026-11-20T08:00:00.000001+00:00"),
    fault="ConfigurationRefused: version v2: no",
)


def test_a_reading_is_what_the_controller_reads() -> None:
    read = reading.Reading.model_validate_json(json.dumps(SPEAKER.reading(LOOK)))
    assert read.read_at == NOW
    assert [(t.number, t.state, t.bytes_in, t.bytes_out) for t in read.tunnels] == [
        (1, "up", 84, 168),
        (2, "unknown", 0, 0),
    ]
    assert (read.probe, read.outer_bytes_in, read.outer_bytes_out, read.fault) == ("down", 1000, 2000, LOOK.fault)
    assert read.counting_since == datetime(2026, 11, 20, 8, microsecond=1, tzinfo=UTC)


def test_counters_that_could_not_be_read_are_unknown_and_not_zero() -> None:
    read = reading.Reading.model_validate(SPEAKER.reading(replace(LOOK, outer=None)))
    assert (read.outer_bytes_in, read.outer_bytes_out, read.counting_since) == (None, None, None)


def test_a_reading_without_probe_says_so() -> None:
    assert reading.Reading.model_validate(SPEAKER.reading(replace(LOOK, probe=None, fault=None))).probe is None


def test_boot_words_are_what_the_controller_reads() -> None:
    assert reading.Booted.model_validate(SPEAKER.booted("v1")).version == "v1"
    failure = reading.BootFailure.model_validate(SPEAKER.boot_failure(Fault("PskUnreadable", "no")))
    assert (failure.reason, failure.message) == ("PskUnreadable", "no")
    readings = {report.READING, report.TUNNEL_LOST, report.TUNNEL_BACK, report.APPLIED}
    assert {report.BOOTED, report.BOOT_FAILED, report.HELPED, *readings} == {str(kind) for kind in reading.GatewayEvent}


def test_it_speaks_under_the_source_that_its_role_may_use() -> None:
    assert report.source("main") == watched.source("main")


def test_a_remedy_is_told_as_the_controller_reads_it() -> None:
    told = SPEAKER.helped("restart", Fault("DaemonStopped", "pluto did not run"), NOW)
    helped = reading.Helped.model_validate_json(json.dumps(told))
    assert (helped.remedy, helped.reason, helped.because) == ("restart", "DaemonStopped", "pluto did not run")
    assert (helped.link, helped.instance, helped.at) == (SPEAKER.link, SPEAKER.instance, NOW)


def look(first: str, second: str = report.DOWN, version: str = "v1") -> report.Look:
    tunnels = (report.TunnelLook(1, first, Bytes()), report.TunnelLook(2, second, Bytes()))
    return replace(LOOK, tunnels=tunnels, version=version)


@pytest.mark.parametrize(
    ("last", "now", "kind"),
    [
        (None, look(report.DOWN), "GatewayConfigurationApplied"),
        (None, look(report.UP), "GatewayTunnelBack"),
        (look(report.DOWN), look(report.DOWN), "GatewayReading"),
        (look(report.UP), look(report.UP), "GatewayReading"),
        (look(report.UP), look(report.DOWN), "GatewayTunnelLost"),
        (look(report.UP), look(report.DOWN, report.UP), "GatewayTunnelLost"),
        (look(report.UP), look(report.UNKNOWN), "GatewayReading"),
        (look(report.DOWN), look(report.UNKNOWN), "GatewayReading"),
        (look(report.UNKNOWN), look(report.DOWN), "GatewayTunnelLost"),
        (look(report.UNKNOWN), look(report.UP), "GatewayTunnelBack"),
        (look(report.UP), look(report.UP, version="v2"), "GatewayConfigurationApplied"),
        (look(report.UP), look(report.DOWN, version="v2"), "GatewayTunnelLost"),
    ],
)
def test_a_look_is_told_under_the_name_of_what_changed(last: report.Look | None, now: report.Look, kind: str) -> None:
    assert report.kind(last, now) == kind


def test_the_words_of_an_observation_are_the_contracts() -> None:
    assert {report.UP, report.DOWN, report.UNKNOWN} == {str(word) for word in reading.Observation}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, False),
        ({"outer": None}, False),
        ({"read_at": NOW + timedelta(seconds=59)}, False),
        ({"read_at": NOW + timedelta(seconds=60)}, True),
        ({"version": "v2"}, True),
        ({"probe": report.UP}, True),
        ({"fault": None}, True),
        ({"tunnels": (report.TunnelLook(1, report.DOWN, Bytes()), LOOK.tunnels[1])}, True),
        ({"tunnels": (report.TunnelLook(1, report.UP, Bytes(9, 9)), LOOK.tunnels[1])}, False),
    ],
)
def test_it_speaks_on_a_change_and_else_once_a_minute(change: dict[str, object], told: bool) -> None:
    assert report.worth_telling(LOOK, replace(LOOK, **change)) is told  # type: ignore[arg-type]


def test_the_first_look_is_always_told() -> None:
    assert report.worth_telling(None, LOOK)


def test_metrics_have_no_value_for_what_is_unknown() -> None:
    nothing = replace(LOOK, probe=report.UNKNOWN, tunnels=(report.TunnelLook(1, report.UNKNOWN, Bytes()),), outer=None)
    assert report.metrics("main", None, nothing) == ()
    before = replace(nothing, outer=LOOK.outer)
    assert report.metrics("main", before, nothing) == report.metrics("main", nothing, before) == ()
    assert {datum.name for datum in report.metrics("main", None, before)} == {"OuterBytesIn", "OuterBytesOut"}


def test_metrics_count_what_was_added_since_the_last_ones() -> None:
    later = replace(LOOK, outer=Outer(1500, 100, "later"), probe=report.UP)
    values = {datum.name: datum.value for datum in report.metrics("main", LOOK, later)}
    assert values == {"TunnelUp": 1.0, "ProbeUp": 1.0, "OuterBytesIn": 500.0, "OuterBytesOut": 100.0}
