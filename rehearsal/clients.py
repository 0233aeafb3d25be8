"""The customer's own access to both clouds: administrator in the emulator, owner of the subscription in Azure."""

import http.client
import json
import os
import urllib.parse
from functools import cache
from typing import Any

import boto3
from azure.core.credentials import AccessToken
from azure.mgmt.network import NetworkManagementClient

from rehearsal import arm_faults, places

TENANT = "11111111-1111-4111-8111-111111111111"
SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
RESOURCE_GROUP = "rehearsal"
FUNCTION_IDENTITY = "33333333-3333-4333-8333-333333333333"  # object id of the Function's managed identity
IDENTITY_ENDPOINT = f"http://127.0.0.1:{places.IDENTITY_PORT}/msi/token"
IDENTITY_HEADER = "rehearsal"


def environment() -> dict[str, str]:
    """The environment of every program of a rehearsal: nothing of the caller's accounts; temporary files ours."""
    temporary = places.STATE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{places.VENV_PYTHON.parent}:{os.environ['PATH']}",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def aws_environment() -> dict[str, str]:
    """... of a program that uses the emulator as its AWS."""
    return {
        **environment(),
        "AWS_ENDPOINT_URL": places.EMULATOR_URL,
        "AWS_ENDPOINT_URL_S3": places.EMULATOR_URL,
        "AWS_REGION": places.REGION,
        "AWS_DEFAULT_REGION": places.REGION,
    }


@cache
def aws(service: Any) -> Any:
    """A client of the emulator, as the customer's administrator."""
    return boto3.client(
        service,
        region_name=places.REGION,
        endpoint_url=places.EMULATOR_URL,
        aws_access_key_id=places.ROOT_ACCESS_KEY,
        aws_secret_access_key=places.ROOT_SECRET_KEY,
    )


def everything(service: str, call: str, key: str) -> list[Any]:
    """All pages of a listing: several links have more functions than fit on one."""
    client = aws(service)
    pages = client.get_paginator(call).paginate() if client.can_paginate(call) else [getattr(client, call)()]
    return [entry for page in pages for entry in page.get(key, [])]


class _Owner:
    """The subscription owner's credential: a token of the same end point that serves the Function's identity."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        query = urllib.parse.urlencode({"resource": places.ARM_URL, "api-version": "2019-08-01"})
        connection = http.client.HTTPConnection("127.0.0.1", places.IDENTITY_PORT, timeout=10)
        connection.request("GET", f"/msi/token?{query}", headers={"X-IDENTITY-HEADER": IDENTITY_HEADER})
        token = json.load(connection.getresponse())
        return AccessToken(token["access_token"], int(token["expires_on"]))


@cache
def arm() -> NetworkManagementClient:
    """A client of the ARM server, as the subscription's owner. It polls fast: the server's operations are short."""
    return NetworkManagementClient(
        _Owner(),
        SUBSCRIPTION,
        base_url=places.ARM_URL,
        credential_scopes=[f"{places.ARM_URL}/.default"],
        connection_verify=str(places.TLS / "ca.pem"),
        polling_interval=1,
        user_agent=arm_faults.OWNER,
    )
