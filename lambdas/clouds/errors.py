"""Turns what botocore raises into our errors, keeping the cause."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from link import aws_errors
from link.errors import CloudBusy, CloudRefused


def code(error: ClientError) -> str:
    """AWS's own word for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises CloudBusy or CloudRefused, saying what was being done, for anything that AWS or the way to it raises."""
    try:
        yield
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = CloudBusy if aws_errors.is_busy(code(exc), status) else CloudRefused
        raise kind(f"{doing}: {exc}") from exc
    except BotoCoreError as exc:
        raise CloudBusy(f"{doing}: {exc}") from exc
