"""Resource Manager's HTTP side: paths, status codes and headers. See arm_store for the names of the sources."""

import json
import re
from pathlib import Path
from typing import Any

from rehearsal import arm_faults, arm_peerings, arm_peers, arm_validate
from rehearsal.arm_identity import Identity
from rehearsal.arm_store import ArmError, Operation, Resource, Store
from rehearsal.json_server import Answer, Request

GROUP = r"/subscriptions/[^/]+/resourceGroups/[^/]+"
COLLECTION = re.compile(rf"({GROUP})/providers/Microsoft\.Network/(\w+)", re.IGNORECASE)
RESOURCE = re.compile(
    rf"({GROUP}/providers/Microsoft\.Network/(\w+)/[^/]+)(/sharedKey|/resetConnection|/virtualNetworkPeerings/[^/]+)?",
    re.IGNORECASE,
)
OPERATION = re.compile(r"/subscriptions/[^/]+/providers/Microsoft\.Network/locations/\w+/operations/([^/]+)")


class ResourceManager:
    """Answers requests out of the store; `status` is the file in which the fabric says how the tunnels are."""

    def __init__(self, store: Store, identity: Identity, status: Path) -> None:
        self._store, self._identity, self._status = store, identity, status

    def answer(self, request: Request) -> Answer:
        """Every refusal in ARM's form: a code and a message."""
        try:
            with self._store.lock:
                if request.path == arm_faults.PATH:
                    return self._fault(request)
                return self._store.faults.refusal(request) or self._route(request)
        except ArmError as exc:
            return Answer(exc.status, {"error": {"code": exc.code, "message": str(exc)}})

    def _fault(self, request: Request) -> Answer:
        answer = self._store.faults.serve(request)
        if request.method == "DELETE":
            self._store.release()
        return answer

    def _route(self, request: Request) -> Answer:
        if not self._identity.accepts(request):
            raise ArmError(401, "AuthenticationFailed", f"The access token is missing, or not for {request.base}.")
        if "api-version" not in request.query:  # doc
            raise ArmError(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        if match := OPERATION.fullmatch(request.path):
            return self._operation(match[1])
        if match := COLLECTION.fullmatch(request.path):
            return self._listed(*match.groups())
        match = RESOURCE.fullmatch(request.path)
        if match is None or match[2].lower() not in arm_validate.KINDS:
            raise ArmError(404, "InvalidResourceType", f"The resource type of {request.path} is not known here.")
        match (match[3] or "").lower():
            case "/sharedkey":
                return self._key(request, match[1])
            case "/resetconnection":
                return self._reset(request, match[1])
            case child if child:
                return self._peering(request, match[1], match[3].rpartition("/")[2])
        return self._resource(request, match[1], match[2].lower())

    def _resource(self, request: Request, id: str, kind: str) -> Answer:
        match request.method:
            case "GET":
                return Answer(200, self._shown(self._store.find(id)))
            case "PUT":
                operation, resource, new = self._store.put(id, _parsed(kind, request.body))
                return Answer(201 if new else 200, self._shown(resource), _headers(request, operation))
            case "DELETE":
                deleted = self._store.delete(id)
                return Answer(202, headers=_headers(request, deleted)) if deleted else Answer(204)
        raise ArmError(405, "MethodNotAllowed", f"{request.method} is not allowed.")

    def _key(self, request: Request, id: str) -> Answer:
        if request.method == "GET":
            return Answer(200, {"value": self._store.find(id).shared_key})
        wanted = _parsed("sharedkey", request.body)
        return Answer(200, wanted, _headers(request, self._store.set_shared_key(id, wanted["value"])))

    def _reset(self, request: Request, id: str) -> Answer:
        if request.method != "POST":
            raise ArmError(405, "MethodNotAllowed", f"{request.method} is not allowed.")
        return Answer(202, headers=_headers(request, self._store.reset(id)))

    def _peering(self, request: Request, network: str, name: str) -> Answer:
        match request.method:
            case "PUT":
                wanted = _parsed("virtualnetworkpeerings", request.body)
                operation, new = arm_peerings.put(self._store, network, name, wanted)
                shown = arm_peerings.find(self._store, network, name)
                return Answer(201 if new else 200, shown, _headers(request, operation))
            case "DELETE":
                deleted = arm_peerings.delete(self._store, network, name)
                return Answer(202, headers=_headers(request, deleted)) if deleted else Answer(204)
        return Answer(200, arm_peerings.find(self._store, network, name))

    def _operation(self, id: str) -> Answer:
        operation = self._store.operations.get(id)
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"There is no operation {id}.")
        body = {"status": operation.status, **({"error": operation.error} if operation.error else {})}
        return Answer(200, body, {"Retry-After": "1"} if operation.ended is None else {})

    def _listed(self, group: str, kind: str) -> Answer:
        inside = f"{group}/providers/Microsoft.Network/{kind}/".lower()
        found = [self._shown(r) for id, r in sorted(self._store.resources.items()) if id.startswith(inside)]
        return Answer(200, {"value": found})

    def _shown(self, resource: Resource) -> dict[str, Any]:
        """SDK: the shared key is not part of a connection's answer."""
        inner = {**resource.body["properties"], "provisioningState": resource.state}
        if resource.kind == "virtualnetworks":
            inner[arm_peerings.KEY] = arm_peerings.shown(self._store, resource)
        if resource.kind == "connections":
            inner = {**inner, **arm_peers.observed(self._store, resource, self._status)}
        return {**resource.body, "properties": inner}


def _headers(request: Request, operation: Operation) -> dict[str, str]:
    """SDK: the address of the operation's status, and the seconds after which its poller asks."""
    subscription = "/".join(operation.resource.split("/")[:3])
    path = f"{subscription}/providers/Microsoft.Network/locations/here/operations/{operation.id}"
    return {"Azure-AsyncOperation": f"{request.base}{path}?api-version=1", "Retry-After": "1"}


def _parsed(kind: str, body: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(body)
    faults = arm_validate.faults(kind, parsed)
    if faults:
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request. " + "; ".join(faults))
    # ours, stricter than ARM: the key has its own call, and a PUT of the connection never changes it
    parsed.get("properties", {}).pop("sharedKey", None)
    return parsed
