"""The Function app's settings, read once from its environment. A missing or empty value stops the start.

Read here:
  AzureWebJobsStorage                    connection string of the storage account that holds the queue, or
  AzureWebJobsStorage__queueServiceUri   its queue end point, reached with the managed identity (no stored secret)
  ARM_ENDPOINT        Azure Resource Manager; only sovereign clouds set it (default https://management.azure.com)
  AZURE_CLIENT_ID     which user-assigned identity to use; left out, the system-assigned one
  AWS_TOKEN_AUDIENCE  for whom the identity's tokens for AWS are made: an application ID URI, as the roles' trust has it
  CALLERS_ISSUER      who signs the AWS account's tokens (aws iam get-outbound-web-identity-federation-info)
  CALLERS_ACCOUNT     that account, twelve digits: its links call the app
  CALLERS_AUDIENCE    the app's own address, for which their tokens are made
  CALLERS_READERS     ARNs of that account's roles and users, apart by commas, who may look with their own credentials

Read by the libraries, never by us: IDENTITY_ENDPOINT and IDENTITY_HEADER (azure-identity, set by App Service),
REQUESTS_CA_BUNDLE (requests) and SSL_CERT_FILE (PyJWT), a private certificate authority. No credential of AWS's is
among them: the app becomes each link's role, `causeway-<link>-azure`, by a token of its identity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ARM_ENDPOINT = "https://management.azure.com"


@dataclass(frozen=True)
class Settings:
    """Exactly one of `storage_connection` and `storage_queue_uri` is set."""

    arm_endpoint: str
    client_id: str | None
    storage_connection: str | None
    storage_queue_uri: str | None
    aws_token_audience: str
    callers_issuer: str
    callers_account: str
    callers_audience: str
    callers_readers: frozenset[str]


def read(env: Mapping[str, str]) -> Settings:
    """Raises ValueError with the name of the setting that is missing or wrong."""
    connection = env.get("AzureWebJobsStorage") or None
    uri = env.get("AzureWebJobsStorage__queueServiceUri") or None
    if (connection is None) == (uri is None):
        raise ValueError("set exactly one of AzureWebJobsStorage and AzureWebJobsStorage__queueServiceUri")
    account = env.get("CALLERS_ACCOUNT", "")
    if not re.fullmatch("[0-9]{12}", account):
        raise ValueError(f"CALLERS_ACCOUNT must be the twelve digits of an AWS account, it is {account!r}")
    audience = env.get("AWS_TOKEN_AUDIENCE", "")
    if not re.fullmatch(r"(api|https)://\S+", audience):
        raise ValueError(f"AWS_TOKEN_AUDIENCE must be an application ID URI, it is {audience!r}")
    return Settings(
        arm_endpoint=_address("ARM_ENDPOINT", env.get("ARM_ENDPOINT", ARM_ENDPOINT)),
        client_id=env.get("AZURE_CLIENT_ID") or None,
        storage_connection=connection,
        storage_queue_uri=uri,
        aws_token_audience=audience,
        callers_issuer=_address("CALLERS_ISSUER", env.get("CALLERS_ISSUER", "")),
        callers_account=account,
        callers_audience=_address("CALLERS_AUDIENCE", env.get("CALLERS_AUDIENCE", "")),
        callers_readers=_readers(env.get("CALLERS_READERS", ""), account),
    )


def _address(name: str, value: str) -> str:
    if not value.startswith("https://"):
        raise ValueError(f"{name} must begin with https://, it is {value!r}")
    return value.rstrip("/")


def _readers(text: str, account: str) -> frozenset[str]:
    readers = frozenset(filter(None, map(str.strip, text.split(","))))
    for one in readers:
        if not re.fullmatch(rf"arn:aws[a-z-]*:iam::{account}:(root|(role|user)/\S+)", one):
            raise ValueError(f"CALLERS_READERS must be ARNs of roles and users of account {account}, not {one!r}")
    return readers
