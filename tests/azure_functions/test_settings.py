"""A missing or wrong setting stops the start and is named."""

import pytest

from azure_functions import settings

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
IDENTITY_STORAGE = {"AzureWebJobsStorage__queueServiceUri": "https://account.queue.core.windows.net"}


def test_storage_alone_is_enough() -> None:
    assert settings.read(STORAGE) == settings.Settings(
        arm_endpoint="https://management.azure.com",
        client_id=None,
        storage_connection="UseDevelopmentStorage=true",
        storage_queue_uri=None,
    )


def test_a_sovereign_cloud_an_identity_and_storage_without_a_secret_can_be_named() -> None:
    found = settings.read(
        {**IDENTITY_STORAGE, "ARM_ENDPOINT": "https://management.usgovcloudapi.net/", "AZURE_CLIENT_ID": "id"}
    )
    assert found == settings.Settings(
        arm_endpoint="https://management.usgovcloudapi.net",
        client_id="id",
        storage_connection=None,
        storage_queue_uri="https://account.queue.core.windows.net",
    )


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "AzureWebJobsStorage"),
        ({"AzureWebJobsStorage": ""}, "AzureWebJobsStorage"),
        ({**STORAGE, **IDENTITY_STORAGE}, "AzureWebJobsStorage"),
        ({**STORAGE, "ARM_ENDPOINT": ""}, "ARM_ENDPOINT"),
        ({**STORAGE, "ARM_ENDPOINT": "http://management.azure.com"}, "ARM_ENDPOINT"),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        settings.read(env)
