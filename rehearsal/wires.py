"""The one place that changes the kernel's network: namespaces, and whatever `ip` and `nft` text the planners rendered.

An `Entry` is a thing that exists or does not (a link, an address, a route, a rule); `Wires` makes the kernel hold
the wanted entries and rulesets, and remembers what it did, because nobody else changes these namespaces.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal import networks, places

NETNS = Path("/run/netns")
TIMEOUT_S = 10
SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",  # the way back may differ from the way there
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.conf.all.send_redirects=0",  # cloud routers send none
    "net.ipv4.conf.default.send_redirects=0",
    "net.ipv4.conf.default.proxy_arp_pvlan=1",  # the router answers ARP for a neighbour on an isolated bridge port
    "net.bridge.bridge-nf-call-iptables=0",  # a bridged packet is no routed one
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
)


@dataclass(frozen=True)
class Entry:
    """`put` makes it or replaces its former self, `drop` ends it; both are lines for `ip -batch`."""

    namespace: str
    key: str
    put: tuple[str, ...]
    drop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ruleset:
    """nft text that can be loaded again and again."""

    namespace: str
    text: str


@dataclass(frozen=True)
class Plan:
    namespaces: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    rulesets: tuple[Ruleset, ...] = ()


def merge(plans: Iterable[Plan]) -> Plan:
    """One plan of many, in their order."""
    several = tuple(plans)
    return Plan(
        tuple(dict.fromkeys(name for plan in several for name in plan.namespaces)),
        tuple(entry for plan in several for entry in plan.entries),
        tuple(ruleset for plan in several for ruleset in plan.rulesets),
    )


class CommandFailed(Exception):
    """A program ended with an error; the message holds what it said."""


@dataclass
class Wires:
    """What has been applied so far."""

    namespaces: set[str] = field(default_factory=set)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    rulesets: dict[str, Ruleset] = field(default_factory=dict)
    half_done: set[tuple[str, str]] = field(default_factory=set)

    def apply(self, plan: Plan) -> list[str]:
        """Make the kernel equal to the plan, thing by thing; answers with one line for each thing that failed."""
        for name in plan.namespaces:
            if name not in self.namespaces:
                make_namespace(name)
                self.namespaces.add(name)
        wanted = {(entry.namespace, entry.key): entry for entry in plan.entries}
        for key in [key for key in reversed(self.entries) if key not in wanted]:
            entry = self.entries.pop(key)
            ip(entry.namespace, entry.drop, force=True)
        problems = []
        for key, entry in wanted.items():
            try:
                self._put(key, entry)
            except CommandFailed as problem:
                problems.append(f"{entry.namespace}: {entry.key}: {problem}")
        for ruleset in plan.rulesets:
            try:
                self._load(ruleset)
            except CommandFailed as problem:
                problems.append(f"{ruleset.namespace}: nft: {problem}")
        return problems

    def _put(self, key: tuple[str, str], entry: Entry) -> None:
        if self.entries.get(key) == entry:
            return
        if key in self.half_done:
            ip(entry.namespace, entry.drop, force=True)
        self.half_done.add(key)
        ip(entry.namespace, entry.put)
        self.half_done.remove(key)
        self.entries[key] = entry

    def _load(self, ruleset: Ruleset) -> None:
        if self.rulesets.get(ruleset.namespace) != ruleset:
            run(["ip", "netns", "exec", ruleset.namespace, "nft", "-f", "-"], ruleset.text)
            self.rulesets[ruleset.namespace] = ruleset


def run(command: Sequence[str], stdin: str = "") -> str:
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    if result.returncode != 0:
        raise CommandFailed(f"{' '.join(command[:6])}: {result.stderr.strip()[:500]}")
    return result.stdout


def ip(namespace: str, lines: Sequence[str], *, force: bool = False) -> None:
    """Run the lines in the namespace; forced, go on after a line that failed and raise nothing."""
    if not lines:
        return
    flags = ["-force"] if force else []
    with contextlib.suppress(CommandFailed) if force else contextlib.nullcontext():
        run(["ip", "-n", namespace, *flags, "-batch", "-"], "".join(f"{line}\n" for line in lines))


def make_namespace(name: str) -> None:
    run(["ip", "netns", "add", name])
    run(["ip", "netns", "exec", name, "sysctl", "-e", "-qw", *SYSCTLS])
    ip(name, ["link set lo up"])


def leftover_namespaces() -> list[str]:
    """The namespaces that bear our names, of this run or of one that was killed."""
    fixed = {places.NAMESPACE_INTERNET, places.NAMESPACE_VPC, *(host.namespace for host in networks.HOSTS)}
    found = [path.name for path in NETNS.iterdir()] if NETNS.exists() else []
    return [name for name in found if name in fixed or name.removeprefix(places.NAMESPACE_PEER).isdigit()]


def delete_namespaces() -> None:
    """End what still runs inside our namespaces, then delete them: their links, routes and rules go with them."""
    for name in leftover_namespaces():
        _end_processes_in(name)
        run(["ip", "netns", "del", name])


def _end_processes_in(name: str) -> None:
    """A namespace lives on, nameless, while a process is in it; whoever is inside one of ours belongs to us."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(10):
            pids = [int(pid) for pid in run(["ip", "netns", "pids", name]).split() if int(pid) != os.getpid()]
            if not pids:
                return
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.1)
