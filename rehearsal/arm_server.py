"""Resource Manager's HTTP side: paths, tokens, status codes and headers. See arm_store for the sources' names."""

import http.server
import json
import re
import ssl
import threading
import urllib.parse
import uuid
from pathlib import Path
from typing import Any

from rehearsal import arm_peers, arm_validate
from rehearsal.arm_identity import Tokens
from rehearsal.arm_store import ArmError, Operation, Resource, Store

GROUP = r"/subscriptions/[^/]+/resourceGroups/[^/]+"
RESOURCES = re.compile(rf"{GROUP}/resources", re.IGNORECASE)
COLLECTION = re.compile(rf"({GROUP})/providers/Microsoft\.Network/(\w+)", re.IGNORECASE)
RESOURCE = re.compile(rf"({GROUP}/providers/Microsoft\.Network/(\w+)/[^/]+)(/sharedKey)?", re.IGNORECASE)
OPERATION = re.compile(r"/subscriptions/[^/]+/providers/Microsoft\.Network/locations/\w+/operations/([^/]+)")

Answer = tuple[int, Any, dict[str, str]]


class Handler(http.server.BaseHTTPRequestHandler):
    """One request. The server carries `store`, `tokens` and `status` (the fabric's file)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two writes; the second would wait for an acknowledgement
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the operation log is what is read."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, answer, headers = self._route(urllib.parse.urlsplit(self.path), body)
        except ArmError as exc:
            status, headers = exc.status, {}
            answer = {"error": {"code": exc.code, "message": exc.args[0]}}
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        standard = {"Content-Type": "application/json", "x-ms-request-id": str(uuid.uuid4())}
        for name, value in {**standard, **headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = _answer

    def _route(self, url: urllib.parse.SplitResult, body: bytes) -> Answer:
        base = f"https://{self.headers['Host']}"
        self.server.tokens.demand(self.headers.get("Authorization", ""), audience=base)
        if "api-version" not in urllib.parse.parse_qs(url.query):  # doc
            raise ArmError(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        with self.server.store.lock:
            if match := OPERATION.fullmatch(url.path):
                return self._operation(match[1])
            if self.command == "GET" and RESOURCES.fullmatch(url.path):
                return 200, {"value": self._listed(url.path.rpartition("/")[0])}, {}
            if self.command == "GET" and (match := COLLECTION.fullmatch(url.path)):
                return 200, {"value": self._listed(match[1], match[2].lower())}, {}
            match = RESOURCE.fullmatch(url.path)
            if match is None or match[2].lower() not in arm_validate.KINDS:
                raise ArmError(404, "InvalidResourceType", f"The resource type of {url.path} is not known here.")
            return self._key(match[1], body) if match[3] else self._resource(match[1], match[2].lower(), body)

    def _resource(self, id: str, kind: str, body: bytes) -> Answer:
        store = self.server.store
        match self.command:
            case "GET":
                return 200, self._shown(store.find(id)), {}
            case "PUT":
                operation, resource, new = store.put(id, _parsed(kind, body))
                return 201 if new else 200, self._shown(resource), self._operation_headers(operation)
            case "PATCH":
                return 200, self._shown(store.set_tags(id, json.loads(body)["tags"])), {}
            case "DELETE":
                deleted = store.delete(id)
                return (202, None, self._operation_headers(deleted)) if deleted else (204, None, {})
        raise ArmError(405, "MethodNotAllowed", f"{self.command} is not allowed.")

    def _key(self, id: str, body: bytes) -> Answer:
        store = self.server.store
        if self.command == "GET":
            return 200, {"value": store.find(id).shared_key}, {}
        wanted = _parsed("sharedkey", body)
        return 200, wanted, self._operation_headers(store.set_shared_key(id, wanted["value"]))

    def _operation(self, id: str) -> Answer:
        operation = self.server.store.operations.get(id)
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"There is no operation {id}.")
        body = {"status": operation.status, **({"error": operation.error} if operation.error else {})}
        return 200, body, {"Retry-After": "1"} if operation.ended is None else {}

    def _operation_headers(self, operation: Operation) -> dict[str, str]:
        """SDK: the status address, and the interval in whole seconds at which its poller asks."""
        subscription = "/".join(operation.resource.split("/")[:3])
        path = f"{subscription}/providers/Microsoft.Network/locations/here/operations/{operation.id}"
        return {"Azure-AsyncOperation": f"https://{self.headers['Host']}{path}?api-version=1", "Retry-After": "1"}

    def _listed(self, group: str, kind: str = "") -> list[dict[str, Any]]:
        inside = f"{group.lower()}/providers/microsoft.network/{kind}"
        return [self._shown(r) for id, r in sorted(self.server.store.resources.items()) if id.startswith(inside)]

    def _shown(self, resource: Resource) -> dict[str, Any]:
        """SDK: the shared key is not part of a connection's answer."""
        inner = {**resource.body["properties"], "provisioningState": resource.state}
        if resource.kind == "connections":
            inner = {**inner, **arm_peers.observed(self.server.store, resource, self.server.status)}
        return {**resource.body, "properties": inner}


def _parsed(kind: str, body: bytes) -> dict[str, Any]:
    parsed = json.loads(body)
    faults = arm_validate.faults(kind, parsed)
    if faults:
        raise ArmError(400, "InvalidRequestFormat", "Cannot parse the request. " + "; ".join(faults))
    # ours, stricter than ARM: the key has its own call, and a PUT of the connection never changes it
    parsed.get("properties", {}).pop("sharedKey", None)
    return dict(parsed)


class Server(http.server.ThreadingHTTPServer):
    """Resource Manager over TLS: the client refuses to send bearer tokens over plain HTTP."""

    daemon_threads = True

    def __init__(self, port: int, certificates: Path, store: Store, tokens: Tokens, status: Path) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store, self.tokens, self.status = store, tokens, status
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        # The handshake belongs to the request's thread, or one slow client stops all others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


def run(server: http.server.HTTPServer) -> None:
    """Serves in the background."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
