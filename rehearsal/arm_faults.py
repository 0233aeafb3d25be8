"""Faults of Resource Manager for drills, ordered at the route PATH (see rehearsal/faults.py).

The subscription's owner, who looks for the rehearsal (clients.py), is not refused.
"""

import json
import time
from typing import Any

from rehearsal.json_server import Answer, Request

PATH = "/_causeway/faults"
OWNER = "rehearsal-owner"  # in the User-Agent
CODES = {
    404: "ResourceNotFound",
    409: "AnotherOperationInProgress",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class Faults:
    """Callers hold the store's lock."""

    def __init__(self) -> None:
        self._refusals: list[dict[str, Any]] = []
        self._stuck: list[str] = []
        self._done: list[dict[str, Any]] = []

    def serve(self, request: Request) -> Answer:
        """Takes an order, or forgets all; answers what was done by orders until now."""
        if request.method == "DELETE":
            for kept in (self._refusals, self._stuck, self._done):
                kept.clear()
        if request.method == "POST":
            order = json.loads(request.body)
            if "stuck" in order:
                self._stuck.append(order["stuck"].lower())
            else:
                self._refusals.append({**order, "until": time.time() + order["seconds"]})
        return Answer(200, self._done)

    def refusal(self, request: Request) -> Answer | None:
        """What ARM answers instead of doing it."""
        if OWNER in (request.headers.get("User-Agent") or ""):
            return None
        for order in self._refusals:
            if time.time() < order["until"] and _means(order, request):
                status, wait_s = order["status"], order["retry_after_s"]
                self._done.append({"status": status, "call": f"{request.method} {request.path}", "at": time.time()})
                error = {"code": order["code"] or CODES[status], "message": "Ordered by a drill."}
                return Answer(status, {"error": error}, {"Retry-After": str(wait_s)} if wait_s else {})
        return None

    def sticks(self, verb: str, resource: str) -> bool:
        """Whether this operation never ends; an order is for one operation."""
        for fragment in self._stuck:
            if fragment in resource.lower():
                self._stuck.remove(fragment)
                self._done.append({"stuck": f"{verb} {resource}", "at": time.time()})
                return True
        return False


def _means(order: dict[str, Any], request: Request) -> bool:
    return order["path"].lower() in request.path.lower() and order["method"] in ("", request.method)
