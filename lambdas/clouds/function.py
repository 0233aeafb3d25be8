"""Talks to the Azure Function. The only HTTP to Azure; the Function alone talks to Azure Resource Manager.

Each request bears a token by which AWS says whose role is asking. The token is never logged.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from lambdas.clouds.errors import code, translated
from link import aws_errors, preflight_aws
from link.errors import CloudRefused, FunctionUnreachable, Refused
from link.facts import AzureFacts
from link.spec import AzureSide
from link.wanted import AzureRef, AzureWork

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

TIMEOUT_S = 45.0  # a cold Function on a consumption plan answers within half a minute
TOKEN_S = 300  # a token's life, the longest that our roles may ask for
KEPT_S = 120  # how long one is used at most, so that none ends on its way
_UNAUTHORIZED, _BUSY_STATUS = 401, 429


@cache
def _sts() -> "STSClient":
    """Of the region: the global end point issues no tokens, and boto3 asks it only where somebody says "legacy"."""
    return boto3.client("sts")


def token(side: AzureSide) -> str:
    """For the link's Function alone, and of whoever runs this."""
    return _token(side.function_audience, int(time.time() // KEPT_S))


@lru_cache(maxsize=100)
def _token(audience: str, _period: int) -> str:
    with translated("asking for a web identity token"):
        try:
            answer = _sts().get_web_identity_token(
                Audience=[audience], SigningAlgorithm="RS256", DurationSeconds=TOKEN_S
            )
        except ClientError as exc:
            if code(exc) not in aws_errors.TOKENS_DISABLED:
                raise
            disabled = preflight_aws.tokens_disabled()
            raise Refused(str(disabled), disabled.condition) from exc
    return answer["WebIdentityToken"]


def look(side: AzureSide, ref: AzureRef, patience_s: float = TIMEOUT_S) -> AzureFacts:
    """What the Function sees of the link. Raises FunctionUnreachable, CloudRefused, CloudBusy or Refused."""
    answer = _post(side, f"/api/links/{ref.link}/look", ref.model_dump_json(), patience_s)
    try:
        return AzureFacts.model_validate_json(answer)
    except ValueError as exc:
        raise FunctionUnreachable(f"{side.function_url} gave an answer that cannot be read: {str(exc)[:300]}") from exc


def work(side: AzureSide, request: AzureWork) -> None:
    """Hands over the wanted Azure side and a task token; the Function calls back when it is true."""
    _post(side, f"/api/links/{request.ref.link}/work", request.model_dump_json())


def _post(side: AzureSide, path: str, body: str, patience_s: float = TIMEOUT_S) -> bytes:
    """One request, whose token is of this function's own role.

    "Unauthorized" is FunctionUnreachable, which is tried again for a minute: AWS may sign with a key that the Function
    does not know yet, and it reads the keys anew half a minute later at the latest. What is wrong for good lasts.
    """
    url = str(side.function_url).rstrip("/") + path
    headers = {"content-type": "application/json", "authorization": f"Bearer {token(side)}"}
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method="POST")  # noqa: S310  # the spec allows https only
    try:
        with urllib.request.urlopen(request, timeout=patience_s) as response:  # noqa: S310
            return bytes(response.read())
    except urllib.error.HTTPError as exc:
        said = _said(exc)
        if exc.code >= 500 or exc.code in (_UNAUTHORIZED, _BUSY_STATUS):
            raise FunctionUnreachable(f"{side.function_url} answered {exc.code}: {said}") from exc
        raise CloudRefused(f"{side.function_url} answered {exc.code}: {said}") from exc
    except (OSError, http.client.HTTPException) as exc:
        raise FunctionUnreachable(f"{side.function_url} did not answer: {exc}") from exc


def _said(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return str(error.reason)
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or str(error.reason)
