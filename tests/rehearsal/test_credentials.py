"""What counts as a credential of one cloud on the other side."""

from pathlib import Path

import pytest

from rehearsal import credentials, places, services

RIGHT = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4580",
    "AWS_REGION": "eu-west-1",
    "AWS_TOKEN_AUDIENCE": "api://tenant/causeway",
    "IDENTITY_HEADER": "rehearsal",
}


def _found(tmp_path: Path, **more: str) -> list[str]:
    return list(credentials.of_function({**RIGHT, "HOME": str(tmp_path), **more}, tmp_path / "app"))


def test_end_points_and_audiences_are_no_credentials(tmp_path: Path) -> None:
    assert _found(tmp_path) == []


def test_the_function_is_started_without_a_credential_and_told_how_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "STATE", tmp_path)
    environment = services.functions("https://elsewhere.example").environment
    assert list(credentials.of_function(environment, tmp_path / "app")) == []
    assert environment["CALLERS_AUDIENCE"] == "https://elsewhere.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/a/file"),
        ("AWS_PROFILE", "default"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/a/file"),
        ("SETTING", "AKIAQAAAAAAAMBKGEEYL"),
        ("SETTING", places.ROOT_ACCESS_KEY),
    ],
)
def test_a_variable_that_opens_aws_is_named_without_its_value(tmp_path: Path, name: str, value: str) -> None:
    assert _found(tmp_path, **{name: value}) == [f"variable {name}"]


def test_a_profile_and_a_key_in_the_apps_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / "app" / "inner").mkdir(parents=True)
    (tmp_path / "app" / "inner" / "settings.json").write_text('{"key": "LKIAQAAAAAAAMBKGEEYL"}')
    assert _found(tmp_path) == [f"folder {tmp_path}/.aws", "file inner/settings.json"]


def test_only_pre_shared_keys_are_secrets_of_ours() -> None:
    names = ["causeway-rehearsal-Psk9AF2-1b2c", "causeway/function-key", "causeway-rehearsal-Key1-2"]
    assert credentials.foreign_secrets(names) == ["secret causeway/function-key", "secret causeway-rehearsal-Key1-2"]


def test_a_lambda_with_a_credential_of_azure_is_found() -> None:
    right = {"FunctionName": "one", "Environment": {"Variables": {"CAUSEWAY_SPEC": "{}"}}}
    wrong = {"FunctionName": "two", "Environment": {"Variables": {"AZURE_CLIENT_SECRET": "x", "SPEC": "function_key"}}}
    found = ["two: variable AZURE_CLIENT_SECRET", "two: variable SPEC"]
    assert credentials.of_lambdas([right, {"FunctionName": "none"}, wrong]) == found


def test_an_environment_is_read_as_the_kernel_shows_it() -> None:
    assert credentials.read_environ(b"A=1\0B=x=y\0EMPTY=\0") == {"A": "1", "B": "x=y", "EMPTY": ""}
