"""The custom resource of `cdk deploy` and `cdk destroy`: starts a walk, whose last state answers CloudFormation."""

from typing import Any, Literal

from aws_lambda_powertools import Logger
from pydantic import BaseModel

from lambdas import settings
from lambdas.clouds import locks, registry, walks
from lambdas.settings import Settings
from link.steps import Wanted

logger = Logger(service="causeway")


class Request(BaseModel):
    """CloudFormation's request, as far as it matters here."""

    RequestType: Literal["Create", "Update", "Delete"]
    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: object) -> None:
    """Returns at once. A walk that could not be started is answered here, or the stack would wait an hour."""
    request = Request.model_validate(event)
    here = settings.load()
    answer = walks.Answer(
        ResponseURL=request.ResponseURL,
        StackId=request.StackId,
        RequestId=request.RequestId,
        LogicalResourceId=request.LogicalResourceId,
        PhysicalResourceId=f"causeway-{here.spec.name}",
    )
    wanted = Wanted.DOWN if request.RequestType == "Delete" else Wanted.UP
    try:
        if wanted is Wanted.DOWN:
            _give_up(here)
        walks.start(here.state_machine, request.RequestId, walks.document(here.spec.name, wanted, answer))
    except Exception as exc:
        logger.exception("walk not started")
        walks.answer(answer, (f"{type(exc).__name__}: {exc}",), {}, f"the log of causeway-{here.spec.name}-DeployLink")
        raise


def _give_up(here: Settings) -> None:
    """Nobody wants the link any more: it is no longer watched, and a walk that works for it is stopped."""
    registry.strike(here.spec.name)
    if holder := locks.holder(here.table):
        # What it still does is waited for by the walk down.
        walks.stop(here.state_machine, holder, "the stack is being deleted")
