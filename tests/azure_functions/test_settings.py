"""A missing or wrong setting stops the start and is named."""

import pytest

from azure_functions import settings

ISSUER = "https://11111111.tokens.sts.global.api.aws"
CALLERS = {
    "AWS_TOKEN_AUDIENCE": "api://tenant/causeway",
    "CALLERS_ACCOUNT": "000000000000",
    "CALLERS_AUDIENCE": "https://app.example",
    "CALLERS_ISSUER": ISSUER,
}
STORAGE = {**CALLERS, "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
IDENTITY_STORAGE = {**CALLERS, "AzureWebJobsStorage__queueServiceUri": "https://account.queue.core.windows.net"}
READERS = (
    "arn:aws:iam::000000000000:role/aws-reserved/sso.amazonaws.com/Network",
    "arn:aws:iam::000000000000:user/ann",
    "arn:aws:iam::000000000000:root",
)


def test_storage_and_the_callers_are_enough() -> None:
    assert settings.read(STORAGE) == settings.Settings(
        arm_endpoint="https://management.azure.com",
        client_id=None,
        storage_connection="UseDevelopmentStorage=true",
        storage_queue_uri=None,
        aws_token_audience="api://tenant/causeway",
        callers_issuer=ISSUER,
        callers_account="000000000000",
        callers_audience="https://app.example",
        callers_readers=frozenset(),
    )


def test_a_sovereign_cloud_an_identity_and_storage_without_a_secret_can_be_named() -> None:
    found = settings.read(
        {**IDENTITY_STORAGE, "ARM_ENDPOINT": "https://management.usgovcloudapi.net/", "AZURE_CLIENT_ID": "id"}
    )
    assert (found.arm_endpoint, found.client_id) == ("https://management.usgovcloudapi.net", "id")
    assert (found.storage_connection, found.storage_queue_uri) == (None, "https://account.queue.core.windows.net")


def test_a_slash_at_the_end_of_an_address_makes_no_other_address() -> None:
    found = settings.read({**STORAGE, "CALLERS_ISSUER": f"{ISSUER}/", "CALLERS_AUDIENCE": "https://app.example/"})
    assert (found.callers_issuer, found.callers_audience) == (ISSUER, "https://app.example")


def test_several_may_look() -> None:
    assert settings.read({**STORAGE, "CALLERS_READERS": ", ".join(READERS)}).callers_readers == set(READERS)
    assert settings.read({**STORAGE, "CALLERS_READERS": ""}).callers_readers == set()


@pytest.mark.parametrize(
    ("env", "named"),
    [
        (CALLERS, "AzureWebJobsStorage"),
        ({**CALLERS, "AzureWebJobsStorage": ""}, "AzureWebJobsStorage"),
        ({**STORAGE, **IDENTITY_STORAGE}, "AzureWebJobsStorage"),
        ({**STORAGE, "ARM_ENDPOINT": ""}, "ARM_ENDPOINT"),
        ({**STORAGE, "ARM_ENDPOINT": "http://management.azure.com"}, "ARM_ENDPOINT"),
        ({**STORAGE, "AWS_TOKEN_AUDIENCE": ""}, "AWS_TOKEN_AUDIENCE"),
        ({**STORAGE, "AWS_TOKEN_AUDIENCE": "causeway"}, "AWS_TOKEN_AUDIENCE"),
        ({**STORAGE, "CALLERS_ISSUER": ""}, "CALLERS_ISSUER"),
        ({**STORAGE, "CALLERS_ISSUER": "http://issuer.example"}, "CALLERS_ISSUER"),
        ({**STORAGE, "CALLERS_AUDIENCE": ""}, "CALLERS_AUDIENCE"),
        ({**STORAGE, "CALLERS_ACCOUNT": ""}, "CALLERS_ACCOUNT"),
        ({**STORAGE, "CALLERS_ACCOUNT": "0000-0000-0000"}, "CALLERS_ACCOUNT"),
        ({**STORAGE, "CALLERS_READERS": "ann"}, "CALLERS_READERS"),
        ({**STORAGE, "CALLERS_READERS": "arn:aws:iam::000000000000:role/"}, "CALLERS_READERS"),
        ({**STORAGE, "CALLERS_READERS": READERS[1].replace("0000", "9999")}, "CALLERS_READERS"),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        settings.read(env)
