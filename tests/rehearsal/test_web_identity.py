"""What the emulator's STS demands before it gives a role for a tenant's token, and what its own tokens say."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from rehearsal.emulator.causeway_emulator import web_identity
from rehearsal.emulator.causeway_emulator.issuer import Issuer

TENANT = "11111111-1111-4111-8111-111111111111"
NAME = f"sts.windows.net/{TENANT}/"
URL = f"https://{NAME}"
PROVIDER = f"arn:aws:iam::000000000000:oidc-provider/{NAME}"
AUDIENCE = f"api://{TENANT}/causeway"
OURS, FORGER = Issuer(URL, "one"), Issuer(URL, "one")
NOW = int(time.time())
# Longer than all tests take.
CLAIMS = {"aud": AUDIENCE, "sub": "the-function", "iat": NOW, "nbf": NOW, "exp": NOW + 3600}


@pytest.fixture
def key_set(tmp_path: Path) -> Any:
    """What the tenant publishes."""
    OURS.publish(tmp_path / "keys.json")
    return json.loads((tmp_path / "keys.json").read_text())


def _policy(**changes: Any) -> dict[str, Any]:
    wanted = {"StringEquals": {f"{NAME}:aud": AUDIENCE, f"{NAME}:sub": "the-function"}}
    federated = {"Federated": PROVIDER}
    statement = {"Effect": "Allow", "Principal": federated, "Action": web_identity.ACTION, "Condition": wanted}
    return {"Version": "2012-10-17", "Statement": [{**statement, **changes}]}


def test_a_token_of_the_tenants_is_taken_for_what_it_says(key_set: Any) -> None:
    token = OURS.sign(CLAIMS)
    assert web_identity.issuer_of(token) == URL
    assert web_identity.verify(token, URL, key_set, [AUDIENCE, "another"]) == {"iss": URL, **CLAIMS}


@pytest.mark.parametrize(
    ("token", "code", "message"),
    [
        (FORGER.sign(CLAIMS), "InvalidIdentityToken", "Signature"),
        (Issuer(URL, "two").sign(CLAIMS), "InvalidIdentityToken", "verification key"),
        (jwt.encode({"iss": URL, **CLAIMS}, "", "none", {"kid": "one"}), "InvalidIdentityToken", "alg"),
        (jwt.encode({"iss": URL, **CLAIMS}, "x" * 32, "HS256", {"kid": "one"}), "InvalidIdentityToken", "alg"),
        (OURS.sign({**CLAIMS, "aud": "https://management.azure.com/"}), "InvalidIdentityToken", "audience"),
        (OURS.sign({**CLAIMS, "nbf": NOW + 3000}), "InvalidIdentityToken", "not yet"),
        (OURS.sign({**CLAIMS, "iss": "https://sts.windows.net/another/"}), "InvalidIdentityToken", "issuer"),
        (OURS.sign({name: CLAIMS[name] for name in ("aud", "sub", "iat")}), "InvalidIdentityToken", "exp"),
        (OURS.sign({**CLAIMS, "exp": NOW - 5}), "ExpiredTokenException", "expired"),
    ],
)
def test_any_other_token_is_refused_as_sts_refuses_it(key_set: Any, token: str, code: str, message: str) -> None:
    with pytest.raises(web_identity.Refused, match=message) as refused:
        web_identity.verify(token, URL, key_set, [AUDIENCE])
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize("token", ["", "a.b.c", jwt.encode({"sub": "x"}, "x" * 32, "HS256")])
def test_what_names_no_issuer_is_no_token(token: str) -> None:
    with pytest.raises(web_identity.Refused, match="not a valid JWT"):
        web_identity.issuer_of(token)


def test_a_role_is_for_whom_its_policy_names() -> None:
    assert web_identity.trusts(_policy(), PROVIDER, CLAIMS)


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": {"StringEquals": {f"{NAME}:sub": "another-function"}}},
        {"Condition": {"StringEquals": {f"{NAME}:aud": "another", f"{NAME}:sub": "the-function"}}},
        {"Condition": {"StringEquals": {"sts.windows.net:sub": "the-function"}}},
        {"Condition": {"StringLike": {f"{NAME}:sub": "the-function"}}},
        {"Principal": {"Federated": f"{PROVIDER}x"}},
        {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}},
        {"Principal": "*"},
        {"Action": "sts:AssumeRole"},
        {"Effect": "Deny"},
    ],
)
def test_a_policy_that_does_not_name_the_token_gives_no_role(changes: dict[str, Any]) -> None:
    assert not web_identity.trusts(_policy(**changes), PROVIDER, CLAIMS)


@pytest.mark.parametrize(("audience", "aud"), [(["one"], "one"), (["one", "two"], ["one", "two"])])
def test_a_token_of_aws_says_who_calls_from_which_account(audience: list[str], aud: Any) -> None:
    role, times = "arn:aws:iam::000000000000:role/demo", {"iat": NOW, "exp": NOW + 3600}
    assert web_identity.outbound_claims(role, "000000000000", "eu-west-1", audience, "id", times) == {
        "aud": aud,
        "sub": role,
        "jti": "id",
        **times,
        "https://sts.amazonaws.com/": {"aws_account": "000000000000", "source_region": "eu-west-1"},
    }
