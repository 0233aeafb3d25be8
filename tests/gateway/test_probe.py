"""The probe: an answer is an answer, a lost packet is no outage, and what could not be asked is unknown."""

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from gateway.agent import probe, report
from gateway.agent.configuration import Target

LOOPBACK = IPv4Address("127.0.0.1")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((str(LOOPBACK), 0)) as server:
        yield server


@pytest.fixture
def asked() -> Iterator[probe.Probe]:
    kept = probe.Probe(Target(LOOPBACK, 1))
    kept.stop()
    yield kept


def test_a_tcp_port_that_listens_answers(listener: socket.socket) -> None:
    assert probe.ask(Target(LOOPBACK, listener.getsockname()[1]))


def test_a_tcp_port_that_refuses_does_not(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert not probe.ask(Target(LOOPBACK, port))


def test_three_failures_are_down_and_one_answer_is_up(asked: probe.Probe) -> None:
    seen = []
    for answered in (False, False, False, True, False, False, True):
        asked.note(answered)
        seen.append(asked.state)
    assert seen == [report.UNKNOWN, report.UNKNOWN, report.DOWN, report.UP, report.UP, report.UP, report.UP]


def test_the_echo_requests_checksum_is_right() -> None:
    request = probe.echo_request(b"12345678")
    total = sum(struct.unpack(f"!{len(request) // 2}H", request))
    assert (total >> 16) + (total & 0xFFFF) == 0xFFFF
