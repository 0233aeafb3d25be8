"""Reads what Libreswan, iproute2 and nft print. Pure: text in, values out.

Whether a tunnel is up is read from `trafficstatus` alone: the names of states differ between Libreswan's versions.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# 4.x puts "006 " before the line, 5.x nothing.
_TRAFFIC = re.compile(
    r'^(?:\d{3} )?#(?P<serial>\d+): "causeway-(?P<number>\d+)"(?:\[\d+\])?[^,]*,.*?'
    r"\binBytes=(?P<bytes_in>\d+), outBytes=(?P<bytes_out>\d+)",
    re.MULTILINE,
)
_STATE = re.compile(r'^(?:\d{3} )?#\d+: "causeway-(?P<number>\d+)"', re.MULTILINE)


@dataclass(frozen=True)
class ChildSa:
    """One child SA that is installed."""

    serial: int
    tunnel: int
    bytes_in: int
    bytes_out: int


def parse_traffic(text: str) -> tuple[ChildSa, ...]:
    """The lines of `ipsec trafficstatus`."""
    return tuple(
        ChildSa(
            serial=int(match["serial"]),
            tunnel=int(match["number"]),
            bytes_in=int(match["bytes_in"]),
            bytes_out=int(match["bytes_out"]),
        )
        for match in _TRAFFIC.finditer(text)
    )


def parse_states(text: str) -> Mapping[int, tuple[str, ...]]:
    """The lines of `ipsec showstates`, by tunnel."""
    lines: dict[int, tuple[str, ...]] = {}
    for line in text.splitlines():
        if match := _STATE.match(line):
            number = int(match["number"])
            lines[number] = (*lines.get(number, ()), line)
    return lines


# A request of the SA in use ("newest") that has no answer yet, and the seconds until it is sent again, whole ones, cut
# off. Libreswan 5.2 has these words in the tests of its own: testing/pluto/crossing-streams-11-eewww-ikev2-permanent.
_UNANSWERED = re.compile(r"\bRETRANSMIT in (-?\d+)s;.*\bnewest;")


def parse_waits(states: Mapping[int, tuple[str, ...]]) -> Mapping[int, int]:
    """By tunnel whose peer owes an answer, the seconds until it is asked again, which double from 0.5 s on."""
    found = ((number, _UNANSWERED.search(line)) for number, lines in states.items() for line in lines)
    return {number: int(match[1]) for number, match in found if match}


# What comes from the connection's text alone; the other lines tell of its SAs.
_SETTING = re.compile(
    r'^(?:\d{3} )?"causeway-\d+": +(?:host: [^;]*; local: [^;]*; remote: [^;]*'
    r"|(?:ike_life|policy|our auth|our idtype|IKE algorithms|ESP algorithms)\b.*)",
    re.MULTILINE,
)


def parse_connections(text: str) -> frozenset[str]:
    """The settings in `ipsec connectionstatus`. UP is no setting: it says that the connection was initiated."""
    return frozenset(match[0].replace("+UP+", "+") for match in _SETTING.finditer(text))


def parse_counts(text: str) -> tuple[int, ...]:
    """`ip xfrm state count` and `ip xfrm policy count`, of which those for what comes in."""
    return tuple(map(int, re.findall(r"\b(?:SAD count|SPD IN) +(\d+)", text)))


@dataclass(frozen=True)
class Route:
    """One of our routes. `interface` is empty for a route that answers "unreachable"."""

    destination: str
    interface: str
    metric: int


def parse_routes(text: str) -> frozenset[Route]:
    """`ip -json -4 route show proto ...`."""
    rows = json.loads(text or "[]")
    return frozenset(Route(_prefix(row["dst"]), _interface(row), int(row.get("metric", 0))) for row in rows)


def _prefix(destination: str) -> str:
    """iproute2 writes a host without its length, and 0.0.0.0/0 as a word."""
    if destination == "default":
        return "0.0.0.0/0"
    return destination if "/" in destination else f"{destination}/32"


def _interface(row: Mapping[str, str]) -> str:
    return "" if row.get("type") == "unreachable" else str(row.get("dev", ""))


@dataclass(frozen=True)
class Interface:
    """A tunnel interface of the kernel."""

    name: str
    up: bool
    mtu: int


def parse_interfaces(text: str) -> tuple[Interface, ...]:
    """`ip -json link show type xfrm`."""
    rows = [row for row in json.loads(text or "[]") if row]
    return tuple(Interface(row["ifname"], "UP" in row["flags"], int(row["mtu"])) for row in rows)


def parse_counters(text: str) -> Mapping[str, int]:
    """Bytes by counter name, from `nft --json list counters`."""
    items = json.loads(text).get("nftables", [])
    return {item["counter"]["name"]: int(item["counter"]["bytes"]) for item in items if "counter" in item}


@dataclass(frozen=True)
class Outer:
    """What the counters say, and the moment since which they count, as text of an aware UTC time."""

    bytes_in: int
    bytes_out: int
    since: str


@dataclass(frozen=True)
class Bytes:
    """Inner bytes, both ways."""

    bytes_in: int = 0
    bytes_out: int = 0

    def __add__(self, other: "Bytes") -> "Bytes":
        return Bytes(self.bytes_in + other.bytes_in, self.bytes_out + other.bytes_out)


def _continues(before: ChildSa, now: ChildSa) -> bool:
    """Whether it is the same child SA. A restarted daemon uses a serial again, but its counters begin anew.

    Not by `add_time`: 5.2 prints now the inbound half's, now the outbound half's, which may lie seconds apart.
    """
    same = (before.tunnel, before.serial) == (now.tunnel, now.serial)
    return same and now.bytes_in >= before.bytes_in and now.bytes_out >= before.bytes_out


@dataclass(frozen=True)
class Traffic:
    """What each tunnel has carried, through rekeys: the counters of a child SA end with it."""

    ended: Mapping[int, Bytes] = field(default_factory=dict)
    living: tuple[ChildSa, ...] = ()

    def count(self, found: Iterable[ChildSa]) -> "Traffic":
        """The same after one more look."""
        living = tuple(found)
        ended = dict(self.ended)
        for sa in self.living:
            if not any(_continues(sa, now) for now in living):
                ended[sa.tunnel] = ended.get(sa.tunnel, Bytes()) + Bytes(sa.bytes_in, sa.bytes_out)
        return Traffic(ended, living)

    def of(self, tunnel: int) -> Bytes:
        """The sum for one tunnel."""
        living = (Bytes(sa.bytes_in, sa.bytes_out) for sa in self.living if sa.tunnel == tunnel)
        return sum(living, self.ended.get(tunnel, Bytes()))
