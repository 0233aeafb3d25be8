"""Turns what Azure's libraries raise into our errors, Azure's own words kept. No caller sees azure.core's classes."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core import exceptions

from link import errors

# These and 5xx may pass; 409 is ARM's "another operation is in progress", 412 a change made by somebody else just now.
PASSING = frozenset({408, 409, 412, 429})


@contextmanager
def azure(doing: str) -> Iterator[None]:
    """Names in the error what was being done."""
    try:
        yield
    except exceptions.HttpResponseError as exc:
        status = exc.status_code
        passing = status is not None and (status in PASSING or status >= 500)
        kind = errors.CloudBusy if passing else errors.CloudRefused
        raise kind(f"{doing}: {words(exc)}") from exc
    except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as exc:
        raise errors.CloudBusy(f"{doing}: {exc.message}") from exc
    except exceptions.AzureError as exc:
        raise errors.CloudRefused(f"{doing}: {exc.message}") from exc


def words(exc: exceptions.HttpResponseError) -> str:
    """Azure's code and message on one line, or its status line when it sent neither."""
    if exc.error is not None and exc.error.code:
        return f"{exc.error.code}: {exc.error.message}"
    return exc.message.splitlines()[0] if exc.message else f"status {exc.status_code}"
