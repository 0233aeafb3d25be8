"""Turns what botocore raises into our errors, keeping the cause."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from link.errors import CloudBusy, CloudRefused

# Throttling words differ from service to service (botocore's own list in retries/standard.py, and EC2's error table).
_BUSY = frozenset(
    [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "Unavailable",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        # A token may not outlive the session that asks for it; the next session of the same role is younger.
        "SessionDurationEscalationException",
        # EC2 may not find for a while what it has just made, and asks to try again ("Eventual consistency" in its API
        # reference). What is gone for good is in no later plan.
        "InvalidInstanceID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
    ]
)


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
        kind = CloudBusy if code(exc) in _BUSY or status >= 500 else CloudRefused
        raise kind(f"{doing}: {exc}") from exc
    except BotoCoreError as exc:
        raise CloudBusy(f"{doing}: {exc}") from exc
