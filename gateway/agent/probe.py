"""Asks one address on the other side for a sign of life, every second, in a thread of its own."""

import os
import socket
import struct
import threading
import time
from ipaddress import IPv4Address

from gateway.agent import report
from gateway.agent.configuration import Target

PATIENCE_S = 1.0
# One lost packet is no outage.
FAILURES_FOR_DOWN = 3
_ECHO_REQUEST, _ECHO_REPLY = 8, 0


def ask(target: Target) -> bool:
    """Whether it answered in time. Raises OSError when that could not be tried."""
    try:
        return _echo(target.address) if target.port is None else _connect(target.address, target.port)
    except (TimeoutError, ConnectionRefusedError):
        return False
    except OSError as exc:
        if exc.errno in _UNREACHABLE:
            return False
        raise


_UNREACHABLE = (101, 113)  # ENETUNREACH, EHOSTUNREACH: the standing route answers, so no tunnel is up


def _connect(address: IPv4Address, port: int) -> bool:
    with socket.create_connection((str(address), port), timeout=PATIENCE_S):
        return True


def _echo(address: IPv4Address) -> bool:
    """ICMP echo on a raw socket: an image need not have ping."""
    request = echo_request(os.urandom(8))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as wire:
        wire.connect((str(address), 0))
        wire.send(request)
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            wire.settimeout(left)
            packet = wire.recv(2048)
            answer = packet[(packet[0] & 15) * 4 :]
            if answer[0] == _ECHO_REPLY and answer[4:] == request[4:]:
                return True
    return False


def echo_request(payload: bytes) -> bytes:
    """ICMP, type 8 (RFC 792)."""
    head = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, os.getpid() & 0xFFFF, 1)
    return head[:2] + struct.pack("!H", _checksum(head + payload)) + head[4:] + payload


def _checksum(text: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(text) // 2}H", text))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Probe:
    """Keeps the newest answer about one target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.state = report.UNKNOWN
        self._failures = 0
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread within a second or two."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(1):
            try:
                answered = ask(self.target)
            except OSError:
                self.state = report.UNKNOWN
            else:
                self.note(answered)

    def note(self, answered: bool) -> None:
        """Takes one answer into account."""
        self._failures = 0 if answered else self._failures + 1
        if answered:
            self.state = report.UP
        elif self._failures >= FAILURES_FOR_DOWN:
            self.state = report.DOWN
