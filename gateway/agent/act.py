"""Changes the machine: files, Libreswan, nftables, routes. Decides nothing; each function may be repeated."""

import contextlib
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from gateway.agent import decide, ladder, look, program, status
from gateway.agent.configuration import Configuration
from gateway.agent.fault import Fault

CONNECTIONS = Path("/etc/ipsec.d/causeway.conf")
SECRETS = Path("/etc/ipsec.d/causeway.secrets")
# What the running daemon has loaded. In /run, which is empty after a boot, as the daemon is.
LOADED = Path("/run/causeway/loaded.conf")
HELD = Path("/run/causeway/held")  # how the daemon printed it then
CANDIDATE = Path("/run/causeway/candidate.conf")
_TABLE = "table inet causeway"
SYSCTL = Path("/proc/sys/net/ipv4")


def check(configuration: Configuration) -> None:
    """Lets Libreswan and nft read the new texts. Raises Fault for a bad one, before anything was changed."""
    CANDIDATE.parent.mkdir(mode=0o700, exist_ok=True)
    CANDIDATE.write_text(configuration.ipsec_conf)
    try:
        program.run([program.ADDCONN, "--config", str(CANDIDATE), "--checkconfig"])
        program.run([program.NFT, "--check", "--file", "-"], given=configuration.nftables)
    except program.ProgramHung:
        raise  # not the text's fault: a machine that boots may be slow
    except program.ProgramFailed as exc:
        raise Fault("ConfigurationRefused", f"version {configuration.version}: {exc}") from exc


def protect(configuration: Configuration, *, anew: bool = False) -> None:
    """First nothing passes to the other side, then nothing passes in clear text, then forwarding is on.

    `anew` takes away what somebody has put into our table, and with it the counters; in one transaction all the same.
    So does a first load: counters of which nobody knows since when they count begin again, and none counts twice.
    """
    if anew:
        look.SINCE.unlink(missing_ok=True)
    first = not look.SINCE.exists()
    before = f"{_TABLE}\ndelete {_TABLE}\n" if first else ""
    for route in decide.blocking_routes(configuration):
        add_route(route, None)
    program.run([program.NFT, "--file", "-"], given=before + configuration.nftables)
    if first:
        _write(look.SINCE, datetime.now(UTC).isoformat())
    wanted = _sysctls()
    for name in changed_sysctls():
        (SYSCTL / name).write_text(wanted[name])


def _sysctls() -> dict[str, str]:
    wanted = {}
    for name in ("all", "default", *(path.name for path in (SYSCTL / "conf").iterdir())):
        wanted[f"conf/{name}/send_redirects"] = "0"  # a private host would keep the way it was told
        wanted[f"conf/{name}/accept_redirects"] = "0"
        wanted[f"conf/{name}/rp_filter"] = "2"  # loose: with two tunnels, answers may come by the other one
    return {**wanted, "ip_forward": "1"}


def changed_sysctls() -> list[str]:
    """Those that are not what they should be. ip_forward comes last: nothing is forwarded before the rest is right."""
    return [name for name, value in _sysctls().items() if (SYSCTL / name).read_text().strip() != value]


def store(configuration: Configuration, secrets: str) -> None:
    """Gives Libreswan its files. Raises OSError when the disk is full, and leaves the old ones then."""
    _write(SECRETS, secrets)
    _write(CONNECTIONS, configuration.ipsec_conf)


def changed_file(configuration: Configuration, secrets: str) -> str | None:
    """The first of Libreswan's files that does not hold what it should."""
    for path, text in ((CONNECTIONS, configuration.ipsec_conf), (SECRETS, secrets)):
        if not path.exists() or path.read_text(errors="replace") != text:
            return path.name
    return None


def reread_secrets() -> None:
    """Makes the daemon read its secrets file."""
    program.run([program.WHACK, "--rereadsecrets"], timeout_s=look.ANSWER_S)


def load(configuration: Configuration) -> frozenset[str] | None:
    """Makes Libreswan take over what changed in its files. Starts it when it does not run. What it then holds, or None.

    Loads everything where the daemon holds something else than it was given: while no agent ran, nobody saw it change.
    """
    start_ipsec()
    reread_secrets()
    changes = decide.connection_changes(_read(LOADED), configuration.ipsec_conf)
    every = decide.connection_changes("", configuration.ipsec_conf).load
    load = every if _is_astray() else changes.load
    for name in changes.delete:
        program.run([program.WHACK, "--delete", "--name", name])
    for name in load:
        program.run([program.ADDCONN, "--config", "/etc/ipsec.conf", name])
    _write(LOADED, configuration.ipsec_conf)
    held = look.connections()
    _write(HELD, "\n".join(sorted(held or ())))
    return held


def _is_astray() -> bool:
    """Not when unknown."""
    before, held = frozenset(_read(HELD).splitlines()), look.connections()
    return bool(before) and held is not None and held != before


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def load_anew(configuration: Configuration) -> None:
    """Loads every connection again, which ends its SAs and makes its interface."""
    LOADED.unlink(missing_ok=True)
    for tunnel in configuration.tunnels:
        with contextlib.suppress(program.ProgramFailed):  # not there is what is wanted
            program.run([program.WHACK, "--delete", "--name", tunnel.connection], timeout_s=look.ANSWER_S)
    load(configuration)


def revive(how: ladder.Remedy) -> None:
    """Starts the daemon, or restarts it, or ends one that does not listen. Does not wait: the next rounds see it."""
    if how is ladder.Remedy.KILL:
        program.run(["systemctl", "kill", "--signal=KILL", "ipsec.service"], timeout_s=5)
        return  # its unit says Restart=on-failure
    verb = "restart" if how is ladder.Remedy.RESTART else "start"
    program.run(["systemctl", "--no-block", verb, "ipsec.service"], timeout_s=5)


def start_ipsec() -> None:
    """Returns when the daemon answers. Does nothing when it runs."""
    try:
        program.run(["systemctl", "start", "ipsec.service"], timeout_s=50)
        program.run([program.WHACK, "--briefstatus"])
    except program.ProgramFailed as exc:
        raise Fault("IpsecNotStarted", str(exc)) from exc


def _write(path: Path, text: str) -> None:
    """Replaces a file at once; readable by root alone from its first byte."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def raise_interfaces(found: Iterable[status.Interface]) -> None:
    """Puts tunnel interfaces up with their MTU. Libreswan makes them down, and anew at each load of a connection."""
    for interface in found:
        if not interface.up or interface.mtu != decide.TUNNEL_MTU:
            mtu = str(decide.TUNNEL_MTU)
            program.run([program.IP, "link", "set", interface.name, "mtu", mtu, "up"])


def carry(routes: Iterable[status.Route], source: str | None) -> None:
    """Puts tunnels to use that have just come up, by one program and without a look: traffic waits for it."""
    through = sorted((route for route in routes if route.interface), key=lambda route: route.metric)
    interfaces = dict.fromkeys(route.interface for route in through)
    lines = [f"link set {name} mtu {decide.TUNNEL_MTU} up" for name in interfaces]
    lines += [" ".join(["route replace", *_words(route, source)]) for route in through]
    program.run([program.IP, "-4", "-batch", "-"], given="".join(f"{line}\n" for line in lines))


def _words(route: status.Route, source: str | None) -> list[str]:
    """A route in iproute2's words. `source` is the gateway's own address on it."""
    way = ["dev", route.interface] if route.interface else []
    if way and source:
        way += ["src", source]
    kind = [] if route.interface else ["unreachable"]
    return [*kind, route.destination, *way, "metric", str(route.metric), "proto", look.ROUTE_PROTOCOL]


def add_route(route: status.Route, source: str | None) -> None:
    """Adds or replaces one of our routes."""
    program.run([program.IP, "-4", "route", "replace", *_words(route, source)])


def remove_route(route: status.Route) -> None:
    """Removes one of our routes."""
    program.run([program.IP, "-4", "route", "del", *_words(route, None)])


def nudge(connection: str, what: decide.Nudge) -> None:
    """Starts, restarts or stops the negotiation of one connection, and does not wait for its end."""
    if what in (decide.Nudge.RESTART, decide.Nudge.TERMINATE):
        program.run([program.WHACK, "--terminate", "--asynchronous", "--name", connection])
    if what in (decide.Nudge.RESTART, decide.Nudge.INITIATE):
        program.run([program.WHACK, "--initiate", "--asynchronous", "--name", connection])
