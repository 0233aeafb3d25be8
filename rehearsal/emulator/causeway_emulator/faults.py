"""Faults for drills, ordered at the route PATH (see rehearsal/faults.py), and AWS's limits for every request.

Drills order calls that are throttled or refused, functions that die, zones without capacity, quotas. Of the calls only
those of the product's roles are touched; the customer's administrator's are not.
"""

import json
from typing import Any

from causeway_emulator import executor, iam_audit, orders, refusals
from localemu.aws import handlers
from localemu.aws.api import CommonServiceException, RequestContext
from localemu.aws.handlers.throttling import SERVICE_THROTTLE_ERRORS, ThrottlingHandler
from localemu.http import Request, Response
from localemu.services import edge
from localemu.services.iam_enforcement import enforcer, identity, service_action_map

PATH = "/_causeway/faults"
ROLES = "causeway"  # each role of the product is named so, in whatever case
READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan", "Simulate")
# On-demand tables answer ThrottlingException (DynamoDB developer guide, "Error handling").
ERRORS = {
    **SERVICE_THROTTLE_ERRORS,
    "dynamodb": ("ThrottlingException", "Throughput exceeds the current capacity.", 400),
}


book = orders.Book()


def mend() -> None:
    edge.ROUTER.add(PATH, serve, methods=["GET", "POST", "DELETE"])
    ThrottlingHandler.__call__ = before
    handlers.run_custom_response_handlers.append(after)
    executor.on_invocation.append(begun)


def serve(request: Request) -> Response:
    if request.method == "POST":
        book.add(json.loads(request.get_data()))
    elif request.method == "DELETE":
        book.clear()
    return Response(json.dumps(book.done), mimetype="application/json")


def call_of(context: RequestContext) -> tuple[str, Any]:
    """service.Operation, and the caller, when a role of the product calls; else an empty string and None."""
    if not book.standing or not context.service or not context.operation:
        return "", None
    key = enforcer._extract_access_key(context)
    caller = identity.resolve_caller(key, context.account_id, context.region) if key else None
    ours = caller and (caller.role_name or caller.username or "").lower().startswith(ROLES)
    return (f"{context.service.service_name}.{context.operation.name}", caller) if ours else ("", None)


def before(self: Any, chain: Any, context: RequestContext, response: Response) -> None:
    """Stands before the IAM audit, so a call that is refused here is not audited."""
    refuse_by_limit(context)
    call, caller = call_of(context)
    if not call:
        return
    if book.take("throttle", call, "", call):
        code, message, status = ERRORS.get(context.service.service_name, ("ThrottlingException", "Rate exceeded", 400))
        raise CommonServiceException(code, message, status_code=status)
    text = json.dumps(context.service_request, default=str)
    if order := book.take("refuse", call, "", call, text):
        action = service_action_map.map_action(context.service.service_name, context.operation.name)[0]
        refuse(refusals.ordered(order.code, caller.arn, action, iam_audit.named(context, order.holding)))
    if kill_caller(call, enforcer._extract_access_key(context), "before"):
        raise CommonServiceException("ServiceUnavailable", "the caller is dead", status_code=503)


def refuse_by_limit(context: RequestContext) -> None:
    """AWS's limits are everybody's."""
    if context.service and context.operation:
        call = f"{context.service.service_name}.{context.operation.name}"
        if refusal := refusals.by_limit(call, context.service_request or {}):
            refuse(refusal)


def refuse(refusal: refusals.Refusal) -> None:
    sender = refusal.status < 500
    raise CommonServiceException(refusal.code, refusal.message, status_code=refusal.status, sender_fault=sender)


def after(chain: Any, context: RequestContext, response: Response) -> None:
    call, _ = call_of(context)
    if call and response.status_code < 400:
        kill_caller(call, enforcer._extract_access_key(context), "after")


def kill_caller(call: str, key: str, when: str) -> bool:
    found = next((one for one in list(executor.running) if one.variables["AWS_ACCESS_KEY_ID"] == key), None)
    reads = call.partition(".")[2].startswith(READS)
    named = any(order.call == call for order in book.standing)
    if found is None or (reads and not named) or not book.take("kill", name(found), when, call):
        return False
    found.process.kill()
    found.process.wait()
    return True


def begun(environment: executor.Executor) -> None:
    if book.take("kill", name(environment), "start"):
        environment.process.kill()


def name(environment: executor.Executor) -> str:
    return str(environment.function_version.id.function_name)
