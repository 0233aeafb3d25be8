"""The rehearsal's token issuers: what they sign verifies against what is served, as a stranger verifies it."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.identity import ManagedIdentityCredential

from rehearsal import issuers, places, tls
from rehearsal.emulator.causeway_emulator.issuer import Issuer
from rehearsal.json_server import Server
from tests import resource_manager

AUDIENCE = f"api://{resource_manager.TENANT}/causeway"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where key sets are served over TLS."""
    monkeypatch.setattr(places, "TLS", tmp_path / "tls")
    monkeypatch.setattr(places, "ISSUERS", tmp_path / "issuers")
    tls.make()
    server = Server(0, issuers.answer, places.TLS)
    server.run()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def _key_set(served: str, name: str) -> Any:
    trust = ssl.create_default_context(cafile=str(places.TLS / "ca.pem"))
    with urllib.request.urlopen(f"{served}/{name}/.well-known/jwks.json", context=trust) as answer:
        return json.load(answer)


def test_a_token_verifies_against_the_served_key_set(served: str) -> None:
    issuer = Issuer(f"{served}/aws", "RSA_0")
    issuer.publish(places.ISSUERS / "aws.json")
    token = issuer.sign({"sub": "somebody", "aud": "https://function.example", "exp": int(time.time()) + 60})
    (key,) = jwt.PyJWKSet.from_dict(_key_set(served, "aws")).keys
    assert key.key_id == jwt.get_unverified_header(token)["kid"]
    assert (
        jwt.decode(token, key, ["RS256"], audience="https://function.example", issuer=issuer.url)["sub"] == "somebody"
    )


def test_only_the_public_half_is_published(served: str) -> None:
    Issuer(served, "RSA_0").publish(places.ISSUERS / "aws.json")
    assert [key.keys() for key in _key_set(served, "aws")["keys"]] == [{"kty", "n", "e", "kid", "use"}]


@pytest.mark.parametrize("name", ["aws", "../elsewhere", "aws.json/.."])
def test_nothing_but_what_was_published_is_served(served: str, name: str) -> None:
    places.ISSUERS.mkdir()
    (places.ISSUERS.parent / "elsewhere.json").write_text("{}")
    trust = ssl.create_default_context(cafile=str(places.TLS / "ca.pem"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served}/{name}/.well-known/jwks.json", context=trust)
    refused.value.close()
    assert refused.value.code == 404


def test_the_managed_identity_gives_what_aws_asks_of_a_token(tmp_path: Path) -> None:
    with resource_manager.running(tmp_path):
        token = ManagedIdentityCredential().get_token(f"{AUDIENCE}/.default")
    issuer = resource_manager.issuer()
    claims = jwt.decode(token.token, issuer.public_key, ["RS256"], audience=AUDIENCE, issuer=issuer.url)
    assert claims["iss"] == f"https://sts.windows.net/{resource_manager.TENANT}/"
    assert claims["sub"] == claims["oid"] == resource_manager.OBJECT_ID
    assert (claims["tid"], claims["ver"]) == (resource_manager.TENANT, "1.0")
    assert claims["exp"] == token.expires_on
