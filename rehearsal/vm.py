"""Virtual machines that boot as EC2 instances do: NVMe disk, Amazon's SMBIOS strings, DHCP, IMDS, serial console.

A machine is a QEMU process that outlives whoever started it; its folder under `places.VMS` is all that is known of it.
Nothing here decides which machines should run, and none is ever looked up by name in the process table.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rehearsal import places, tsc

GRACE_S = 10.0  # from the power button to the kill
TAP_MTU = 9001
# A root shell at the machine's second serial port (rehearsal/inside.py). From here and not from the image or the user
# data, which are as a customer's; and before systemd, so that it is there whatever is broken later.
SHELL = (
    # On a busy machine init starts before the kernel has made the port.
    'init=/bin/sh -- -c "(until stty -F /dev/ttyS1 raw -echo; do sleep 1; done; exec setsid sh </dev/ttyS1 >/dev/ttyS1)'
    ' 2>/dev/null & exec /sbin/init"'
)
KERNEL_ARGUMENTS = (
    "rootfstype=ext4 rw console=ttyS0 net.ifnames=1 "
    "mitigations=off audit=0 apparmor=0 selinux=0 tsc=reliable random.trust_cpu=on quiet loglevel=4 panic=5"
)


@dataclass(frozen=True)
class Machine:
    """What RunInstances decided, and where the fabric put it."""

    instance_id: str
    private_ip: str
    mac: str
    subnet_cidr: str
    bridge: str
    user_data: bytes  # kept beside the disk for the reader; the machine itself fetches it from the IMDS
    namespace: str = places.NAMESPACE_VPC


def tap_name(instance_id: str) -> str:
    """The machine's end in the namespace (an interface's name has at most 15 characters)."""
    return f"vm{instance_id[-12:]}"


def start(machine: Machine) -> None:
    """Boot the machine; one that was stopped before keeps its disk, as an EBS volume would."""
    if is_running(machine.instance_id):
        return
    folder = _folder(machine.instance_id)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("stopping", "qmp", "shell", "qemu.pid"):
        (folder / name).unlink(missing_ok=True)
    (folder / "user-data").write_bytes(machine.user_data)
    (folder / "tap").write_text(f"{machine.namespace} {tap_name(machine.instance_id)}")
    _make_disk(folder / "disk.qcow2")
    _make_tap(machine)
    command = ["ip", "netns", "exec", machine.namespace, *_qemu(machine, folder)]
    try:
        # In its own folder, because a UNIX socket's path has at most 107 characters.
        subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        _delete_tap(folder)
        raise


def stop(instance_id: str, grace_s: float = GRACE_S) -> bool:
    """Press the power button; kill the machine at the first call after `grace_s`. Never waits; true when it is gone."""
    folder = _folder(instance_id)
    if not is_running(instance_id):
        _delete_tap(folder)
        return True
    pressed = folder / "stopping"
    if not pressed.exists():
        pressed.touch()
        _press_power_button(instance_id)
    elif time.time() - pressed.stat().st_mtime > grace_s:
        kill(instance_id)
        return True
    return False


def kill(instance_id: str) -> None:
    """End the machine as a failing host would, now."""
    pid = _pid(instance_id)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        while _pid(instance_id) == pid:
            time.sleep(0.01)
    _delete_tap(_folder(instance_id))


def discard(instance_id: str) -> None:
    """Delete the disk of a terminated machine; its console stays for the reader."""
    (_folder(instance_id) / "disk.qcow2").unlink(missing_ok=True)


def is_running(instance_id: str) -> bool:
    return _pid(instance_id) is not None


def running() -> set[str]:
    return {folder.name for folder in places.VMS.glob("i-*") if is_running(folder.name)}


def console(instance_id: str) -> str:
    """What the machine wrote on its serial console since it was made (EC2: GetConsoleOutput)."""
    log = _folder(instance_id) / "console.log"
    return log.read_text(errors="replace") if log.exists() else ""


def _folder(instance_id: str) -> Path:
    return places.VMS / instance_id


def _pid(instance_id: str) -> int | None:
    """The pid in the machine's pid file, if that process is still this machine and not one that got its number."""
    folder = _folder(instance_id)
    try:
        pid = int((folder / "qemu.pid").read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(folder).encode() in arguments else None


def _make_disk(disk: Path) -> None:
    if disk.exists():
        return
    base = places.booted_image() / "root.qcow2"
    backing = ["-b", str(base), "-F", "qcow2"]
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, str(disk)], check=True, timeout=30)


def _make_tap(machine: Machine) -> None:
    tap = tap_name(machine.instance_id)
    ip = ["ip", "-n", machine.namespace]
    subprocess.run([*ip, "link", "del", tap], check=False, capture_output=True, timeout=10)
    subprocess.run([*ip, "tuntap", "add", "dev", tap, "mode", "tap"], check=True, timeout=10)
    settings = ["mtu", str(TAP_MTU), "master", machine.bridge, "up"]
    subprocess.run([*ip, "link", "set", tap, *settings], check=True, timeout=10)


def _delete_tap(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        namespace, tap = (folder / "tap").read_text().split()
        subprocess.run(["ip", "-n", namespace, "link", "del", tap], check=False, capture_output=True, timeout=10)
        (folder / "tap").unlink()


def _qemu(machine: Machine, folder: Path) -> list[str]:
    # cloud-init's ds-identify knows EC2 by uuid and serial: the same value twice, beginning with "ec2".
    uuid = "ec2" + machine.instance_id.removeprefix("i-").ljust(29, "0")[:29]
    uuid = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    # Told, because a guest that measures it on a busy host gets a clock that runs several times too fast or too slow.
    clock = f"tsc_early_khz={khz}" if (khz := tsc.khz()) else ""
    accelerator = "kvm" if os.environ.get("CAUSEWAY_KVM") == "1" else "tcg,thread=multi,tb-size=256"
    network = f"tap,id=net,ifname={tap_name(machine.instance_id)},script=no,downscript=no"
    return [
        *("qemu-system-x86_64", "-name", machine.instance_id, "-nodefaults", "-display", "none"),
        *("-M", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "768"),
        *("-smbios", f"type=1,manufacturer=Amazon EC2,product=t3.micro,uuid={uuid},serial={uuid}"),
        *(
            "-kernel",
            str(places.booted_image() / "vmlinux"),
            "-append",
            f"{_root()} {KERNEL_ARGUMENTS} {clock} {SHELL}",
        ),
        *("-drive", f"file={folder / 'disk.qcow2'},if=none,id=disk,cache=unsafe,discard=unmap"),
        *("-device", "nvme,drive=disk,serial=vol0"),
        *("-netdev", network, "-device", f"virtio-net-pci,netdev=net,mac={machine.mac},romfile="),
        *("-chardev", f"file,id=console,path={folder / 'console.log'},append=on", "-serial", "chardev:console"),
        *("-chardev", "socket,id=shell,path=shell,server=on,wait=off", "-serial", "chardev:shell"),
        *("-qmp", "unix:qmp,server=on,wait=off"),
        *("-pidfile", str(folder / "qemu.pid"), "-daemonize"),
    ]


@contextlib.contextmanager
def connect(instance_id: str, name: str, patience_s: float) -> Iterator[socket.socket]:
    """Speaks with a socket in the machine's folder, whose path is longer than a socket's name may be."""
    here = os.open(_folder(instance_id), os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(patience_s)
            wire.connect(f"/proc/self/fd/{here}/{name}")
            yield wire
    finally:
        os.close(here)


def _root() -> str:
    """The root disk; one that is not there is waited for, without a word on the console (kernel-parameters.txt)."""
    return "root=/dev/nvme9n1 rootwait" if places.UNBOOTABLE.exists() else "root=/dev/nvme0n1"


def _press_power_button(instance_id: str) -> None:
    """QMP: the capabilities handshake, then system_powerdown (ACPI), which is what EC2 sends too."""
    with contextlib.suppress(OSError), connect(instance_id, "qmp", 2) as monitor, monitor.makefile("rw") as lines:
        for command in ("qmp_capabilities", "system_powerdown"):
            lines.readline()
            lines.write(json.dumps({"execute": command}) + "\n")
            lines.flush()
        lines.readline()


def remove_all() -> None:
    """Kill every machine and delete every folder: the state of a rehearsal that was never started."""
    for folder in places.VMS.glob("i-*"):
        kill(folder.name)
        shutil.rmtree(folder)
