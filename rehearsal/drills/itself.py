"""Breaks of Causeway's own parts: its functions are killed, two walks race, an image does not boot."""

import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rehearsal import checks, clients, deploy, faults, world
from rehearsal.drills import aws, eyes, image
from rehearsal.drills.drill import Drill, Group, Loss
from rehearsal.drills.scene import Scene

# One more than the walk tries again what ended in the middle (stacks/walk_machine.py): then it gives up.
FOR_GOOD = 4
ROUTE, RULE, ADDRESS = "has no route to", "no inbound rule for", "Elastic IP is on nothing"


@dataclass(frozen=True)
class Killing:
    """The functions of these states are killed, in the walk that a drift brings about.

    All but the last die until the walk gives them up, which is how a walk comes to the last. `call` is where the last
    of them dies, with half of its work done. Where none is named it is the first call that writes, by which every state
    takes the link's lock.
    """

    states: tuple[str, ...]
    drift: Callable[[Scene], None]
    sign: str
    call: str = ""


KILLINGS = (
    Killing(("Discover",), aws.delete_route, ROUTE),
    Killing(("Preflight",), aws.delete_route, ROUTE),
    Killing(("LaunchGateway",), aws.revoke_rule, RULE, "ec2.AuthorizeSecurityGroupIngress"),
    Killing(("WaitForBoot",), aws.delete_route, ROUTE),
    Killing(("AttachElasticIp",), aws.disassociate, ADDRESS, "ec2.AssociateAddress"),
    Killing(("AdjustRoutes",), aws.delete_routes, ROUTE, "ec2.CreateRoute"),
    Killing(("ConnectAzure",), aws.delete_route, ROUTE),
    Killing(("RepointGateway",), aws.delete_route, ROUTE),
    Killing(("Verify",), aws.delete_route, ROUTE),
    Killing(("Report",), aws.delete_route, ROUTE),
    Killing(("AdjustRoutes", "RestoreGateway"), aws.delete_route, ROUTE),
    Killing(("RetireGateway",), aws.power_off, "is stopped", "ec2.TerminateInstances"),
)


def _kill(killing: Killing, now: Scene) -> None:
    faults.aws_clear()
    *first, last = (f"{now.link.stack}-{state}" for state in killing.states)
    for function in first:
        faults.kill_next(function, "after", times=FOR_GOOD)
    faults.kill_next(last, "after", killing.call)
    killing.drift(now)


def _still_alive(killing: Killing, before: Scene) -> Iterator[str]:
    """As long as it has not been killed, nothing has been shown."""
    killed = {one["target"] for one in faults.aws_faults() if one["kind"] == "kill"}
    for state in killing.states:
        if f"{before.link.stack}-{state}" not in killed:
            yield f"{state} has not been killed yet"


def killings() -> tuple[Drill, ...]:
    """One drill a state."""
    return tuple(
        Drill(
            f"killed-{one.states[-1]}",
            Group.ITSELF,
            functools.partial(_kill, one),
            one.sign,
            more=functools.partial(_still_alive, one),
            restore=lambda _: faults.aws_clear(),
            loss=Loss.MAY,
        )
        for one in KILLINGS
    )


def explain_boot(now: Scene) -> None:
    """The state that comes after a boot that stayed silent."""
    faults.aws_clear()
    faults.kill_next(f"{now.link.stack}-{_EXPLAINING.states[0]}", "after")
    image.replace(now)


_EXPLAINING = Killing(("ExplainBoot",), image.replace, "2 gateways are alive")


def still_explains(before: Scene) -> Iterator[str]:
    yield from image.is_deploying(before)
    yield from _still_alive(_EXPLAINING, before)


def go_down(link: world.Link) -> list[str]:
    """The link is destroyed while its functions die; what is wrong with that. The next destroy must remove the rest."""
    going = Killing(("DisconnectAzure", "RemoveRoutes"), aws.delete_route, "")
    faults.aws_clear()
    for state in going.states:
        faults.kill_next(f"{link.stack}-{state}", "after")
    said = "all is well"
    try:
        deploy.destroy(link.stack)
    except deploy.CdkFailed as exc:
        said = str(exc)
    killed = [one["target"] for one in faults.aws_faults() if one["kind"] == "kill"]
    alive = [state for state in going.states if f"{link.stack}-{state}" not in killed]
    faults.aws_clear()
    return checks.shown(f"on the way down {', '.join(killed)} were killed, and cdk destroy said: {said}", alive)


def race(now: Scene) -> None:
    """Two walks begin at once, with something to do for one of them."""
    aws.delete_route(now)
    steps, arn = clients.aws("stepfunctions"), eyes.MACHINE.format(now.link.stack)
    walk = json.dumps({"link": now.link.name, "wanted": "up", "answer": None})
    for name in "ab":
        steps.start_execution(stateMachineArn=arn, name=f"race-{time.time_ns()}-{name}", input=walk)


def done_once(before: Scene, broke_at: float) -> Iterator[str]:
    """Both walks ended well, and the route was made by one of them."""
    raced = [one for one in eyes.executions(before.link) if one["name"].startswith("race-")]
    since = [one for one in raced if one["startDate"].timestamp() >= broke_at]
    yield from (f"{one['name']} is {one['status']}" for one in since if one["status"] != "SUCCEEDED")
    made = [step for one in since for step in one["output"].get("did", {}).get("AdjustRoutes", [])]
    if [step["step"] for step in made] != ["CreateRoute"]:
        yield f"the two walks did {made}"
