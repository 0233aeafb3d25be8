"""DHCP in a subnet of the VPC: one dnsmasq for each bridge, which knows each network interface by its MAC."""

import ipaddress
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from rehearsal import places

MTU = 9001  # of every EC2 instance: "Network MTU for your EC2 instance", Amazon EC2 user guide
LEASE_S = 3600


def ensure(bridge: str, cidr: str, hosts: Mapping[str, str], namespace: str = places.NAMESPACE_VPC) -> None:
    """Make the bridge's dnsmasq run and know exactly these hosts (MAC to address); does nothing when it does."""
    folder = _folder(namespace, bridge)
    wanted = "".join(f"{mac},{address}\n" for mac, address in sorted(hosts.items()))
    hosts_file = folder / "hosts"
    known = hosts_file.read_text() if hosts_file.exists() else None
    if known == wanted and _pid(folder) is not None:
        return
    # Restarted rather than told to read again: an old lease would keep an address from the next machine that has it.
    stop(bridge, namespace)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    hosts_file.write_text(wanted)
    _run(bridge, ipaddress.IPv4Network(cidr), folder, namespace)


def stop(bridge: str, namespace: str = places.NAMESPACE_VPC) -> None:
    """End the bridge's dnsmasq."""
    _end(_folder(namespace, bridge))


def stop_all() -> None:
    """End every dnsmasq of the rehearsal, also those of a run that was interrupted."""
    for folder in (places.STATE / "dhcp").glob("*"):
        _end(folder)


def _end(folder: Path) -> None:
    pid = _pid(folder)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    while _pid(folder) == pid:  # SIGTERM ends dnsmasq within milliseconds
        time.sleep(0.01)


def _folder(namespace: str, bridge: str) -> Path:
    return places.STATE / "dhcp" / f"{namespace}-{bridge}"


def _pid(folder: Path) -> int | None:
    """The pid in the folder's pid file, if it is still this dnsmasq's and not another process's."""
    try:
        pid = int((folder / "pid").read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(folder).encode() in arguments else None


def _run(bridge: str, network: ipaddress.IPv4Network, folder: Path, namespace: str) -> None:
    router = network.network_address + 1  # the VPC's router is the first address of each subnet, as in AWS
    command = [
        *("ip", "netns", "exec", namespace, "dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-ping"),
        *(f"--pid-file={folder / 'pid'}", f"--dhcp-leasefile={folder / 'leases'}", f"--log-facility={folder / 'log'}"),
        *(f"--interface={bridge}", "--bind-interfaces", "--except-interface=lo", "--dhcp-authoritative"),
        f"--dhcp-range={network.network_address},static,{network.netmask},{LEASE_S}",
        f"--dhcp-hostsfile={folder / 'hosts'}",
        *(f"--dhcp-option=option:router,{router}", f"--dhcp-option=option:mtu,{MTU}"),
    ]
    subprocess.run(command, check=True, timeout=10)
