"""The only caller of AWS: reads the link's PSK and tells the waiting state machine how the work went.

Credentials come by boto3's default chain. Neither the PSK nor a task token is ever logged or put into an error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore import exceptions
from botocore.config import Config

from link import errors
from link.wanted import AzureWork

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient

# Nobody waits for this token any more: the task timed out, was answered, or its execution is gone.
FINAL = frozenset({"InvalidToken", "TaskTimedOut", "TaskDoesNotExist"})
PASSING = frozenset({"ThrottlingException", "InternalServiceError", "InternalFailure", "ServiceUnavailable"})
CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
CAUSE_LIMIT = 32_768  # characters; Step Functions API, SendTaskFailure


class Aws:
    """AWS as seen by the Function."""

    def read_psk(self, secret_arn: str) -> str:
        """The link's pre-shared key. The ARN's fourth field is the region in which it lives."""
        with _translated("read the link's PSK"):
            return secrets_manager(secret_arn.split(":")[3]).get_secret_value(SecretId=secret_arn)["SecretString"]

    def heartbeat(self, work: AzureWork) -> bool:
        """Says that the work goes on. False when nobody waits for it any more."""
        with _translated("send the heartbeat"):
            return _told(
                lambda: step_functions(work.state_machine_region).send_task_heartbeat(taskToken=work.task_token)
            )

    def succeed(self, work: AzureWork, output: str) -> bool:
        """Answers the waiting state with `output`, JSON. False when nobody waits for it any more."""
        with _translated("report success"):
            return _told(
                lambda: step_functions(work.state_machine_region).send_task_success(
                    taskToken=work.task_token, output=output
                )
            )

    def fail(self, work: AzureWork, cause: str) -> bool:
        """Fails the waiting state with AzureFailed. False when nobody waits for it any more."""
        with _translated("report the failure"):
            return _told(
                lambda: step_functions(work.state_machine_region).send_task_failure(
                    taskToken=work.task_token, error=errors.AzureFailed.__name__, cause=cause[:CAUSE_LIMIT]
                )
            )


@cache
def secrets_manager(region: str) -> "SecretsManagerClient":
    """The client of one region, made once: making one takes longer than using it."""
    return boto3.Session().client("secretsmanager", region_name=region, config=CONFIG)


@cache
def step_functions(region: str) -> "SFNClient":
    """The client of one region."""
    return boto3.Session().client("stepfunctions", region_name=region, config=CONFIG)


def _told(tell: Callable[[], object]) -> bool:
    try:
        tell()
    except exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] in FINAL:
            return False
        raise
    return True


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except exceptions.ClientError as exc:
        error = exc.response["Error"]
        kind = errors.CloudBusy if error["Code"] in PASSING else errors.CloudRefused
        raise kind(f"{doing}: {error['Code']}: {error['Message']}") from exc
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as exc:
        raise errors.CloudBusy(f"{doing}: {exc}") from exc
    except exceptions.BotoCoreError as exc:
        raise errors.CloudRefused(f"{doing}: {exc}") from exc
