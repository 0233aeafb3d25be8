"""Sends a mail through SES v2, once, and tells what would keep it from arriving.

A mail that was not sent can be sent later, one of which nobody knows must not be: the error's class tells them apart.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from lambdas.clouds.errors import code, translated
from link import aws_errors
from link.errors import MailFateUnknown
from link.finding import Finding, warned

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client

# botocore raises these before it has written the request (send in its httpsession.py).
_NOT_REACHED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
_REQUEST_TIMEOUT = 408
_VERIFIED = "SUCCESS"


@cache
def client() -> "SESV2Client":
    """Tries once: botocore would repeat after a time-out or a 5xx, and SES knows no token that makes that harmless."""
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
    return boto3.client("sesv2", config=once)


def send(mail: bytes) -> str:
    """Hands a complete message, with From and To, to SES, and returns SES's id of it.

    Raises CloudRefused or CloudBusy when it was surely not sent, MailFateUnknown when it may have been.
    """
    with translated("sending the mail"):
        try:
            answer = client().send_email(Content={"Raw": {"Data": mail}})
        except (ClientError, HTTPClientError, ResponseParserError) as exc:
            if surely_not_sent(exc):
                raise
            raise MailFateUnknown(f"SES may have sent the mail or not: {exc}") from exc
    if not answer.get("MessageId"):
        raise MailFateUnknown("SES may have sent the mail or not: it answered without an id")
    return answer["MessageId"]


def surely_not_sent(error: Exception) -> bool:
    """SES was not reached, or has refused. All that comes after the request has begun to leave is not sure."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return 400 <= status < 500 and status != _REQUEST_TIMEOUT
    return isinstance(error, _NOT_REACHED)


def warnings(sender: str) -> tuple[Finding, ...]:
    """What would keep this sender's mail from arriving, in the session's region. Raises CloudRefused, CloudBusy."""
    with translated(f"asking SES about {sender}"):
        return (*_identity(sender), *_account())


def _identity(sender: str) -> Iterator[Finding]:
    seen = {identity: status for identity in identities(sender) if (status := _status(identity))}
    if _VERIFIED in seen.values():
        return
    state = ", ".join(f"{identity} is {status}" for identity, status in seen.items()) or "SES does not know it"
    remedy = f"verify it: aws sesv2 create-email-identity --email-identity {sender}"
    yield warned("SenderUnverified", f"{sender} is not verified as a sender: {state}", remedy, sender)


def identities(sender: str) -> tuple[str, ...]:
    """Any of these lets the address send: itself, its domain, and each domain above it ("Verified identities", SES)."""
    domain = sender.rpartition("@")[2].split(".")
    return (sender, *(".".join(domain[one:]) for one in range(len(domain) - 1)))


def _status(identity: str) -> str | None:
    try:
        return client().get_email_identity(EmailIdentity=identity).get("VerificationStatus", "of unknown status")
    except ClientError as exc:
        if code(exc) not in aws_errors.IDENTITY_MISSING:
            raise
        return None


def _account() -> Iterator[Finding]:
    account = client().get_account()
    if not account.get("ProductionAccessEnabled"):
        yield warned(
            "SesSandbox",
            "the account is in the sandbox of SES in this region: only verified recipients get mail",
            "verify each, or ask for production access: aws sesv2 put-account-details",
        )
    if not account.get("SendingEnabled", True):
        yield warned("SesPaused", "SES sends nothing for this account in this region", "its console says why")
