"""Custom resources as CloudFormation runs them: invoke the Lambda, then wait for the answer put to the response URL.

The answer may come long after the Lambda returned (here a state machine gives it).
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
import queue
import secrets
import uuid
from typing import Any

from causeway_emulator import custom_answers
from localemu import config
from localemu.http import Request as HttpRequest
from localemu.http import Response
from localemu.services import edge
from localemu.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider

PATH = "/_causeway/custom-resource"
DEFAULT_TIMEOUT_S = 3600  # ServiceTimeout's default
ID = "CausewayPhysicalResourceId"
PROPERTIES = "CausewayProperties"
Request = Any
waiting: dict[str, queue.Queue[bytes]] = {}


def serve() -> None:
    edge.ROUTER.add(f"{PATH}/<token>", take_answer, methods=["PUT"])


def take_answer(request: HttpRequest, token: str) -> Response:
    if token not in waiting:
        return Response("no such custom resource request", status=403)
    waiting[token].put(request.get_data())
    return Response(status=200)


class CustomResource(ResourceProvider):
    TYPE = "AWS::CloudFormation::CustomResource"
    SCHEMA = {"typeName": TYPE, "primaryIdentifier": [f"/properties/{ID}"], "properties": {}}

    def create(self, request: Request) -> ProgressEvent:
        properties = as_strings(request.desired_state)
        outcome = ask(request, "Create", properties, {})
        made_up = f"{request.stack_name}-{request.logical_resource_id}-{secrets.token_hex(6).upper()}"
        return progress(outcome, outcome.physical_id or made_up, properties)

    def update(self, request: Request) -> ProgressEvent:
        old = request.previous_state
        properties = as_strings(request.desired_state.get(PROPERTIES) or request.desired_state)
        extra = {"PhysicalResourceId": old[ID], "OldResourceProperties": old[PROPERTIES]}
        outcome = ask(request, "Update", properties, extra)
        physical_id = outcome.physical_id or old[ID]
        if outcome.succeeded and physical_id != old[ID]:
            ask(request, "Delete", old[PROPERTIES], {"PhysicalResourceId": old[ID]})
        return progress(outcome, physical_id, properties)

    def delete(self, request: Request) -> ProgressEvent:
        model = request.previous_state or request.desired_state
        outcome = ask(request, "Delete", model[PROPERTIES], {"PhysicalResourceId": model[ID]})
        return progress(outcome, model[ID], model[PROPERTIES])


def ask(request: Request, kind: str, properties: dict[str, Any], extra: dict[str, Any]) -> custom_answers.Outcome:
    token = secrets.token_urlsafe(24)
    waiting[token] = queue.Queue()
    event = {
        "RequestType": kind,
        "ServiceToken": properties["ServiceToken"],
        "ResponseURL": f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}{PATH}/{token}",
        "StackId": request.stack_id,
        "RequestId": str(uuid.uuid4()),
        "LogicalResourceId": request.logical_resource_id,
        "ResourceType": request.resource_type,
        "ResourceProperties": properties,
        **extra,
    }
    timeout_s = int(properties.get("ServiceTimeout") or DEFAULT_TIMEOUT_S)
    try:
        request.aws_client_factory.lambda_.invoke(
            FunctionName=properties["ServiceToken"], InvocationType="Event", Payload=json.dumps(event).encode()
        )
        answer = waiting[token].get(timeout=timeout_s)
    except queue.Empty:
        reason = f"CloudFormation did not receive a response from your Custom Resource within {timeout_s} seconds."
        return custom_answers.Outcome(False, f"{reason} RequestId: {event['RequestId']}", None, {})
    finally:
        del waiting[token]
    return custom_answers.judge(answer, event["RequestId"], kind)


def progress(outcome: custom_answers.Outcome, physical_id: str, properties: dict[str, Any]) -> ProgressEvent:
    model = {**outcome.attributes, ID: physical_id, PROPERTIES: properties}
    status = OperationStatus.SUCCESS if outcome.succeeded else OperationStatus.FAILED
    return ProgressEvent(status, model, message=outcome.reason)


def as_strings(value: Any) -> Any:
    """CloudFormation hands every scalar of ResourceProperties over as text."""
    if isinstance(value, dict):
        return {key: as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
