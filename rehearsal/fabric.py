"""Makes the packets obey the emulated clouds: a level-triggered loop: `python -m rehearsal.fabric`, root only.

Each turn reads both clouds, plans the whole network as values (vpc, internet, peer, machines) and applies what differs.
`--clean` only takes away what a killed run left behind.
"""

import argparse
import contextlib
import dataclasses
import datetime
import ipaddress
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pydantic
from vici.exception import SessionException

from rehearsal import (
    aws_view,
    azure_view,
    bridge,
    charon,
    imds,
    internet,
    machines,
    mirror,
    networks,
    peer,
    places,
    processes,
    vm,
    vpc,
    wires,
)

PERIOD_S = 0.5
STATUS = places.STATE / "fabric.json"
READY = places.STATE / "fabric" / "ready"
# What may go wrong in a turn and be right in the next; anything else is a mistake of ours and ends the process.
PASSING = (
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
    pydantic.ValidationError,
    SessionException,
    subprocess.SubprocessError,
    wires.CommandFailed,
    OSError,
)

log = logging.getLogger("fabric")


class Fabric:
    """What the loop remembers from turn to turn."""

    def __init__(self) -> None:
        self._ec2 = aws_view.connect()
        self._machines = machines.Machines(self._ec2)
        self._wires = wires.Wires()
        self._charons: dict[ipaddress.IPv4Address, charon.Charon] = {}
        self._view = aws_view.View()
        self._gateways: tuple[azure_view.Gateway, ...] = ()
        self._tunnels: dict[ipaddress.IPv4Address, dict[str, charon.Tunnel]] = {}
        self._servers: contextlib.ExitStack | None = None
        self._errors: list[str] = []

    def turn(self) -> dict[str, Any]:
        """One look at the clouds and all that follows from it; answers with what is now applied."""
        self._errors = []
        with self._passing("emulator"):
            self._view = aws_view.read(self._ec2, [vpc.cidr for vpc in networks.VPCS])
        with self._passing("ARM server"):
            self._gateways = azure_view.read()
        # Now, so that in this very turn the host behind a dead daemon answers by the other instance (peer.plan_hosts).
        self._tunnels = {address: found for address, found in self._tunnels.items() if charon.is_running(address)}
        with self._passing("network"):
            self._errors += self._wires.apply(self._plan())
            self._serve()
        with self._passing("machines"):
            self._machines.ensure(self._view)
        self._run_peers()
        if azure_view.PEERS.exists():  # the ARM server makes the folder
            _replace(azure_view.STATUS, {str(address): _plain(found) for address, found in self._tunnels.items()})
        return self._applied()

    def _plan(self) -> wires.Plan:
        running = frozenset(vm.running())
        links = {gateway.gateway_ip: peer.link(gateway.gateway_ip) for gateway in self._gateways}
        connected = {
            address
            for address, tunnels in self._tunnels.items()
            if any(tunnel.connected for tunnel in tunnels.values())
        }
        plans = [vpc.plan(self._view, running)]
        plans += [peer.plan(gateway, tunnel=gateway.gateway_ip in self._tunnels) for gateway in self._gateways]
        vnets = [prefix for gateway in self._gateways for prefix in gateway.vnet_prefixes]
        plans += [internet.plan(self._view, links, vnets), peer.plan_hosts(connected)]
        return wires.merge(plans)

    def _serve(self) -> None:
        """The metadata service, the AWS end point and, for a stock image, a mirror, once their namespaces are there."""
        if self._servers is None:
            servers = contextlib.ExitStack()
            metadata = imds.serve(places.NAMESPACE_VPC)
            servers.callback(metadata.server_close)
            servers.callback(metadata.shutdown)
            endpoint = urllib.parse.urlsplit(places.AWS_ENDPOINT_IN_VM)
            assert endpoint.hostname is not None
            assert endpoint.port is not None
            relay = bridge.relay(places.NAMESPACE_INTERNET, endpoint.hostname, endpoint.port, places.EMULATOR_PORT)
            servers.callback(relay.close)
            if mirror.belongs_to(places.booted_image()):
                packages = mirror.serve(places.booted_image())
                servers.callback(packages.server_close)
                servers.callback(packages.shutdown)
            self._servers = servers

    def _run_peers(self) -> None:
        """`_tunnels` holds an address for as long as its daemon can be spoken to."""
        for address in set(self._charons) - {gateway.gateway_ip for gateway in self._gateways}:
            self._charons.pop(address).stop()
            self._tunnels.pop(address, None)
        for gateway in self._gateways:
            address = gateway.gateway_ip
            daemon = self._charons.setdefault(address, charon.Charon(address))
            tunnels: dict[str, charon.Tunnel] | None = None
            with self._passing(f"peer {address}", daemon.lost):
                if daemon.ensure():
                    self._errors += daemon.load(gateway)
                    tunnels = daemon.tunnels()
            if tunnels is None:
                self._tunnels.pop(address, None)
            else:
                self._tunnels[address] = tunnels

    @contextlib.contextmanager
    def _passing(self, what: str, otherwise: Any = None) -> Iterator[None]:
        try:
            yield
        except PASSING as problem:
            self._errors.append(f"{what}: {type(problem).__name__}: {problem}")
            if otherwise:
                otherwise()

    def _applied(self) -> dict[str, Any]:
        running = vm.running()
        return {
            "machines": {
                found.instance_id: {"private_ip": str(found.private_ip), "running": found.instance_id in running}
                for found in self._view.instances
            },
            "public_addresses": {
                str(public): str(own) for own, public in internet.public_addresses(self._view).items()
            },
            "routes": sorted(
                entry.put[0].removeprefix("route replace ")
                for (namespace, key), entry in self._wires.entries.items()
                if namespace == places.NAMESPACE_VPC and key.startswith("route")
            ),
            "peers": {str(address): _plain(found) for address, found in self._tunnels.items()},
            "errors": self._errors,
        }

    def close(self) -> None:
        if self._servers is not None:
            self._servers.close()


def _plain(tunnels: dict[str, charon.Tunnel]) -> dict[str, Any]:
    return {name: dataclasses.asdict(tunnel) for name, tunnel in tunnels.items()}


def _replace(path: Path, content: Any) -> None:
    """Write only what differs, in one step, for its owner only."""
    text = json.dumps(content, indent=1)
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    half.replace(path)


def clean() -> None:
    """Take away machines, daemons, namespaces and what is in them: of this run or of one that was killed."""
    READY.unlink(missing_ok=True)
    STATUS.unlink(missing_ok=True)
    machines.end_all()
    for name in processes.remembered():
        if name.startswith("charon-"):
            processes.stop(name, grace_s=3)
    wires.delete_namespaces()


def run(ended: threading.Event) -> None:
    """Turn after turn until told to end."""
    fabric = Fabric()
    said: list[str] = []
    try:
        while not ended.is_set():
            applied = fabric.turn()
            if applied["errors"] != said:
                said = applied["errors"]
                log.warning("errors of this turn: %s", said or "none any more")
            _replace(STATUS, applied)
            READY.parent.mkdir(parents=True, exist_ok=True)
            READY.write_text(datetime.datetime.now(datetime.UTC).isoformat())  # also shows that the loop lives
            ended.wait(PERIOD_S)
    finally:
        fabric.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="only take away what a killed run left behind")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("the fabric makes network namespaces and virtual machines: it must run as root")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    clean()
    if options.clean:
        return
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        run(ended)
    finally:
        clean()


if __name__ == "__main__":
    main()
