"""Turns what Azure's libraries raise into our errors, Azure's own words kept. No caller sees azure.core's classes."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core import exceptions
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpResponse

from link import errors

# These and 5xx may pass; 409 is ARM's "another operation is in progress", 412 a change made by somebody else just now.
PASSING = frozenset({408, 409, 412, 429})
# Another resource is still changing, said with 400 (github.com/Azure-Samples/azuresandbox issue 329).
PASSING_CODES = frozenset({"ReferencedResourceNotProvisioned"})
# A lock that somebody set is said with 409 too (terraform-provider-azurerm issue 17478); it does not pass by itself.
LASTING_CODES = frozenset({"ScopeLocked", "ReadOnlyDisabledSubscription"})


@contextmanager
def azure(doing: str) -> Iterator[None]:
    """Names in the error what was being done."""
    try:
        yield
    except exceptions.HttpResponseError as exc:
        raise _ours(f"{doing}: {words(exc)}", exc) from exc
    except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as exc:
        raise errors.CloudBusy(f"{doing}: {exc.message}") from exc
    except exceptions.AzureError as exc:
        raise errors.CloudRefused(f"{doing}: {exc.message}") from exc


def words(exc: exceptions.HttpResponseError) -> str:
    """Azure's code and message on one line, or its status line when it sent neither."""
    if exc.error is not None and exc.error.code:
        return f"{exc.error.code}: {exc.error.message}"
    return exc.message.splitlines()[0] if exc.message else f"status {exc.status_code}"


def _ours(said: str, exc: exceptions.HttpResponseError) -> errors.CausewayError:
    code = (exc.error.code if exc.error else None) or ""
    if code.startswith("InUse"):  # InUseRouteTableCannotBeDeleted and the like: each kind of resource has its own
        return errors.StillInUse(said)
    passing = exc.status_code is not None and (exc.status_code in PASSING or exc.status_code >= 500)
    if code in PASSING_CODES or (passing and code not in LASTING_CODES):
        return errors.CloudBusy(said, _retry_after_s(exc))
    return errors.CloudRefused(said)


def _retry_after_s(exc: exceptions.HttpResponseError) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    text = exc.response.headers.get("Retry-After") if isinstance(exc.response, HttpResponse) else None
    try:
        return RetryPolicy().parse_retry_after(text) if text else None
    except (TypeError, ValueError):
        return None
