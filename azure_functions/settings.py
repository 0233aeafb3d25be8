"""The Function app's settings, read once from its environment. A missing or empty value stops the start.

Read here:
  AzureWebJobsStorage                    connection string of the storage account that holds the queue, or
  AzureWebJobsStorage__queueServiceUri   its queue end point, reached with the managed identity (no stored secret)
  ARM_ENDPOINT       Azure Resource Manager; only sovereign clouds set it (default https://management.azure.com)
  AZURE_CLIENT_ID    which user-assigned identity to use; left out, the system-assigned one

Read by the libraries, never by us: IDENTITY_ENDPOINT and IDENTITY_HEADER (azure-identity, set by App Service),
REQUESTS_CA_BUNDLE (requests, a private certificate authority), AWS_* (boto3: credentials that may
take the role of each link, `causeway-<link>-azure`).
"""

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


def read(env: Mapping[str, str]) -> Settings:
    """Raises ValueError with the name of the setting that is missing or wrong."""
    endpoint = env.get("ARM_ENDPOINT", ARM_ENDPOINT).rstrip("/")
    if not endpoint.startswith("https://"):
        raise ValueError(f"ARM_ENDPOINT must begin with https://, it is {endpoint!r}")
    connection = env.get("AzureWebJobsStorage") or None
    uri = env.get("AzureWebJobsStorage__queueServiceUri") or None
    if (connection is None) == (uri is None):
        raise ValueError("set exactly one of AzureWebJobsStorage and AzureWebJobsStorage__queueServiceUri")
    return Settings(endpoint, env.get("AZURE_CLIENT_ID") or None, connection, uri)
