"""Faults for drills, ordered at the route PATH (see rehearsal/faults.py): calls that AWS throttles, functions that die.

Only what the product's roles do is touched; the customer's administrator is not.
"""

import dataclasses
import json
import threading
import time
from typing import Any

from causeway_emulator import executor
from localemu.aws import handlers
from localemu.aws.api import CommonServiceException, RequestContext
from localemu.aws.handlers.throttling import SERVICE_THROTTLE_ERRORS, ThrottlingHandler
from localemu.http import Request, Response
from localemu.services import edge
from localemu.services.iam_enforcement import enforcer, identity

PATH = "/_causeway/faults"
ROLES = "causeway"  # each role of the product is named so, in whatever case
READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan", "Simulate")
# On-demand tables answer ThrottlingException (DynamoDB developer guide, "Error handling").
ERRORS = {
    **SERVICE_THROTTLE_ERRORS,
    "dynamodb": ("ThrottlingException", "Throughput exceeds the current capacity.", 400),
}


@dataclasses.dataclass
class Order:
    """`kind` is throttle (target: service.Operation) or kill (target: function; `when` start, before or after)."""

    kind: str
    target: str
    left: float = float("inf")  # how many times more
    until: float = float("inf")
    when: str = ""
    call: str = ""  # of a kill: at this service.Operation, not at the first that writes


lock = threading.Lock()
orders: list[Order] = []
done: list[dict[str, Any]] = []


def mend() -> None:
    edge.ROUTER.add(PATH, serve, methods=["GET", "POST", "DELETE"])
    ThrottlingHandler.__call__ = before
    handlers.run_custom_response_handlers.append(after)
    executor.on_invocation.append(begun)


def serve(request: Request) -> Response:
    with lock:
        if request.method == "POST":
            order = json.loads(request.get_data())
            seconds, calls = order.pop("seconds", None), order.pop("calls", None)
            until = time.time() + seconds if seconds else float("inf")
            orders.append(Order(**order, left=calls or float("inf"), until=until))
        elif request.method == "DELETE":
            orders.clear()
            done.clear()
        return Response(json.dumps(done), mimetype="application/json")


def take(kind: str, target: str, when: str, call: str) -> bool:
    """Whether an order asks for this fault now; then it counts as done."""
    with lock:
        for order in orders:
            fits = (order.kind, order.target, order.when) == (kind, target, when) and order.call in ("", call)
            if fits and order.left > 0 and time.time() < order.until:
                order.left -= 1
                done.append({"kind": kind, "target": target, "when": when, "call": call, "at": time.time()})
                return True
    return False


def call_of(context: RequestContext) -> tuple[str, str]:
    """service.Operation, and the access key, when a role of the product calls; else two empty strings."""
    if not orders or not context.service or not context.operation:
        return "", ""
    key = enforcer._extract_access_key(context)
    caller = identity.resolve_caller(key, context.account_id, context.region) if key else None
    ours = caller and (caller.role_name or caller.username or "").lower().startswith(ROLES)
    return (f"{context.service.service_name}.{context.operation.name}", key) if ours else ("", "")


def before(self: Any, chain: Any, context: RequestContext, response: Response) -> None:
    call, key = call_of(context)
    if call and take("throttle", call, "", call):
        code, message, status = ERRORS.get(context.service.service_name, ("ThrottlingException", "Rate exceeded", 400))
        raise CommonServiceException(code, message, status_code=status)
    if call and kill_caller(call, key, "before"):
        raise CommonServiceException("ServiceUnavailable", "the caller is dead", status_code=503)


def after(chain: Any, context: RequestContext, response: Response) -> None:
    call, key = call_of(context)
    if call and response.status_code < 400:
        kill_caller(call, key, "after")


def kill_caller(call: str, key: str, when: str) -> bool:
    found = next((one for one in list(executor.running) if one.variables["AWS_ACCESS_KEY_ID"] == key), None)
    reads = call.partition(".")[2].startswith(READS)
    named = any(order.call == call for order in orders)
    if found is None or (reads and not named) or not take("kill", name(found), when, call):
        return False
    found.process.kill()
    found.process.wait()
    return True


def begun(environment: executor.Executor) -> None:
    if take("kill", name(environment), "start", ""):
        environment.process.kill()


def name(environment: executor.Executor) -> str:
    return str(environment.function_version.id.function_name)
