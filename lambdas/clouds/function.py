"""Talks to the Azure Function. The only HTTP to Azure; the Function alone talks to Azure Resource Manager."""

import http.client
import json
import urllib.error
import urllib.request
from functools import cache

import boto3

from lambdas.clouds.errors import translated
from link.errors import CloudRefused, FunctionUnreachable
from link.facts import AzureFacts
from link.spec import AzureSide
from link.wanted import AzureRef, AzureWork

TIMEOUT_S = 45.0  # a cold Function on a consumption plan answers within half a minute
_BUSY_STATUS = 429


@cache
def _key(secret: str) -> str:
    with translated(f"reading the Function's key from the secret {secret}"):
        return boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]


def look(side: AzureSide, ref: AzureRef, patience_s: float = TIMEOUT_S) -> AzureFacts:
    """What the Function sees of the link. Raises FunctionUnreachable or CloudRefused."""
    return AzureFacts.model_validate_json(_post(side, f"/api/links/{ref.link}/look", ref.model_dump_json(), patience_s))


def work(side: AzureSide, request: AzureWork) -> None:
    """Hands over the wanted Azure side and a task token; the Function calls back when it is true."""
    _post(side, f"/api/links/{request.ref.link}/work", request.model_dump_json())


def _post(side: AzureSide, path: str, body: str, patience_s: float = TIMEOUT_S) -> bytes:
    url = str(side.function_url).rstrip("/") + path
    headers = {"content-type": "application/json", "x-functions-key": _key(side.function_key_secret)}
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method="POST")  # noqa: S310  # the spec allows https only
    try:
        with urllib.request.urlopen(request, timeout=patience_s) as response:  # noqa: S310
            return bytes(response.read())
    except urllib.error.HTTPError as exc:
        said = _said(exc)
        if exc.code >= 500 or exc.code == _BUSY_STATUS:
            raise FunctionUnreachable(f"{side.function_url} answered {exc.code}: {said}") from exc
        raise CloudRefused(f"{side.function_url} answered {exc.code}: {said}") from exc
    except (OSError, http.client.HTTPException) as exc:
        raise FunctionUnreachable(f"{side.function_url} did not answer: {exc}") from exc


def _said(error: urllib.error.HTTPError) -> str:
    text = error.read(2000).decode(errors="replace")
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or str(error.reason)
