"""The Function app (Python v2 programming model): two routes and the queue. Each handler parses, calls, returns.

No key of Azure's guards the routes: callers.py knows who may ask for what, before the body is read and after.
"""

import json
import logging
import os
from datetime import UTC, datetime
from functools import cache

import azure.functions as func
from azure.identity import ManagedIdentityCredential
from pydantic import ValidationError

from azure_functions import arm, aws, callers, look, settings, task, turn, work_queue
from azure_functions.callers import Asks, Stranger
from azure_functions.edges import Edges
from link import errors, wanted

logger = logging.getLogger(__name__)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
# The Azure libraries log every request at INFO.
logging.getLogger("azure").setLevel(logging.WARNING)
SETTINGS = settings.read(os.environ)


@cache
def _edges() -> Edges:
    credential = ManagedIdentityCredential(client_id=SETTINGS.client_id)
    return Edges(
        arm=arm.Arm(SETTINGS.arm_endpoint, credential),
        aws=aws.Aws(credential, SETTINGS.aws_token_audience),
        queue=work_queue.open_queue(SETTINGS, credential),
    )


@cache
def _callers() -> callers.Callers:
    return callers.Callers(SETTINGS)


def _answer(status: int, body: str) -> func.HttpResponse:
    return func.HttpResponse(body, status_code=status, mimetype="application/json")


def _refusal(status: int, error: str) -> func.HttpResponse:
    return _answer(status, json.dumps({"error": error}))


def _unauthorized(exc: Stranger) -> func.HttpResponse:
    logger.warning("caller refused", extra={"why": str(exc)})
    return _refusal(401, "unauthorized")


@app.route(route="links/{name}/look", methods=["POST"])
def look_at_link(req: func.HttpRequest) -> func.HttpResponse:
    """Body AzureRef, answer 200 AzureFacts. 401 for a stranger, 503 when Azure is busy, 424 when it refuses."""
    try:
        caller = _callers().recognise(req, Asks.LOOK)
        ref = wanted.AzureRef.model_validate_json(req.get_body())
        caller.check(ref)
    except Stranger as exc:
        return _unauthorized(exc)
    except ValidationError as exc:
        return _refusal(400, task.fault(exc))
    try:
        return _answer(200, look.find_facts(_edges().arm, _edges().aws, ref).model_dump_json())
    except errors.CloudBusy as exc:
        return _refusal(503, str(exc))
    except errors.CloudRefused as exc:
        return _refusal(424, str(exc))


@app.route(route="links/{name}/work", methods=["POST"])
def accept_work(req: func.HttpRequest) -> func.HttpResponse:
    """Body AzureWork, answer 202; 401 for a stranger. The outcome goes to the state machine that has the task token."""
    try:
        caller = _callers().recognise(req, Asks.WORK)
        work = wanted.AzureWork.model_validate_json(req.get_body())
        caller.check(work.ref)
    except Stranger as exc:
        return _unauthorized(exc)
    except ValidationError as exc:
        return _refusal(400, task.fault(exc))
    try:
        _edges().queue.send(task.Task(work=work, first_at=datetime.now(UTC)), delay_s=0)
    except errors.CloudBusy as exc:
        return _refusal(503, str(exc))
    return _answer(202, json.dumps({"accepted": work.ref.link}))


@app.queue_trigger(arg_name="message", queue_name=work_queue.NAME, connection="AzureWebJobsStorage")
def take_turn(message: func.QueueMessage) -> None:
    """Takes one turn of a task. What cannot be parsed is moved by the host to the poison queue, after five readings."""
    try:
        found = task.Task.model_validate_json(message.get_body())
    except ValidationError as exc:
        logger.error("message cannot be parsed", extra={"message_id": message.id, "why": task.fault(exc)})
        raise ValueError("message cannot be parsed") from None
    turn.take(_edges(), found, datetime.now(UTC))
