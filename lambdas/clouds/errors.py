"""Turns what botocore raises into our errors, keeping the cause."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from link import aws_errors
from link.errors import CloudBusy, CloudRefused

logger = Logger(service="causeway")


def code(error: ClientError) -> str:
    """AWS's own word for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def unless_refused(keep: Callable[[], None]) -> None:
    """Keeps what can be done without: a refusal is logged, and ends nothing."""
    try:
        keep()
    except (CloudBusy, CloudRefused) as exc:
        logger.error("an observation could not be kept", why=str(exc))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises CloudBusy or CloudRefused, saying what was being done, for anything that AWS or the way to it raises."""
    try:
        yield
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = CloudBusy if aws_errors.is_busy(code(exc), status) else CloudRefused
        raise kind(f"{doing}: {exc}") from exc
    except ParamValidationError as exc:
        raise CloudRefused(f"{doing}: {exc}") from exc
    except BotoCoreError as exc:
        raise CloudBusy(f"{doing}: {exc}") from exc
