"""Starts walks and answers those who wait: Step Functions by task token, CloudFormation by its response address."""

import json
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds.errors import code, translated
from link import aws_errors, cloudformation
from link.errors import CloudBusy
from link.record import Record
from link.steps import Wanted, Why

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class Answer(Record):
    """Where CloudFormation waits for a custom resource, in its own words."""

    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
    PhysicalResourceId: str


def document(link: str, wanted: Wanted, answer: Answer | None, why: Why | None = None, *, reset: bool = False) -> str:
    """The input of a walk."""
    healing = {"why": why.model_dump(), "reset": reset} if why else {}
    return json.dumps(
        {"link": link, "wanted": wanted.value, "answer": answer.model_dump() if answer else None, **healing}
    )


@cache
def _stepfunctions() -> "SFNClient":
    return boto3.client("stepfunctions")


def start(state_machine: str, name: str, walk: str) -> None:
    """Starts a walk. The same name and input again is the same walk."""
    with translated("starting the walk"):
        _stepfunctions().start_execution(stateMachineArn=state_machine, name=name, input=walk)


def ended_at(state_machine: str, name: str) -> datetime | None:
    """When the walk ended: None while it runs, long ago when Step Functions has forgotten it."""
    with translated("looking at a walk"):
        try:
            found = _stepfunctions().describe_execution(executionArn=_execution(state_machine, name))
        except ClientError as exc:
            if code(exc) not in aws_errors.EXECUTION_GONE:
                raise
            return datetime.min.replace(tzinfo=UTC)
    return None if found["status"] == "RUNNING" else found["stopDate"]


def stop(state_machine: str, name: str, cause: str) -> None:
    """Ends a walk from outside. One that has ended is nobody's fault."""
    with translated("stopping a walk"):
        try:
            _stepfunctions().stop_execution(executionArn=_execution(state_machine, name), error="Stopped", cause=cause)
        except ClientError as exc:
            if code(exc) not in aws_errors.EXECUTION_GONE:
                raise


def _execution(state_machine: str, name: str) -> str:
    return f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"


def succeed(task_token: str, output: dict[str, object] | None) -> None:
    """Lets the waiting state go on. One that has ended is not an error: events arrive late and twice."""
    with translated("completing the waiting state"):
        try:
            _stepfunctions().send_task_success(taskToken=task_token, output=json.dumps(output))
        except ClientError as exc:
            if code(exc) not in aws_errors.TASK_OVER:
                raise


def fail(task_token: str, error: str, cause: str) -> None:
    """Lets the waiting state fail with a named error. One that has ended is not an error."""
    with translated("failing the waiting state"):
        try:
            _stepfunctions().send_task_failure(taskToken=task_token, error=error, cause=cause)
        except ClientError as exc:
            if code(exc) not in aws_errors.TASK_OVER:
                raise


def answer(to: Answer, failure: Sequence[str], data: dict[str, str], where: str) -> None:
    """Reports the outcome to CloudFormation, which ignores a second answer. No sentence of a failure is a success.

    `where` names the place of the whole text, which may be too long for an answer.
    """
    body = cloudformation.body(to.model_dump(exclude={"ResponseURL"}), failure, data, where)
    # The pre-signed address was signed without a content type.
    request = urllib.request.Request(  # noqa: S310  # CloudFormation's own address
        to.ResponseURL, data=body, headers={"content-type": ""}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request, timeout=30):  # noqa: S310
            pass
    except OSError as exc:
        # Unanswered, CloudFormation would take a link that is up for one that failed.
        raise CloudBusy(f"answering CloudFormation: {exc}") from exc
