"""The only caller of AWS: reads the link's PSK and tells the waiting state machine how the work went.

One Function app serves several links, so it acts for each as that link's own AWS role and as nothing else; the role
is taken by the token of the app's identity, without a credential of AWS's. Neither the PSK nor any token is ever
logged or put into an error.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from azure.core.credentials import TokenCredential
from botocore import UNSIGNED, exceptions
from botocore.config import Config

from azure_functions import translate
from link import aws_errors, errors
from link.wanted import AzureRef, AzureWork

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

# Nothing tells a role that is new from a lasting mistake, so both count as passing, and are bounded from outside: the
# state machine waits two minutes for a sign of life, which only the role can give, hands the work over twice more, and
# fails; the task is dropped after turn.LIMIT.
NOT_YET = aws_errors.ROLE_NOT_YET
CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
CAUSE_LIMIT = 32_768  # characters; Step Functions API, SendTaskFailure
RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True)
class Clients:
    """What speaks to AWS as one link's role, until its credentials expire."""

    secrets_manager: "SecretsManagerClient"
    step_functions: "SFNClient"
    expires: datetime


class Aws:
    """AWS as seen by the Function. Clients are made once a link: making them takes longer than using them.

    `audience` is for whom the identity's tokens are made, as the roles' trust names it.
    """

    def __init__(self, credential: TokenCredential, audience: str) -> None:
        self._credential, self._audience = credential, audience
        self._clients: dict[tuple[str, str], Clients] = {}

    def read_psk(self, ref: AzureRef) -> str:
        """The link's pre-shared key."""
        with _translated("read the link's PSK"):
            return self._of(ref).secrets_manager.get_secret_value(SecretId=ref.psk_secret)["SecretString"]

    def heartbeat(self, work: AzureWork) -> bool:
        """Says that the work goes on. False when nobody waits for it any more."""
        with _translated("send the heartbeat"):
            clients = self._of(work.ref)
            return _told(lambda: clients.step_functions.send_task_heartbeat(taskToken=work.task_token))

    def succeed(self, work: AzureWork, output: str) -> bool:
        """Answers the waiting state with `output`, JSON. False when nobody waits for it any more."""
        with _translated("report success"):
            clients = self._of(work.ref)
            return _told(lambda: clients.step_functions.send_task_success(taskToken=work.task_token, output=output))

    def fail(self, work: AzureWork, cause: str) -> bool:
        """Fails the waiting state with AzureFailed. False when nobody waits for it any more."""
        with _translated("report the failure"):
            clients = self._of(work.ref)
            return _told(
                lambda: clients.step_functions.send_task_failure(
                    taskToken=work.task_token, error=errors.AzureFailed.__name__, cause=cause[:CAUSE_LIMIT]
                )
            )

    def close(self) -> None:
        """Closes the connections."""
        for kept in self._clients.values():
            kept.secrets_manager.close()
            kept.step_functions.close()

    def _of(self, ref: AzureRef) -> Clients:
        """The clients of this link alone: by its role, which follows from its name and its secret's account."""
        key = (ref.aws_role, ref.aws_region)
        kept = self._clients.get(key)
        if kept is None or kept.expires - RENEW_BEFORE < datetime.now(UTC):
            kept = self._clients[key] = self._as_role(ref)
        return kept

    def _as_role(self, ref: AzureRef) -> Clients:
        with translate.azure("ask for the identity's token"):
            token = self._credential.get_token(f"{self._audience}/.default").token
        # So that no credentials are looked for: where an instance of AWS's finds them, Azure serves something else.
        unsigned = CONFIG.merge(Config(signature_version=UNSIGNED))
        with (
            _translated(f"take the role {ref.aws_role}", NOT_YET),
            closing(boto3.Session().client("sts", region_name=ref.aws_region, config=unsigned)) as sts,
        ):
            given = sts.assume_role_with_web_identity(
                RoleArn=ref.aws_role, RoleSessionName=ref.link, WebIdentityToken=token
            )
        return _clients(given["Credentials"], ref.aws_region)


def _clients(given: "CredentialsTypeDef", region: str) -> Clients:
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region)
    return Clients(
        session.client("secretsmanager", config=CONFIG),
        session.client("stepfunctions", config=CONFIG),
        given["Expiration"],
    )


def _told(tell: Callable[[], object]) -> bool:
    try:
        tell()
    except exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] in aws_errors.TASK_OVER:
            return False
        raise
    return True


@contextmanager
def _translated(doing: str, passing: frozenset[str] = frozenset()) -> Iterator[None]:
    try:
        yield
    except exceptions.ClientError as exc:
        error, status = exc.response["Error"], exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        is_passing = error["Code"] in passing or aws_errors.is_busy(error["Code"], status)
        kind = errors.CloudBusy if is_passing else errors.CloudRefused
        raise kind(f"{doing}: {error['Code']}: {error['Message']}") from exc
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as exc:
        raise errors.CloudBusy(f"{doing}: {exc}") from exc
    except exceptions.BotoCoreError as exc:
        raise errors.CloudRefused(f"{doing}: {exc}") from exc
