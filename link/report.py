"""What a walk has to say at its end: to a person, to CloudFormation, to the table. Pure."""

import json
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, Literal

from pydantic import Field

from link.errors import LinkBusy
from link.facts import AzureFacts
from link.reading import Observation
from link.record import Record
from link.spec import LinkSpec
from link.steps import Goal, State, Wanted

Outcome = Literal["success", "failure"]
# The states that take away. A failure in one of them leaves something behind.
REMOVING = (State.DISCONNECT_AZURE, State.REMOVE_ROUTES, State.RESTORE_GATEWAY, State.RETIRE_GATEWAY)
# Characters of one error. A refusal is an error too, with a line for each reason.
SENTENCE_LIMIT = 4000
LATER_LIMIT = 300  # of one that came after the first, in an answer to CloudFormation


class Done(Record):
    """A step that was applied. `refused` is AWS's word where it was not, and the walk went on past it."""

    step: str
    reason: str
    subject: str = ""
    message: str = ""
    refused: str = ""


class Failure(Record):
    """An error as Step Functions hands it on: the class name, and its cause."""

    error: str = Field(validation_alias="Error")
    cause: str = Field(validation_alias="Cause", default="")

    @property
    def sentence(self) -> str:
        """The message of a Lambda's error, which Step Functions wraps as JSON, or the cause as it is."""
        try:
            return str(json.loads(self.cause)["errorMessage"])
        except (ValueError, KeyError, TypeError):
            return self.cause


class Leftover(Record):
    """Something of ours that a walk could not remove, and the command that does."""

    what: str
    remove: str


class Report(Record):
    """The outcome of a walk. `did` maps a state to the steps that it applied, `left` is what somebody has to remove.

    `left_alone` are things that the walk met and that are not ours, or not any more.
    """

    link: str
    wanted: Wanted
    outcome: Outcome
    reason: str
    message: str
    did: dict[State, tuple[Done, ...]]
    warnings: tuple[str, ...] = ()
    left: tuple[Leftover, ...] = ()
    left_alone: tuple[str, ...] = ()


class Ended(Record):
    """What is known of a walk at its end."""

    link: str
    wanted: Wanted
    goal: Goal
    failed: dict[State, Failure]
    did: dict[State, tuple[Done, ...]]
    warnings: tuple[str, ...] = ()
    verdict: dict[str, Any] | None = None
    disconnected: AzureFacts | None = None

    @property
    def is_up(self) -> bool:
        """The link was verified. An old gateway that would not end afterwards takes nothing from that."""
        verified = self.wanted is Wanted.UP and (self.verdict or {}).get("state") == Observation.UP
        return verified and set(self.failed) <= {State.RETIRE_GATEWAY}

    @property
    def is_busy(self) -> bool:
        """The walk never had the link: it changed nothing and has nothing to say of it."""
        return any(failure.error == LinkBusy.__name__ for failure in self.failed.values())


def write(ended: Ended, left: tuple[Leftover, ...] = (), then: str = "") -> Report:
    """The report of a walk. `then` says how to go on once what is left has been removed."""
    if not ended.failed or ended.is_up:
        return _success(ended)
    _, failure = _cause(ended)
    return Report(
        link=ended.link,
        wanted=ended.wanted,
        outcome="failure",
        reason=failure.error,
        message=". ".join(_sentences(ended, left, then, SENTENCE_LIMIT)),
        did=ended.did,
        warnings=ended.warnings,
        left=left,
        left_alone=_left_alone(ended),
    )


def failure(ended: Ended, left: tuple[Leftover, ...] = (), then: str = "") -> tuple[str, ...]:
    """The sentences that CloudFormation is given as the reason: the cause comes first, `then` last. None: a success."""
    if not ended.failed or ended.is_up:
        return ()
    first, *others = _sentences(ended, left, then, LATER_LIMIT)
    return (f"{_cause(ended)[1].error}: {first}", *others)


def _success(ended: Ended) -> Report:
    verdict = ended.verdict or {}
    gone = ended.wanted is Wanted.DOWN
    alone = _left_alone(ended)
    removed = ". ".join(["both sides of the link are removed", *(f"left alone: {what}" for what in alone)])
    late = [f"{state}: {failure.error}: {failure.sentence}" for state, failure in ended.failed.items()]
    passed = [f"{one.step} for {one.reason}: {one.refused}" for did in ended.did.values() for one in did if one.refused]
    return Report(
        link=ended.link,
        wanted=ended.wanted,
        outcome="success",
        reason="Removed" if gone else verdict["reason"],
        message=removed if gone else verdict["message"],
        did=ended.did,
        warnings=(*ended.warnings, *passed, *late),
        left_alone=alone,
    )


def _cause(ended: Ended) -> tuple[State, Failure]:
    """What failed first. On the way up it is the one state that does not take away."""
    failed = sorted(ended.failed, key=list(State).index)  # a JSON object promises no order
    first = [state for state in failed if ended.wanted is Wanted.DOWN or state not in REMOVING]
    state = (first or failed)[0]
    return state, ended.failed[state]


def _sentences(ended: Ended, left: tuple[Leftover, ...], then: str, later_limit: int) -> list[str]:
    cause, failure = _cause(ended)
    at = State.WAIT_FOR_BOOT if cause is State.EXPLAIN_BOOT else cause  # which only speaks for it
    said = [f"{at}: {_short(failure.sentence, SENTENCE_LIMIT)}"]
    more = [(state, other) for state, other in ended.failed.items() if state is not cause]
    said += [f"Then {state} failed too: {other.error}: {_short(other.sentence, later_limit)}" for state, other in more]
    said += [f"Left: {one.what}; remove it: {one.remove}" for one in left]
    if not more and ended.wanted is Wanted.UP and cause not in (State.DISCOVER, State.PREFLIGHT):
        back = ended.goal is Goal.RESTORE
        said.append("The link was given back to what served it before" if back else "What was made was removed again")
    return [*said, then] if then else said


def _short(sentence: str, limit: int) -> str:
    text = sentence.rstrip(". ")
    return text if len(text) <= limit else f"{text[:limit]}..."


def _left_alone(ended: Ended) -> tuple[str, ...]:
    routes = [done.message for done in ended.did.get(State.REMOVE_ROUTES, ()) if done.reason == "RouteNotOurs"]
    azure = ended.disconnected
    foreign = (
        [
            f"{found.id} has our name and not this deployment's tags"
            for found in (azure.connection, azure.local_network_gateway)
            if found is not None and not found.ours
        ]
        if azure
        else []
    )
    return (*routes, *foreign)


def way_out(spec: LinkSpec, stack: str, resource: str) -> str:
    """How to end a stack whose link could not be taken down. CloudFormation retains only after a failed delete."""
    retain = (
        f"aws cloudformation delete-stack --region {spec.aws.region} --stack-name {stack} --retain-resources {resource}"
    )
    return f"Then destroy the stack again; where the Azure Function is gone for good: {retain}"


def leftovers(
    spec: LinkSpec,
    failed: Mapping[State, Failure],
    azure_name: str,
    routes: frozenset[tuple[str, IPv4Network]],
    gateways: tuple[str, ...],
) -> tuple[Leftover, ...]:
    """What the states that failed to take away have left, each with the command that removes it."""
    # In this order: an answer to CloudFormation has room for some, and an instance costs money.
    found: list[Leftover] = []
    if State.DISCONNECT_AZURE in failed:
        where = f"--subscription {spec.azure.subscription} -g {spec.azure.resource_group} -n {azure_name}"
        for what, command in (("connection", "vpn-connection"), ("local network gateway", "local-gateway")):
            what = f"the {what} {azure_name} in Azure"
            found.append(Leftover(what=what, remove=f"az network {command} delete {where}"))
    region = f"--region {spec.aws.region}"
    if State.RETIRE_GATEWAY in failed:
        found += [
            Leftover(what=f"the instance {id}", remove=f"aws ec2 terminate-instances {region} --instance-ids {id}")
            for id in gateways
        ]
    if State.REMOVE_ROUTES in failed:
        found += [
            Leftover(
                what=f"the route to {destination} in {table}",
                remove=f"aws ec2 delete-route {region} --route-table-id {table} --destination-cidr-block {destination}",
            )
            for table, destination in sorted(routes)
        ]
    return tuple(found)
