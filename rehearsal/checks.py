"""What a rehearsal has to show, each as one line with what was measured. A check answers with what it found wrong."""

import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

from rehearsal import audit, clients, hunt, internet, leftovers, listings, progress, services, timeline, traffic, world

SLOW_WAIT_S = 2.0
EVERYTHING_ELSE_S = 15.0


def shown(what: str, wrong: Iterable[str]) -> list[str]:
    """Prints the outcome of one check and hands on what is wrong."""
    faults = list(wrong)
    progress.say(f"{'FAIL' if faults else 'ok  '}  {what}")
    for fault in faults:
        progress.say(f"        {fault}")
    return [f"{what}: {fault}" for fault in faults]


def _when(condition: bool, fault: str) -> list[str]:
    return [fault] if condition else []


def before_deploy(links: Sequence[world.Link]) -> list[str]:
    """Without a link the hosts cannot reach each other, and nothing of what they try gets out in clear text."""
    if not services.has_data_plane():
        return []
    answered = sum(traffic.ping(*ends, count=2) for link in links for ends in link.directions)
    clear = traffic.seen(internet.CLEAR_TEXT)
    return [
        *shown(
            "before the link, no host reaches the other side", _when(answered > 0, f"{answered} pings were answered")
        ),
        *shown("before the link, no clear text on the internet", _when(clear > 0, f"{clear} packets")),
    ]


def during(links: Sequence[world.Link], deploy: Callable[[], None]) -> list[str]:
    """Deploys while a host of each link keeps on sending to the other side: no packet of it goes out in clear text.

    It is the time when a gateway that forwards before its tunnel is up would send them back to the internet.
    """
    if not services.has_data_plane():
        deploy()
        return []
    with contextlib.ExitStack() as knocking:
        meters = [knocking.enter_context(traffic.Meter(*link.directions[0])) for link in links]
        deploy()
    clear, sent = traffic.seen(internet.CLEAR_TEXT), sum(meter.pings.sent for meter in meters)
    what = f"while it deployed, no clear text on the internet, to which {sent} pings were sent"
    return shown(what, [*_when(clear > 0, f"{clear} packets"), *_when(sent == 0, "nothing was sent")])


def of_running_link(link: world.Link) -> list[str]:
    """Both ends say up, traffic passes both ways; and where the walk's time went."""
    traffic_faults = [*pings(link), *transfers(link), *clean_internet()] if services.has_data_plane() else []
    show_timelines()
    return [*both_ends_up(link), *traffic_faults]


def both_ends_up(link: world.Link) -> list[str]:
    """What Azure and the gateway say of the tunnel."""
    status, reading = azure_says(link), document(link, "reading")
    tunnels = [tunnel["state"] for tunnel in reading.get("tunnels", [])]
    return [
        *shown(f"link {link.name}: Azure says {status}", _when(status != "Connected", "it should say Connected")),
        *shown(
            f"link {link.name}: the gateway says {', '.join(tunnels) or 'nothing'}, probe {reading.get('probe')}",
            _when("up" not in tunnels or reading.get("probe") != "up", json.dumps(reading)),
        ),
    ]


def azure_says(link: world.Link) -> str:
    """Azure's word of the connection."""
    connection = clients.arm().virtual_network_gateway_connections.get(clients.RESOURCE_GROUP, link.stack)
    said = connection.properties.connection_status if connection.properties else None
    return str(said.value if isinstance(said, Enum) else said)


def document(link: world.Link, name: str) -> dict[str, Any]:
    """What the link's table keeps under this id: the gateway's last `reading`, or the last walk's `report`."""
    return dict(json.loads(item(link, name).get("document", "{}")))


def item(link: world.Link, name: str) -> dict[str, str]:
    """One item of the link's table, whose attributes are strings; empty when there is none."""
    found = clients.aws("dynamodb").get_item(TableName=table(link), Key={"id": {"S": name}}).get("Item", {})
    return {key: value["S"] for key, value in found.items() if "S" in value}


def table(link: world.Link) -> str:
    """The name of the link's table. Raises LookupError."""
    found = [
        one for one in clients.aws("dynamodb").list_tables()["TableNames"] if one.startswith(f"{link.stack}-Table")
    ]
    return str(found[0])


def pings(link: world.Link) -> list[str]:
    """Five each way."""
    faults = []
    for source, target in link.directions:
        answered = traffic.ping(source, target)
        what = f"ping {source.place} to {target.place}: {answered} of 5"
        faults += shown(what, _when(answered < 5, "not all were answered"))
    return faults


def transfers(link: world.Link) -> list[str]:
    """50 MB each way."""
    faults = []
    for source, target in link.directions:
        one = traffic.transfer(source, target)
        what = f"50 MB by TCP {source.place} to {target.place}: {one.megabits:.0f} Mbit/s, SHA-256 {one.received[:16]}"
        faults += shown(what, _when(one.sent != one.received, f"sent {one.sent}, received {one.received}"))
    return faults


def clean_internet() -> list[str]:
    """What the internet has not seen since it was made."""
    faults = []
    for kind, counter in (("clear text", internet.CLEAR_TEXT), ("IP fragment", internet.FRAGMENTS)):
        packets = traffic.seen(counter)
        faults += shown(f"no {kind} on the internet", _when(packets > 0, f"{packets} packets"))
    return faults


def show_timelines() -> None:
    """Measures against the bounds and fails nobody: a clock on a shared machine is no test."""
    found = timeline.saved()
    timeline.save(found)
    for one in found:
        print(timeline.table(one), flush=True)
        late = [f"{state.name} {state.longest_s} s" for state in timeline.slow(one, SLOW_WAIT_S)]
        _measured(f"no wait over {SLOW_WAIT_S:.0f} s but for machine boot and ARM", late)
        too_much = _when(one.other_s > EVERYTHING_ELSE_S, f"{one.other_s} s")
        _measured(f"everything else at most {EVERYTHING_ELSE_S:.0f} s", too_much)


def _measured(bound: str, over: list[str]) -> None:
    progress.say(f"{'OVER' if over else 'ok  '}  {bound}{': ' if over else ''}{', '.join(over)}")


def of_secrets(needles: list[bytes]) -> list[str]:
    """The pre-shared key is nowhere but where it has to be; and where it has to be, this search does find it."""
    control = _when(not hunt.finds_in_peer(needles), "the search does not even find it in the peer's configuration")
    return shown("the pre-shared key is only where it has to be", [*control, *hunt.found(needles)])


def after_destroy(before: listings.Listing, needles: list[bytes]) -> list[str]:
    """Both clouds are as they were, no role of ours was refused anything, and no log of the end holds the key."""
    left = listings.differences(before, listings.both_clouds())
    return [
        *shown("after cdk destroy both clouds are as before", left),
        *shown("no role of ours was denied anything", audit.denied()),
        *shown("the pre-shared key is in no file that is left", hunt.in_files(needles)),
    ]


def after_down(before: set[str]) -> list[str]:
    """Nothing of the rehearsal is left on the machine."""
    return shown(
        "no process, namespace, tap or file outside the project's folder is left", sorted(leftovers.things() - before)
    )
