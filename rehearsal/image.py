"""Builds the gateway's image: Debian 13 with what the gateway needs already installed, as a customer may bake it.

`python -m rehearsal.image` as root; a second call does nothing while the recipe stays as it is. Left in the recipe's
folder: vmlinux, root.qcow2, and root/, the same files as a folder. `rehearsal/stock.py` has another recipe.
"""

import hashlib
import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal import places

SUITE = "trixie"
DISK_SIZE = "4G"
# What every Debian image for EC2 has, as far as a gateway meets it; the last two unpack the kernel and its modules.
DEBIAN = (
    *("linux-image-cloud-amd64", "systemd-sysv", "udev", "dbus", "cloud-init", "ca-certificates"),
    *("iproute2", "iputils-ping", "procps", "zstd", "xz-utils"),
)

# Files of the image beside those of its packages. What is here to save seconds on an emulated processor is such as a
# customer's own image could have too; docs/experiments/vm.md has the figures.
FILES = {
    # Debian's own EC2 image looks for Ec2 alone too. Without metadata_urls cloud-init first resolves names that nobody
    # serves here. The network is the image's (below), so cloud-init is told of no DHCP client to start of its own.
    "etc/cloud/cloud.cfg.d/90_ec2.cfg": """\
datasource_list: [Ec2]
datasource: {Ec2: {metadata_urls: ["http://169.254.169.254"]}}
network: {config: disabled}
system_info: {network: {dhcp_client_priority: [udhcpc]}}
""",
    "etc/systemd/network/10-ec2.network": """\
[Match]
Name=en*
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
LLDP=no
[DHCPv4]
UseMTU=yes
UseHostname=no
UseDNS=no
""",
    # The one mark of the rehearsal: where the AWS end points are. Product code never learns that it is rehearsed.
    "etc/systemd/system.conf.d/rehearsal.conf": f"""\
[Manager]
DefaultEnvironment=AWS_ENDPOINT_URL={places.AWS_ENDPOINT_IN_VM}
""",
    # cloud-init's and the agent's words go on to the serial console, which is EC2's GetConsoleOutput.
    "etc/systemd/journald.conf.d/volatile.conf": "[Journal]\nStorage=volatile\n",
    "etc/fstab": "",  # the kernel mounts the root for writing; there is nothing else
    "etc/hostname": "localhost\n",
    "etc/machine-id": "",  # each machine makes its own
    "etc/resolv.conf": "# No name server: the image's AWS end point is an address.\n",
}
# Units that do nothing for a gateway that lives minutes, or that wait for what no EC2 instance has.
MASKED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer", "e2scrub_all.timer"),
    *("systemd-tmpfiles-clean.timer", "systemd-pstore.service", "systemd-hwdb-update.service", "ldconfig.service"),
    *("systemd-journal-catalog-update.service", "systemd-update-done.service", "systemd-firstboot.service"),
    *("systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount"),
    *("getty.target", "getty@tty1.service", "serial-getty@ttyS0.service", "systemd-user-sessions.service"),
    *("cloud-init-hotplugd.socket", "systemd-hibernate-clear.service", "systemd-battery-check.service"),
    *("systemd-pcrmachine.service", "systemd-pcrphase-sysinit.service", "systemd-pcrphase.service"),
    *("systemd-pcrextend.socket", "systemd-pcrlock.socket", "systemd-creds.socket", "systemd-sysext.socket"),
    *("systemd-tpm2-setup-early.service", "systemd-tpm2-setup.service", "systemd-random-seed.service"),
    *("systemd-network-generator.service", "systemd-modules-load.service", "systemd-machine-id-commit.service"),
    *("systemd-sysusers.service", "systemd-remount-fs.service", "systemd-tmpfiles-setup-dev-early.service"),
    *("kmod-static-nodes.service", "modprobe@drm.service", "modprobe@fuse.service", "modprobe@configfs.service"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "tmp.mount", "run-lock.mount", "remote-fs.target"),
    *("systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-hostnamed.socket"),
)
GENERATORS = ("debug", "fstab", "getty", "gpt-auto", "hibernate-resume", "rc-local", "run", "ssh", "system-update")
GENERATORS_MASKED = tuple(f"systemd-{name}-generator" for name in (*GENERATORS, "sysv", "tpm2"))


@dataclass(frozen=True)
class Recipe:
    """What one image is made of. The hooks are shell commands that see the new root as $1 and beside it the work."""

    folder: Path
    packages: tuple[str, ...]
    files: Mapping[str, str]  # beside FILES
    first_hooks: tuple[str, ...] = ()  # while there is a network
    last_hooks: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()  # what the hooks leave beside the root, kept beside the image

    def digest(self) -> str:
        values = _command(self, Path("root"), Path("files")), FILES, self.files, DISK_SIZE
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


PREBAKED = Recipe(
    folder=places.IMAGE,
    # what the gateway's user data asks for: found installed, so that nothing is downloaded at boot
    packages=(*DEBIAN, "libreswan", "nftables", "tcpdump"),
    files={
        # The modules that a gateway's user data never names cost time as well.
        "etc/cloud/cloud.cfg.d/91_modules.cfg": """\
users: []
cloud_init_modules: [bootcmd, write-files, set_hostname, update_etc_hosts]
cloud_config_modules: [runcmd]
cloud_final_modules: [package-update-upgrade-install, write-files-deferred, scripts-per-once, scripts-per-boot,
  scripts-per-instance, scripts-user, final-message, power-state-change]
""",
        "etc/apt/sources.list": "",  # no mirror can be reached, and trying takes ten seconds
    },
    # libreswan's unit makes its key store at the first start when there is none; that takes five seconds there.
    last_hooks=('chroot "$1" ipsec checknss',),
)


def build(recipe: Recipe = PREBAKED) -> None:
    """Make the image unless it is there and made by this recipe; an interrupted build is begun again."""
    stamp = recipe.folder / "stamp"
    if stamp.exists() and stamp.read_text() == recipe.digest():
        return
    if os.geteuid() != 0:
        sys.exit("image: building the gateway's image needs root (mmdebstrap makes a root file system)")
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    recipe.folder.mkdir(parents=True, exist_ok=True)
    work = recipe.folder / "building"
    _remove(work)
    work.mkdir()
    _install(recipe, work / "root", work)
    _say("writing the disk")
    _kernel(work / "root", work / "vmlinux")
    _disk(work / "root", work)
    for name in ("root", "vmlinux", "root.qcow2", *recipe.leaves):
        _remove(recipe.folder / name)
        (work / name).rename(recipe.folder / name)
    _remove(work)
    stamp.write_text(recipe.digest())
    _say(f"{recipe.folder.name} ready after {time.monotonic() - started:.0f} s")


def _install(recipe: Recipe, root: Path, work: Path) -> None:
    """Run mmdebstrap with its default mirror; it unmounts in every case, having a mount namespace of its own."""
    overlay = work / "files"
    for name, text in {**FILES, **recipe.files}.items():
        path = overlay / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # INITRD=No: the kernel has NVMe and ext4 built in, so no initramfs is made (kernel-img.conf(5)).
    environment = {**os.environ, "TMPDIR": str(work), "INITRD": "No"}
    command = _command(recipe, root, overlay)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = [_repeat(line) for line in process.stderr]
    if process.returncode != 0:
        sys.exit("image: mmdebstrap failed:\n" + "".join(said[-30:]))


def _command(recipe: Recipe, root: Path, overlay: Path) -> list[str]:
    return [
        *("mmdebstrap", "--mode=root", "--format=directory", "--variant=apt", f"--include={','.join(recipe.packages)}"),
        *("--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Languages none"),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info")),
        *(f"--customize-hook={hook}" for hook in (*recipe.first_hooks, *_hooks(overlay), *recipe.last_hooks)),
        *(SUITE, str(root)),
    ]


def _hooks(overlay: Path) -> Iterator[str]:
    yield 'rm -f "$1/etc/resolv.conf"; rm -rf "$1/etc/apt/sources.list.d"'
    yield f'cp -r {shlex.quote(str(overlay))}/. "$1/"'
    # The network comes up while cloud-init's Python is still being loaded, not after cloud-init's first look.
    unit = "systemd/system/systemd-networkd.service"
    yield f"""sed '/^After=/s/network-pre.target//' "$1/usr/lib/{unit}" > "$1/etc/{unit}\""""
    yield 'systemctl --quiet --root="$1" enable systemd-networkd.service'
    yield f'systemctl --quiet --root="$1" mask {" ".join(MASKED)}'
    yield 'mkdir -p "$1/etc/systemd/system-generators"'
    for name in GENERATORS_MASKED:
        yield f'ln -s /dev/null "$1/etc/systemd/system-generators/{name}"'
    yield 'chroot "$1" passwd --quiet --lock root'
    # Modules are loaded sooner when an emulated processor need not unpack them.
    yield """chroot "$1" find /usr/lib/modules -name '*.ko.xz' -exec xz -d {} +"""
    yield 'chroot "$1" depmod "$(ls "$1/usr/lib/modules")"'


def _repeat(line: str) -> str:
    if line.startswith("I: ") and "customize-hook" not in line:
        _say(line[3:].rstrip())
    return line


def _kernel(root: Path, target: Path) -> None:
    """Unpack the kernel, so that the emulated processor need not: QEMU boots the ELF file within (PVH)."""
    [packed] = (root / "boot").glob("vmlinuz-*")
    image = packed.read_bytes()
    # Fields of the boot header: Documentation/arch/x86/boot.rst of the kernel. The last four bytes are the length.
    setup_sectors = image[0x1F1]
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    command = ["chroot", str(root), "zstd", "--decompress", "--stdout", "--quiet"]
    with target.open("wb") as unpacked:
        subprocess.run(command, input=image[start : start + length - 4], stdout=unpacked, check=True)


def _disk(root: Path, work: Path) -> None:
    raw = work / "root.raw"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(root), str(raw), DISK_SIZE], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(raw), str(work / "root.qcow2")], check=True)
    raw.unlink()


def _remove(path: Path) -> None:
    if any(str(path) in line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()):
        sys.exit(f"image: something is mounted below {path}; unmount it first")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(f"image: {text}", flush=True)


if __name__ == "__main__":
    build()
