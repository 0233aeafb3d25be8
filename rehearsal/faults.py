"""Faults for drills, ordered from outside: the product knows none. Each function says what happens from then on.

AWS: the emulator's plugin (causeway_emulator/faults.py). Azure: the ARM server (arm_faults.py) and the Functions host.
"""

import contextlib
import http.client
import json
import ssl
import urllib.parse
from typing import Any

from rehearsal import places, processes, services

PATH = "/_causeway/faults"
Done = list[dict[str, Any]]


def throttle(call: str, *, calls: int | None = None, seconds: float | None = None) -> None:
    """`call`, as ec2.RunInstances, is throttled for the product's roles: the next `calls`, or all for `seconds`.

    Services are named as boto3 names them; the caller's SDK tries again, so one throttled call is hardly seen.
    """
    _aws("POST", {"kind": "throttle", "target": call, "calls": calls, "seconds": seconds})


def refuse(call: str, code: str, *, holding: str = "", calls: int | None = None, seconds: float | None = None) -> None:
    """`call`, as ec2.RunInstances, fails with this error for the product's roles where its parameters hold this text.

    A denial (AccessDenied, AccessDeniedException, UnauthorizedOperation) has IAM's words. The audit does not see it.
    """
    order = {"kind": "refuse", "target": call, "code": code, "holding": holding}
    _aws("POST", {**order, "calls": calls, "seconds": seconds})


def fill_zone(zone: str, code: str = "InsufficientInstanceCapacity") -> None:
    """No launch into this zone's subnets has room, anybody's, until clear(). A dry run is not refused.

    `code` may also be InsufficientFreeAddressesInSubnet or Unsupported.
    """
    _aws("POST", {"kind": "full", "target": zone, "code": code})


def set_quota(service: str, code: str, value: float) -> None:
    """Service Quotas says so until clear(). Routes per route table, ("vpc", "L-93826ACB"), is enforced too."""
    _aws("POST", {"kind": "quota", "target": f"{service}/{code}", "value": value})


def kill_next(function: str, when: str, call: str = "", *, times: int = 1) -> None:
    """The next invocation of the function gets SIGKILL, or the next `times`.

    `when`: "start" of it, "before" or "after" its first AWS call that writes takes effect, or `call` when it is named.
    """
    assert when in ("start", "before", "after")
    _aws("POST", {"kind": "kill", "target": function, "when": when, "call": call, "calls": times})


def aws_faults() -> Done:
    """The faults that happened since the last clear(): a drill shows by them that it broke what it names."""
    return _aws("GET")


def aws_clear() -> None:
    """No fault of AWS any more."""
    _aws("DELETE")


def arm_refuse(
    status: int, seconds: float, retry_after_s: int | None = None, path: str = "", method: str = "", code: str = ""
) -> None:
    """ARM answers so to all calls of the Function whose path contains `path`, or those by `method`, for `seconds`.

    A status of arm_faults.CODES has its own code.
    """
    order = {"status": status, "seconds": seconds, "retry_after_s": retry_after_s}
    _arm("POST", {**order, "path": path, "method": method, "code": code})


def arm_stick(path: str) -> None:
    """The next operation on a resource whose id contains `path` stays Updating, until clear() ends it."""
    _arm("POST", {"stuck": path})


def arm_faults() -> Done:
    """As aws_faults."""
    return _arm("GET")


def arm_clear() -> None:
    """No fault of ARM's any more; what was stuck ends."""
    _arm("DELETE")


def functions_gone() -> None:
    """The port of the Function app is closed; what it was doing is lost."""
    processes.stop("functions", grace_s=0)


def functions_back() -> None:
    """It is there again, with its queue."""
    services.start([services.functions()])


def clear() -> None:
    """No fault of either cloud any more."""
    aws_clear()
    arm_clear()
    functions_back()


def _aws(method: str, body: Any = None) -> Done:
    address = urllib.parse.urlsplit(places.EMULATOR_URL)
    return _ask(http.client.HTTPConnection(address.netloc, timeout=10), method, body)


def _arm(method: str, body: Any = None) -> Done:
    address = urllib.parse.urlsplit(places.ARM_URL)
    trust = ssl.create_default_context(cafile=str(places.TLS / "ca.pem"))
    return _ask(http.client.HTTPSConnection(address.netloc, timeout=10, context=trust), method, body)


def _ask(connection: http.client.HTTPConnection, method: str, body: Any) -> Done:
    with contextlib.closing(connection):
        connection.request(method, PATH, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {PATH}: {answer.status} {content!r}")
    done: Done = json.loads(content)
    return done
