"""One strongSwan daemon of a peer: started, given its connections, asked for its security associations, ended.

It is the only user of VICI; what the daemon should run is decided in `peer`.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import vici
from vici.exception import CommandException

from rehearsal import azure_view, bridge, peer, places, processes, proposals

PROGRAM = "charon-systemd"
# strongSwan's names of states (ike_sa.c, child_sa.c).
IKE_IN_USE = (b"ESTABLISHED", b"REKEYING", b"REKEYED")
CHILD_IN_USE = (b"INSTALLED", b"UPDATING", b"REKEYING", b"REKEYED")
LIFETIMES = places.STATE / "peers" / "lifetimes.json"  # a rehearsal of rekeys writes it: peer.Lifetimes


@dataclass(frozen=True)
class Tunnel:
    """One connection as Azure would report it; bytes are inner ones, since the connection was made."""

    connected: bool = False
    ingress_bytes: int = 0
    egress_bytes: int = 0


@dataclass
class Traffic:
    """Bytes of each child SA by its number, because the daemon forgets an SA's bytes when it is replaced."""

    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, child: Mapping[str, bytes]) -> None:
        self.seen[child["uniqueid"].decode()] = int(child.get("bytes-in", 0)), int(child.get("bytes-out", 0))

    def total(self) -> tuple[int, int]:
        return sum(pair[0] for pair in self.seen.values()), sum(pair[1] for pair in self.seen.values())


def carries(sa: Mapping[str, Any]) -> bool:
    """Whether an IKE SA of `list-sas` and one of its children are in use. They are until a rekey has replaced them."""
    children: Iterable[Mapping[str, bytes]] = sa.get("child-sas", {}).values()
    return sa["state"] in IKE_IN_USE and any(child["state"] in CHILD_IN_USE for child in children)


def speak(namespace: str) -> vici.Session:
    """A line to the daemon in this namespace."""

    def dial() -> socket.socket:
        return socket.create_connection(("127.0.0.1", peer.VICI_PORT), timeout=5)

    return vici.Session(bridge.in_namespace(namespace, dial))


def end_tunnel(session: vici.Session, name: str) -> None:
    """Says goodbye and does not wait for the other side; "no matching SAs" is no problem."""
    with contextlib.suppress(CommandException):
        list(session.terminate({"ike": name, "timeout": "-1"}))


def log_file(gateway_ip: IPv4Address) -> Path:
    """Where the daemon of this address writes what it negotiates."""
    return places.LOGS / f"charon-{peer.namespace(gateway_ip)}.ike.log"


def _process(gateway_ip: IPv4Address) -> str:
    return f"charon-{peer.namespace(gateway_ip)}"


def _away(gateway_ip: IPv4Address) -> Path:
    """While this file is there, the daemon of this address is not started."""
    return places.STATE / "peers" / f"{peer.namespace(gateway_ip)}.away"


def is_running(gateway_ip: IPv4Address) -> bool:
    return processes.running(_process(gateway_ip)) is not None


def kill(gateway_ip: IPv4Address) -> None:
    """Its instance dies: no goodbye, and it stays away. Called by a drill, in another process than the fabric's."""
    _away(gateway_ip).touch()
    pid = processes.running(_process(gateway_ip))
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def give_back(gateway_ip: IPv4Address) -> None:
    """The fabric starts it in its next turn."""
    _away(gateway_ip).unlink(missing_ok=True)


class Charon:
    """The daemon of one gateway address."""

    def __init__(self, gateway_ip: IPv4Address) -> None:
        self._gateway_ip = gateway_ip
        self.namespace = peer.namespace(gateway_ip)
        self._process = _process(gateway_ip)
        self._session: vici.Session | None = None
        self._connections: dict[str, peer.Connection] = {}
        self._secrets: dict[str, peer.Secret] = {}
        self._traffic: dict[str, Traffic] = {}
        self._resets: dict[str, int] = {}

    def ensure(self) -> bool:
        """Start the daemon where it does not run and may; whether it can be spoken to."""
        if processes.running(self._process) is None:
            self._forget()
            if not _away(self._gateway_ip).exists():
                self._start()
            return False  # for a turn, so that the routes into the former daemon's device are made anew
        if self._session is None:
            self._session = self._connect()
        return self._session is not None

    def _start(self) -> None:
        # A distribution's service finds its program by path; here it need not be on everybody's PATH.
        program = shutil.which(PROGRAM, path="/usr/sbin:/usr/libexec/ipsec:/usr/lib/ipsec") or PROGRAM
        folder = places.STATE / "peers" / self.namespace
        folder.mkdir(parents=True, exist_ok=True)
        places.LOGS.mkdir(parents=True, exist_ok=True)
        configuration = folder / "strongswan.conf"
        configuration.write_text(peer.configuration(log_file(self._gateway_ip)))
        environment = {**os.environ, "STRONGSWAN_CONF": str(configuration)}
        processes.start(self._process, ["ip", "netns", "exec", self.namespace, program], environment)

    def _connect(self) -> vici.Session | None:
        try:
            return speak(self.namespace)
        except OSError:  # it has just been started
            return None

    def _forget(self) -> None:
        self._session = None
        self._connections.clear()
        self._secrets.clear()

    def load(self, gateway: azure_view.Gateway) -> list[str]:
        """Give the daemon these connections and no others; answers with what it refused."""
        if self._session is None:
            return []
        problems = []
        lifetimes = peer.Lifetimes(**json.loads(LIFETIMES.read_text())) if LIFETIMES.exists() else None
        for name in set(self._connections) - {wanted.name for wanted in gateway.connections}:
            self._unload(name)
        for wanted in gateway.connections:
            try:
                self._load(wanted.name, peer.connection(gateway, wanted, lifetimes), peer.secret(gateway, wanted))
                self._reset(wanted)
            except (proposals.Unsupported, KeyError, CommandException) as problem:
                problems.append(f"{self.namespace}: {wanted.name}: {problem}")
        return problems

    def _load(self, name: str, connection: peer.Connection, secret: peer.Secret) -> None:
        assert self._session is not None
        if self._secrets.get(name) != secret:  # shows at the next IKE_AUTH, as in Azure
            self._session.load_shared(secret)
            self._secrets[name] = secret
        if self._connections.get(name) != connection:
            self._session.load_conn({name: connection})
            if name in self._connections:  # Azure: a changed policy drops the tunnel for seconds
                end_tunnel(self._session, name)
            self._connections[name] = connection
            self._traffic.setdefault(name, Traffic())

    def _reset(self, wanted: azure_view.Connection) -> None:
        assert self._session is not None
        if wanted.resets > self._resets.setdefault(wanted.name, wanted.resets):
            end_tunnel(self._session, wanted.name)
        self._resets[wanted.name] = wanted.resets

    def _unload(self, name: str) -> None:
        assert self._session is not None
        self._session.unload_conn({"name": name})
        self._session.unload_shared({"id": name})
        end_tunnel(self._session, name)
        self._connections.pop(name, None)
        self._resets.pop(name, None)
        self._secrets.pop(name, None)
        self._traffic.pop(name, None)

    def tunnels(self) -> dict[str, Tunnel]:
        """Every loaded connection and how it does."""
        if self._session is None:
            return {}
        found = [(name, sa) for entry in self._session.list_sas() for name, sa in entry.items()]
        connected = {name for name, sa in found if name in self._connections and self._note(name, sa)}
        return {name: Tunnel(name in connected, *self._traffic[name].total()) for name in self._connections}

    def _note(self, name: str, sa: Mapping[str, Any]) -> bool:
        """Whether this SA carries traffic."""
        children: Iterable[Mapping[str, bytes]] = sa.get("child-sas", {}).values()
        for child in children:
            self._traffic[name].note(child)
        return carries(sa)

    def lost(self) -> None:
        """The daemon did not answer: speak to it anew, and tell it everything again."""
        self._forget()

    def stop(self) -> None:
        processes.stop(self._process, grace_s=3)
        self._forget()
