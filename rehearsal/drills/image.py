"""An image that does not boot: the gateway that still works is kept, attempts are bounded, and a human is told.

A walk waits for a boot for a quarter of an hour; here for less, so that a drill ends.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

from rehearsal import alterations, clients, deploy, places
from rehearsal.drills import alerts, aws, eyes, scene
from rehearsal.drills.scene import Scene

BOOTS_WITHIN_S = 90
ATTEMPTS = 3  # until a human is told
GIVES_UP_S = 660.0  # three boots, a minute and five minutes between their beginnings, and a look after the last
_WAIT = "WaitForBoot"
_deployments: list[threading.Thread] = []
_refusals: list[str] = []


def _boot_timeout(now: Scene, seconds: int) -> int:
    """Sets it in the deployed state machine; answers with what it was."""
    steps, arn = clients.aws("stepfunctions"), eyes.MACHINE.format(now.link.stack)
    definition = json.loads(steps.describe_state_machine(stateMachineArn=arn)["definition"])
    was = int(definition["States"][_WAIT]["TimeoutSeconds"])
    definition["States"][_WAIT]["TimeoutSeconds"] = seconds
    steps.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    return was


_former: dict[str, int] = {}


def _spoil(now: Scene) -> None:
    places.UNBOOTABLE.touch()
    _former[now.link.name] = _boot_timeout(now, BOOTS_WITHIN_S)


def give_back(before: Scene) -> None:
    """A machine that starts from now on boots."""
    places.UNBOOTABLE.unlink(missing_ok=True)
    if before.link.name in _former:
        _boot_timeout(before, _former.pop(before.link.name))


def replace(now: Scene) -> None:
    """Somebody deploys another instance type, and the new gateway does not boot."""
    _spoil(now)
    [declared] = deploy.declared()
    _refusals.clear()
    deploy.prepare([{**declared, "aws": {**declared["aws"], "instance_type": alterations.OTHER_TYPE}}])
    _deployments.append(_begun(declared, now.link.stack))


def _begun(declared: dict[str, Any], stack: str) -> threading.Thread:
    def deployed() -> None:
        try:
            deploy.deploy()
        except deploy.CdkFailed:
            events = clients.aws("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
            _refusals.extend(one.get("ResourceStatusReason", "") for one in events)
        finally:
            deploy.prepare([declared])

    thread = threading.Thread(target=deployed, daemon=True)
    thread.start()
    return thread


def is_deploying(_: Scene) -> Iterator[str]:
    if any(one.is_alive() for one in _deployments):
        yield "cdk deploy runs"


def serves_on(before: Scene, _broke_at: float) -> Iterator[str]:
    """The deployment has failed, and the gateway is still the one that it was."""
    now = scene.look(before.link)
    if now.instance["InstanceId"] != before.instance["InstanceId"]:
        yield f"{before.instance['InstanceId']} was replaced by {now.instance['InstanceId']}"
    if not _refusals:
        yield "cdk deploy said that all is well"


def kept(before: Scene, broke_at: float) -> Iterator[str]:
    """The same, and the reason is named."""
    yield from serves_on(before, broke_at)
    if not any("BootSilent" in one for one in _refusals):
        yield f"cdk deploy should say BootSilent; it said {_refusals}"


def terminate(now: Scene) -> None:
    """The gateway is gone, and no other boots."""
    _spoil(now)
    aws.terminate(now)


def mend(before: Scene) -> None:
    """The image is right again, and somebody has the link looked at anew."""
    _failed.append([one["name"] for one in eyes.executions(before.link) if one["status"] == "FAILED"])
    give_back(before)
    eyes.forget(before.link)


_failed: list[list[str]] = []


def bounded_and_told(before: Scene, broke_at: float) -> Iterator[str]:
    """At most so many attempts; the message has link, what was seen, what was tried, and what to do."""
    since = [one for one in eyes.executions(before.link) if one["startDate"].timestamp() >= broke_at]
    tried = [one for one in since if one["name"] in _failed[-1]]
    if not 1 <= len(tried) <= ATTEMPTS:
        yield f"{len(tried)} walks tried to launch a gateway, at most {ATTEMPTS} should"
    texts = [one["Message"] for one in alerts.told(broke_at)]
    words = (f"Link {before.link.name}", "Seen:", "Tried:", "To do:")
    if not any(all(word in text for word in words) for text in texts):
        yield f"a human should have been told; told was {texts or 'nothing'}"
