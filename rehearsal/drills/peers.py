"""One instance of an active-active VPN gateway dies: its daemon is killed, without goodbye, and stays away awhile."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from rehearsal import charon
from rehearsal.drills import machine
from rehearsal.drills.scene import Scene

AWAY_S = 40.0  # Libreswan ends the SA by itself after 16 s, so the agent is seen with it and without


@dataclass(frozen=True)
class Look:
    """What the gateway has of the tunnel whose peer is away: a route, an SA."""

    route: bool
    sa: bool


@dataclass
class Killing:
    """The peer of tunnel `number`; `looks` are those since it was killed."""

    number: int
    looks: list[Look] = field(default_factory=list)

    def address(self, now: Scene) -> IPv4Address:
        """Raises LookupError where the gateway has one address: then nothing could take its traffic over."""
        tunnels = {one["number"]: one["peer"] for one in now.configuration["tunnels"]}
        if len(tunnels) < 2:
            raise LookupError("the VPN gateway has one address; give --active-active while no rehearsal runs")
        return IPv4Address(tunnels[self.number])

    def kill(self, now: Scene) -> str | None:
        self.looks.clear()
        address = self.address(now)
        charon.kill(address)
        return None if charon.is_running(address) else f"the peer {address} is gone"

    def is_away(self, before: Scene) -> Iterator[str]:
        address = self.address(before)
        if charon.is_running(address):
            return
        self.looks.append(self.look(machine.run(before, "ip -4 route show proto 111; ipsec whack --trafficstatus")))
        yield f"the peer {address} is gone"

    def look(self, said: str) -> Look:
        """From iproute2's and Libreswan's words."""
        return Look(f"dev ipsec{self.number} " in said, f'"causeway-{self.number}"' in said)

    def give_back(self, before: Scene) -> None:
        charon.give_back(self.address(before))

    def judge(self, _before: Scene, _broke_at: float) -> Iterator[str]:
        """The clock is not asked: what took the route away is known by the SA, which stood then or did not."""
        if Look(route=False, sa=True) not in self.looks:
            yield f"tunnel {self.number} had its route for as long as its SA"
        if not self.looks or self.looks[-1].route:
            yield f"tunnel {self.number} still had a route when its peer came back"
