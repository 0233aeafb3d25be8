"""`python -m rehearsal rekey`: lifetimes of seconds on both sides, behind the product's back, and a ping all the while.

Each act says who should renew what. What was renewed, and by whom, is read from the logs of pluto and of charon.
"""

import dataclasses
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure.mgmt.network import models

from link import wanted
from rehearsal import charon, checks, clients, inside, peer, processes, progress, traffic, vm, world
from rehearsal.drills import healing

IKE, CHILD = "IKE SA", "child SA"
GATEWAY, PEER = "gateway", "peer"
LEAST = Counter({IKE: 3, CHILD: 6})
LEAST_PINGS = 1200
NEVER_S = 3600
MARGIN_S = 8  # ours: how long before an SA's end it is renewed
OTHER_PFS_GROUP = "ECP256"
ACT_S = 420.0
SETTLED_S = 90.0
REKEY_S = 120.0
MISMATCH = "PolicyMismatch: "
LOOK_EVERY_S = 3.0  # each look costs the emulated processor a moment


@dataclass(frozen=True)
class Act:
    """Which side renews which SAs; `ike` may be None. The other lifetimes are so long that nobody has reason to."""

    child: str
    ike: str | None

    def lifetimes(self, side: str) -> peer.Lifetimes:
        return peer.Lifetimes(60 if self.ike == side else NEVER_S, 30 if self.child == side else NEVER_S)

    def __str__(self) -> str:
        return f"the {self.child} renews child SAs" + (f", the {self.ike} IKE SAs" if self.ike else "")


ACTS = (Act(child=GATEWAY, ike=PEER), Act(child=PEER, ike=GATEWAY))

# Libreswan 5.2 says of every SA that was renewed which part it had in it.
_PLUTO = re.compile(r'"causeway-\d+" #\d+: (initiator|responder) rekeyed (IKE|Child) SA #\d+')
# strongSwan's names of the payloads; only a request to renew an IKE SA has no traffic selectors.
_CHARON = re.compile(r"(generating|parsed) CREATE_CHILD_SA request \d+ \[ ([^]]*)\]")


def by_pluto(log: str) -> Counter[tuple[str, str]]:
    """Who renewed what, and how often, by the gateway's log."""
    side, kind = {"initiator": GATEWAY, "responder": PEER}, {"IKE": IKE, "Child": CHILD}
    return Counter((side[part], kind[what]) for part, what in _PLUTO.findall(log))


def by_charon(log: str) -> Counter[tuple[str, str]]:
    """Who asked to renew what, and how often, by the peer's log."""
    side = {"generating": PEER, "parsed": GATEWAY}
    return Counter((side[verb], CHILD if "TSi" in payloads else IKE) for verb, payloads in _CHARON.findall(log))


def shortened(conf: str, lifetimes: peer.Lifetimes) -> str:
    """The gateway's ipsec.conf with these lifetimes, and nothing drawn at random."""
    settings = {
        "ikelifetime": f"{lifetimes.ike_s}s",
        "ipsec-lifetime": f"{lifetimes.child_s}s",
        "rekeymargin": f"{MARGIN_S}s\n    rekeyfuzz=0%",
    }
    for key, value in settings.items():
        conf, changed = re.subn(rf"(?<=^    ){key}=.*$", f"{key}={value}", conf, flags=re.MULTILINE)
        if not changed:
            raise LookupError(f"{key} is not in the gateway's configuration")
    return conf


class Logs:
    """What both daemons have written since this was made."""

    def __init__(self, link: world.Link) -> None:
        [self._instance] = vm.running()
        self._peer = charon.log_file(link.vnet.gateway_addresses[0])
        self._marks = len(self._pluto()), len(self._peer.read_text())

    def pluto(self) -> str:
        return self._pluto()[self._marks[0] :]

    def charon(self) -> str:
        return self._peer.read_text()[self._marks[1] :]

    def _pluto(self) -> str:
        status, said = inside.run(self._instance, "journalctl --quiet --output cat --identifier pluto")
        if status:
            raise processes.NotReady(f"the gateway's journal cannot be read: {said}")
        return said


def run(link: world.Link) -> list[str]:
    """All acts, then a mismatch that only a rekey shows, on a link that is up. Answers with what is wrong."""
    published = wanted.GatewayConfiguration.model_validate(checks.document(link, "configuration"))
    failures = []
    with healing.paused(link, "the rehearsal shortens lifetimes"):  # or the watch would put the configuration back
        for act in ACTS:
            failures += _act(link, published, act)
        for side in (GATEWAY, PEER):
            failures += _mismatch(link, published, Act(child=side, ike=None))
        charon.LIFETIMES.unlink()
        _until_up(link, "lifetimes as before", _publish(link, published))
    return [*failures, *checks.both_ends_up(link)]


def _act(link: world.Link, published: wanted.GatewayConfiguration, act: Act) -> list[str]:
    """Pings until there were rekeys enough, and pings."""
    _set(link, published, act)
    logs, began = Logs(link), time.monotonic()
    least = Counter({(act.ike, IKE): LEAST[IKE], (act.child, CHILD): LEAST[CHILD]})

    def enough() -> bool:
        pinged = time.monotonic() - began > LEAST_PINGS * traffic.PING_EVERY_S * 1.1
        return pinged and by_pluto(logs.pluto()) >= least

    with traffic.Meter(*link.directions[0]) as meter:
        _wait(enough, ACT_S)
    _wait(lambda: by_pluto(logs.pluto()) == by_charon(logs.charon()), SETTLED_S)  # one may have just begun
    seen, other = by_pluto(logs.pluto()), by_charon(logs.charon())
    said = ", ".join(f"{count} {kind}s by the {side}" for (side, kind), count in sorted(seen.items()))
    lost = meter.pings.sent < LEAST_PINGS or meter.pings.lost
    return [
        *checks.shown(f"{act}: renewed {said}", [] if seen >= least else [f"wanted at least {dict(least)}"]),
        *checks.shown("the peer's log says the same", [] if seen == other else [f"{dict(other)}"]),
        *checks.shown(f"meanwhile {meter.pings}", [f"wanted {LEAST_PINGS}, and none lost"] if lost else []),
    ]


def _mismatch(link: world.Link, published: wanted.GatewayConfiguration, act: Act) -> list[str]:
    """Azure's policy gets another PFS group. IKE_AUTH makes a first child SA without one: all is well until a rekey."""
    _set(link, published, act)
    logs = Logs(link)
    former = _set_pfs_group(link, OTHER_PFS_GROUP)
    _wait(lambda: "established Child SA" in logs.pluto(), SETTLED_S)
    _until_up(link, "a tunnel whose two sides have unlike PFS groups")
    before = _fault(link) if _wait(lambda: _fault(link) is None, SETTLED_S) else ""
    asked_before = by_charon(logs.charon())
    _wait(lambda: (_fault(link) or "").startswith(MISMATCH), REKEY_S)
    named, asked, renewed = _fault(link), by_charon(logs.charon()), by_pluto(logs.pluto())
    _set_pfs_group(link, former)
    _until_up(link, "a tunnel whose two sides have the same PFS group again")
    _wait(lambda: _fault(link) is None, SETTLED_S)
    return [
        *checks.shown(
            "with unlike PFS groups the tunnel comes up, and nothing is wrong before a rekey",
            [f"{before=}, asked for {dict(asked_before)}"] if before is not None or asked_before else [],
        ),
        *checks.shown(
            f"then the {act.child} asks for a rekey in vain, and the gateway names it: {named}",
            []
            if (named or "").startswith(MISMATCH) and asked[act.child, CHILD] and not renewed
            else [f"asked for {dict(asked)}, renewed {dict(renewed)}"],
        ),
        *checks.shown("with the group put back the name is gone", [] if _fault(link) is None else [str(_fault(link))]),
    ]


def _fault(link: world.Link) -> str | None:
    """What the gateway last said was wrong."""
    fault = checks.document(link, "reading")["fault"]
    return None if fault is None else str(fault)


def _set(link: world.Link, published: wanted.GatewayConfiguration, act: Act) -> None:
    """Gives both sides their lifetimes, which makes each drop the tunnel once, and returns when it is up again."""
    text = json.dumps(dataclasses.asdict(act.lifetimes(PEER)))
    half = charon.LIFETIMES.with_suffix(".half")
    half.write_text(text)
    half.replace(charon.LIFETIMES)
    conf = shortened(published.ipsec_conf, act.lifetimes(GATEWAY))
    version = _publish(link, published.model_copy(update={"ipsec_conf": conf}))
    _until_up(link, f"lifetimes so that {act}", version)


def _publish(link: world.Link, configuration: wanted.GatewayConfiguration) -> str:
    """As the controller publishes (lambdas/clouds/table.py), but nobody's plan."""
    version = configuration.digest()
    item = {"id": "configuration", "version": version, "document": configuration.model_dump_json()}
    clients.aws("dynamodb").put_item(
        TableName=checks.table(link), Item={name: {"S": value} for name, value in item.items()}
    )
    return version


def _until_up(link: world.Link, what: str, version: str | None = None) -> None:
    def up() -> bool:
        reading = checks.document(link, "reading")
        applied = version is None or reading["version"] == version
        return applied and traffic.ping(*link.directions[0]) == 5

    with progress.step(what):
        if not _wait(up, SETTLED_S):
            raise processes.NotReady(f"{what}: not up after {SETTLED_S:.0f} s")


def _wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _set_pfs_group(link: world.Link, group: str) -> str:
    """Edits the connection's policy as somebody might in Azure's portal; answers with the group that it had."""
    connections = clients.arm().virtual_network_gateway_connections
    found: dict[str, Any] = connections.get(clients.RESOURCE_GROUP, link.stack).as_dict()
    [policy] = found["properties"]["ipsecPolicies"]
    former, policy["pfsGroup"] = str(policy["pfsGroup"]), group
    edited = models.VirtualNetworkGatewayConnection(found)
    connections.begin_create_or_update(clients.RESOURCE_GROUP, link.stack, edited).result()
    return former
