"""DHCP in a subnet of the VPC: one dnsmasq for each bridge, which knows each network interface by its MAC."""

import ipaddress
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rehearsal import places

MTU = 9001  # of every EC2 instance: "Network MTU for your EC2 instance", Amazon EC2 user guide
LEASE_S = 3600


def ensure(bridge: str, cidr: str, hosts: Mapping[str, str], namespace: str = places.NAMESPACE_VPC) -> None:
    """Make the bridge's dnsmasq run and know exactly these hosts (MAC to address); does nothing when it does."""
    folder = _folder(namespace, bridge)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = "".join(f"{mac},{address}\n" for mac, address in sorted(hosts.items()))
    hosts_file = folder / "hosts"
    known = hosts_file.read_text() if hosts_file.exists() else None
    if known != wanted:
        hosts_file.write_text(wanted)
    pid = _pid(folder)
    if pid is None:
        _run(bridge, ipaddress.IPv4Network(cidr), folder, namespace)
    elif known != wanted:
        os.kill(pid, signal.SIGHUP)  # dnsmasq(8): SIGHUP re-reads --dhcp-hostsfile


def stop(bridge: str, namespace: str = places.NAMESPACE_VPC) -> None:
    pid = _pid(_folder(namespace, bridge))
    if pid is not None:
        os.kill(pid, signal.SIGTERM)


def stop_all() -> None:
    """End every dnsmasq of the rehearsal, also those of a run that was interrupted."""
    for pid_file in (places.STATE / "dhcp").glob("*/pid"):
        pid = _pid(pid_file.parent)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)


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
    subprocess.run(
        ["ip", "netns", "exec", namespace, "dnsmasq"]
        + ["--conf-file=/dev/null", f"--pid-file={folder / 'pid'}", f"--dhcp-leasefile={folder / 'leases'}"]
        + ["--port=0", f"--interface={bridge}", "--bind-interfaces", "--except-interface=lo", "--no-ping"]
        + ["--dhcp-authoritative", f"--dhcp-range={network.network_address},static,{network.netmask},{LEASE_S}"]
        + [f"--dhcp-hostsfile={folder / 'hosts'}", f"--dhcp-option=option:router,{router}"]
        + [f"--dhcp-option=option:mtu,{MTU}", f"--log-facility={folder / 'log'}"],
        check=True,
        timeout=10,
    )
