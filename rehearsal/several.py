"""`python -m rehearsal links`: several links at once. One that fails and one that goes leave the others alone.

Links `one` and `two` share a VPC and `three` has its own; each has an Azure gateway of its own. `wrong` is refused.
"""

import copy
import itertools
from typing import Any

from link import region
from rehearsal import checks, clients, deploy, hunt, listings, networks, services, traffic, world

ONE = world.Link("one", networks.VPC_A, networks.VNET_1)
TWO = world.Link("two", networks.VPC_A, networks.VNET_2)
THREE = world.Link("three", networks.VPC_B, networks.VNET_3)
LINKS = (ONE, TWO, THREE)
WRONG, REASON = "causeway-wrong", "VirtualNetworkMissing"


def run(before: listings.Listing) -> list[str]:
    """From nothing to nothing. `before` lists both clouds without any link."""
    declared = deploy.declared()
    deploy.prepare([*declared, _wrong(declared[0])])
    failures = checks.during(LINKS, _deploy)
    now = listings.both_clouds()
    failures += [*_outcomes(), *_apart(before, now)]
    for link in LINKS:
        failures += checks.both_ends_up(link)
    if services.has_data_plane():
        failures += [*_pings(), *checks.clean_internet()]
    checks.show_timelines()
    needles = hunt.needles()
    failures += checks.of_secrets(needles)
    failures += _without_two(now)
    deploy.destroy()
    return [*failures, *checks.after_destroy(before, needles)]


def _wrong(declared: dict[str, Any]) -> dict[str, Any]:
    """A link that preflight refuses."""
    link = copy.deepcopy(declared)
    link["name"] = WRONG.removeprefix("causeway-")
    link["azure"]["virtual_networks"] = ["nowhere"]
    return link


def _deploy() -> None:
    try:
        deploy.deploy()
    except deploy.CdkFailed:
        return  # because of the wrong link; the stacks tell whether of that one alone
    raise deploy.CdkFailed(f"cdk deploy says that all is well, although {WRONG} cannot be")


def _outcomes() -> list[str]:
    """Three links are up; the wrong one says why it is not."""
    cloudformation = clients.aws("cloudformation")
    found = {one["StackName"]: one["StackStatus"] for one in cloudformation.describe_stacks()["Stacks"]}
    wanted = {**{link.stack: "CREATE_COMPLETE" for link in LINKS}, WRONG: "ROLLBACK_COMPLETE"}
    statuses = [f"{name} is {found.get(name)}" for name, status in wanted.items() if found.get(name) != status]
    events = cloudformation.describe_stack_events(StackName=WRONG)["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events]
    said = next((reason for reason in reasons if REASON in reason), None)
    return [
        *checks.shown("the right links come up although one fails", statuses),
        *checks.shown(f"{WRONG} fails with its reason: {said}", [] if said else reasons),
    ]


def _apart(before: listings.Listing, now: listings.Listing) -> list[str]:
    """Whatever is new is one link's, the region's, the cost mail's or for the tenant, and nothing is two links'.

    Of the wrong one its stack is left. The cost mail is all links' alike.
    """
    own = {stack: listings.of_link(now, stack) for stack in (*(link.stack for link in LINKS), WRONG)}
    shared = [
        f"{kind} {name} is of {one} and of {other}"
        for one, other in itertools.combinations(own, 2)
        for kind, name in sorted(own[one] & own[other])
    ]
    rest = now
    for stack in (*own, region.WATCH, region.LINKS, region.ALERTS, region.COSTS, clients.TENANT):
        rest = listings.without_link(rest, stack)
    left = own[WRONG] - {("cloudformation StackSummaries", WRONG)}
    sizes = ", ".join(f"{stack} {len(found)}" for stack, found in own.items())
    return [
        *checks.shown(f"no resource is two links' ({sizes})", shared),
        *checks.shown(
            "but for what is the links', the region's, the cost mail's and the tenant's, both clouds are as before",
            listings.differences(before, rest),
        ),
        *checks.shown(f"{WRONG} left nothing but its stack's name", [f"{kind} {name}" for kind, name in sorted(left)]),
    ]


def _pings() -> list[str]:
    """Through each link, and from no VPC to a network that no link of its leads to."""
    failures = [fault for link in LINKS for fault in checks.pings(link)]
    joined = {(link.vpc, link.vnet) for link in LINKS}
    for vpc, vnet in itertools.product(networks.VPCS, networks.VNETS):
        if (vpc, vnet) not in joined:
            answered = traffic.ping(vpc.host, vnet.host, count=2)
            what = f"no ping from {vpc.host.place} to {vnet.host.place}"
            failures += checks.shown(what, [f"{answered} were answered"] if answered else [])
    return failures


def _without_two(before: listings.Listing) -> list[str]:
    """Link `two` goes while a ping runs through each of the others."""
    if services.has_data_plane():
        with traffic.Meter(*ONE.directions[0]) as one, traffic.Meter(*THREE.directions[0]) as three:
            deploy.destroy(TWO.stack)
        lost = [
            *checks.shown(f"while two went, through one: {one.pings}", _lost(one)),
            *checks.shown(f"while two went, through three: {three.pings}", _lost(three)),
        ]
    else:
        deploy.destroy(TWO.stack)
        lost = []
    after = listings.both_clouds()
    left = [f"{kind} {name} is left over" for kind, name in sorted(listings.of_link(after, TWO.stack))]
    changed = listings.differences(listings.without_link(before, TWO.stack), after)
    return [*lost, *checks.shown("two is gone, and all else is as it was", [*left, *changed])]


def _lost(meter: traffic.Meter) -> list[str]:
    return [] if meter.pings.sent and not meter.pings.lost else [str(meter.pings)]
