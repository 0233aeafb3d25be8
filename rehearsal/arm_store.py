"""The resources and long-running operations of the rehearsal's Resource Manager, in memory.

Sources: "doc" is Microsoft's REST reference of Microsoft.Network, "FAQ" Azure's VPN FAQ, "SDK" what azure-mgmt-network
33.1.0 expects, "ours" a choice of the rehearsal. How long operations take is ours: minutes in Azure, seconds here.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rehearsal import arm_faults, networks


class ArmError(Exception):
    """An answer of ARM other than success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Resource:
    """`body` is what a GET shows; `applied` is what works: the body of the last operation that ended well."""

    id: str
    kind: str
    body: dict[str, Any]
    state: str = "Updating"
    applied: dict[str, Any] | None = None
    shared_key: str = ""
    was_connected: bool = False
    resets: int = 0


@dataclass
class Operation:
    """A long-running operation. `error` is ARM's, for one that failed."""

    verb: str
    resource: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.time)
    ended: float | None = None
    error: dict[str, str] | None = None

    @property
    def status(self) -> str:
        """The word of its status document (doc: asynchronous operations)."""
        return "InProgress" if self.ended is None else "Failed" if self.error else "Succeeded"


def _later(seconds: float, end: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


class Store:
    """Callers hold `lock`. `changed` is called under it whenever something that works has changed."""

    def __init__(
        self,
        seconds: float,
        log: Path,
        changed: Callable[["Store"], None] = lambda store: None,
        later: Callable[[float, Callable[[], None]], None] = _later,
    ) -> None:
        self.lock = threading.RLock()
        self.resources: dict[str, Resource] = {}
        self.operations: dict[str, Operation] = {}
        self.failures: list[dict[str, str]] = []  # a test puts ARM's error here for the next write to end with
        self.faults = arm_faults.Faults()
        self._held: list[Callable[[], None]] = []  # the ends of operations that a fault keeps from ending
        self._seconds, self._log, self._changed, self._later = seconds, log, changed, later

    def find(self, id: str) -> Resource:
        """ARM compares ids without regard to case (doc)."""
        found = self.resources.get(id.lower())
        if found is None:
            *_, group, _, _, kind, name = id.split("/")
            if not any(f"/resourcegroups/{group}/".lower() in known for known in self.resources):
                # ours: a group exists with its first resource
                raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
            message = f"The Resource 'Microsoft.Network/{kind}/{name}' under resource group '{group}' was not found."
            raise ArmError(404, "ResourceNotFound", message)
        return found

    def put(self, id: str, body: dict[str, Any]) -> tuple[Operation, Resource, bool]:
        """Creates or replaces. Returns also whether it is new (201 or 200, SDK)."""
        kind, name = id.split("/")[-2:]
        found = self.resources.get(id.lower())
        self._check(id, body, found)
        shown = {**body, "id": id, "name": name, "type": f"Microsoft.Network/{kind}"}
        resource = found or Resource(id, kind.lower(), shown)
        if resource.kind == "publicipaddresses":
            known = resource.body["properties"].get("ipAddress") or self._free_address()
            shown["properties"] = {**body["properties"], "ipAddress": known}
        resource.body, resource.state = shown, "Updating"
        self.resources[id.lower()] = resource
        # ours: a new connection takes longest
        seconds = self._seconds * (2 if found is None and resource.kind == "connections" else 1)
        return self._begin("PUT", resource, seconds, lambda: _apply(resource)), resource, found is None

    def set_shared_key(self, id: str, value: str) -> Operation:
        """The answer comes while the connection is still Updating; the key works from the operation's end on (ours)."""
        if not (1 <= len(value) <= 128 and value.isascii() and value.isprintable()):  # FAQ; the code's name is ours
            raise ArmError(400, "InvalidSharedKey", "The shared key must be 1 to 128 printable ASCII characters.")
        resource = self.find(id)
        _refuse_busy(resource)
        resource.state = "Updating"

        def finish() -> None:
            resource.shared_key, resource.state = value, "Succeeded"

        return self._begin("PUT sharedkey", resource, self._seconds, finish)

    def reset(self, id: str) -> Operation:
        """Ends the connection's tunnels (doc: ResetConnection); they come back when a side begins anew."""
        resource = self.find(id)
        _refuse_busy(resource)
        resource.state = "Updating"

        def finish() -> None:
            resource.resets, resource.state = resource.resets + 1, "Succeeded"

        return self._begin("POST resetconnection", resource, self._seconds, finish)

    def delete(self, id: str) -> Operation | None:
        """None when it does not exist (204, SDK)."""
        if id.lower() not in self.resources:
            return None
        resource = self.find(id)
        _refuse_busy(resource)
        users = [r.id for r in self.resources.values() if r is not resource and id.lower() in _references(r.body)]
        if users:  # doc: a local network gateway that a connection uses cannot be deleted; the code's name is ours
            raise ArmError(400, "InUseResourceCannotBeDeleted", f"Resource {id} is in use by {users[0]}.")
        resource.state = "Deleting"
        return self._begin("DELETE", resource, self._seconds, lambda: self._remove(resource))

    def _check(self, id: str, body: dict[str, Any], found: Resource | None) -> None:
        if "location" not in body:  # doc: every tracked resource has a location
            raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
        for reference in _references(body) - {id.lower()}:
            if not self._exists(reference):
                message = f"Resource {reference} referenced by resource {id} was not found."
                raise ArmError(400, "InvalidResourceReference", message)
        if found is None:
            return
        _refuse_busy(found)
        old, new = (b["properties"].get("connectionProtocol") for b in (found.body, body))
        if old != new:  # FAQ: fixed when the connection is made; the code's name is ours
            raise ArmError(400, "ConnectionProtocolCannotBeChanged", f"The protocol {old} cannot become {new}.")

    def _exists(self, reference: str) -> bool:
        parent, child, name = reference.partition("/subnets/")
        if parent not in self.resources or not child:
            return parent in self.resources
        return name in {subnet["name"].lower() for subnet in self.resources[parent].body["properties"]["subnets"]}

    def _free_address(self) -> str:
        taken = {r.body["properties"].get("ipAddress") for r in self.resources.values()}
        known = [str(address) for vnet in networks.VNETS for address in vnet.gateway_addresses]
        free = [address for address in known if address not in taken]
        if not free:  # ours
            raise ArmError(409, "PublicIPCountLimitReached", "The rehearsal has no further public address.")
        return free[0]

    def _begin(self, verb: str, resource: Resource, seconds: float, finish: Callable[[], None]) -> Operation:
        operation = Operation(verb, resource.id)
        self.operations[operation.id] = operation
        end = partial(self._end, operation, resource, finish)
        if self.faults.sticks(verb, resource.id):
            self._held.append(end)
        else:
            self._later(seconds, end)
        return operation

    def release(self) -> None:
        """Ends what a fault kept from ending."""
        while self._held:
            self._held.pop()()

    def _end(self, operation: Operation, resource: Resource, finish: Callable[[], None]) -> None:
        with self.lock:
            if self.failures and operation.verb != "DELETE":
                operation.error, resource.state = self.failures.pop(0), "Failed"
            else:
                finish()
            operation.ended = time.time()
            self._changed(self)
            times = {"started": operation.started, "ended": operation.ended}
            with self._log.open("a") as log:
                log.write(json.dumps({"op": operation.verb, "resource": operation.resource, **times}) + "\n")

    def _remove(self, resource: Resource) -> None:
        del self.resources[resource.id.lower()]


def _apply(resource: Resource) -> None:
    resource.applied, resource.state = resource.body, "Succeeded"


def _refuse_busy(resource: Resource) -> None:
    if resource.state in ("Updating", "Deleting"):  # doc: ARM's common errors
        raise ArmError(409, "AnotherOperationInProgress", f"Another operation on {resource.id} is in progress.")


def _references(body: dict[str, Any]) -> set[str]:
    """Every id that a body names below its top."""
    return {reference.lower() for reference in _ids(body["properties"])}


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if str(value.get("id", "")).startswith("/subscriptions/"):
            yield value["id"]
        for inner in value.values():
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
