"""Breaks inside the gateway's machine, as root there, and what is seen of it."""

from collections.abc import Iterator

from rehearsal import inside
from rehearsal.drills.scene import Scene

CONNECTIONS = "/etc/ipsec.d/causeway.conf"
NOBODY = "198.51.100.99"


def run(now: Scene, command: str) -> str:
    """What the command said; its status is the caller's to ask for."""
    return inside.run(now.instance["InstanceId"], command)[1].strip()


def hang_pluto(now: Scene) -> None:
    run(now, "kill -STOP $(pidof pluto)")


def pluto(now: Scene) -> Iterator[str]:
    """T is stopped: proc_pid_stat(5)."""
    state = run(now, "ps -o state= -p $(pidof pluto)")
    if state not in ("S", "R"):
        yield f"pluto is {'hung' if state == 'T' else 'not running'}"


def stop_ipsec(now: Scene) -> str | None:
    """What is seen of it is seen at once: the agent may have started it again before the next look."""
    return "pluto is not running" if run(now, "systemctl stop ipsec; pidof pluto") == "" else None


def edit_configuration(now: Scene) -> str | None:
    """Another address of the peer, as somebody might try it, and Libreswan takes it over.

    The daemon gets it first: the agent puts a file back within a second, and the daemon with it.
    """
    edited = "/run/edited.conf"
    load = f"ipsec whack --delete --name causeway-1; ipsec addconn --config {edited} causeway-1"
    held = run(
        now,
        f"sed 's/^    right=.*/    right={NOBODY}/' {CONNECTIONS} >{edited}; {load}; ipsec whack --connectionstatus; "
        f"cp {edited} {CONNECTIONS}; cat {CONNECTIONS}; rm {edited}",
    )
    if f"remote: {NOBODY}" in held:
        return f"the daemon holds the peer {NOBODY}"
    return f"the file names the peer {NOBODY}" if f"right={NOBODY}" in held else None


def configuration(now: Scene) -> Iterator[str]:
    """What is on the disk is what was published."""
    if run(now, f"cat {CONNECTIONS}") != now.configuration["ipsec_conf"].strip():
        yield "the configuration on the gateway is another"


def kill_agent(now: Scene) -> None:
    run(now, "kill -KILL $(systemctl show -p MainPID --value causeway-agent)")


def agent(now: Scene) -> Iterator[str]:
    if (state := run(now, "systemctl is-active causeway-agent")) != "active":
        yield f"the agent is {state}"


def fill_disk(now: Scene) -> None:
    """Reserved at once, as writing gigabytes takes minutes here; what is left of it, also root's share, is written."""
    free = "$(($(stat -f -c '%a * %S' /)))"
    run(now, f"fallocate -l {free} /var/filler; cat /dev/zero >/var/filler.rest; sync")


def empty_disk(now: Scene) -> None:
    run(now, "rm -f /var/filler /var/filler.rest")


def disk(now: Scene) -> Iterator[str]:
    used = run(now, "df --output=pcent / | tail -n 1")
    if used == "100%":
        yield "the gateway's disk is full"
