"""Breaks of the network between the clouds."""

from collections.abc import Iterator

from rehearsal import internet, wires
from rehearsal.drills.scene import Scene

TABLE = "cut"
THREE_DEAD_PEER_TIMES_S = 3 * 45.0  # after 45 s Azure takes its peer for dead, and sooner the gateway its own
_CUT = (
    f"table ip {TABLE} {{ chain wire {{ type filter hook prerouting priority -500; policy accept; "
    f"udp dport {internet.IKE_PORTS} drop; }}; }}\n"
)


def _nft(*words: str, given: str = "") -> str:
    return wires.run(["ip", "netns", "exec", internet.NAMESPACE, "nft", *words], given)


def cut(_: Scene) -> None:
    """No IKE and no ESP passes between the clouds; the gateway still reaches AWS."""
    _nft("-f", "-", given=_CUT)


def join(_: Scene) -> None:
    _nft("delete", "table", "ip", TABLE)


def is_cut(_: Scene) -> Iterator[str]:
    if f"table ip {TABLE}" in _nft("list", "tables"):
        yield "the internet carries nothing between the clouds"
