"""Hostile requests, each of which would be answered if it were not for the one thing that is wrong with it."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import base64url_encode

from azure_functions import callers
from tests.azure_functions import fakes, tokens
from tests.azure_functions.tokens import KID, Issuer, role

Made = Callable[[Issuer, str], str]


def _written(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token as no library would write it."""
    signed = b".".join(base64url_encode(json.dumps(part).encode()) for part in (header, claims))
    return b".".join([signed, base64url_encode(sign(signed))]).decode()


def _confused(issuer: Issuer, subject: str) -> str:
    """The public key, which everybody has, as the secret of a symmetric signature."""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    secret = issuer.keys[KID].public_key().public_bytes(*form)
    header = {"alg": "HS256", "kid": KID, "typ": "JWT"}
    return _written(header, issuer.claims(subject), lambda signed: hmac.digest(secret, signed, "sha256"))


def _swapped(issuer: Issuer, subject: str) -> str:
    """A real token of somebody else's, with other claims under its signature."""
    head, _, signature = issuer.token(role("somebody")).split(".")
    claims = base64url_encode(json.dumps(issuer.claims(subject)).encode()).decode()
    return f"{head}.{claims}.{signature}"


def _own_key(headers: dict[str, Any]) -> Made:
    """Signed with the stranger's own key, to which the header points."""
    return lambda issuer, subject: jwt.encode(
        issuer.claims(subject), tokens.key("stranger"), "RS256", {"kid": KID, **headers}
    )


def _unnamed_key(issuer: Issuer, subject: str) -> str:
    return jwt.encode(issuer.claims(subject), issuer.keys[KID], "RS256")


def _algorithm(name: str) -> Made:
    """AWS's own key, and yet not as AWS signs for us."""
    return lambda issuer, subject: jwt.encode(issuer.claims(subject), issuer.keys[KID], name, {"kid": KID})


def _elliptic(headers: dict[str, Any]) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    return lambda issuer, subject: jwt.encode(issuer.claims(subject), key, "ES256", {"kid": KID, **headers})


def _claims(**changes: Any) -> Made:
    return lambda issuer, subject: issuer.token(subject, **changes)


def _from_now(**seconds: int) -> Made:
    return lambda issuer, subject: issuer.token(subject, None, **{k: int(time.time()) + s for k, s in seconds.items()})


def _head(**headers: Any) -> Made:
    return lambda issuer, subject: issuer.token(subject, headers)


def _bracketed(issuer: Issuer, subject: str) -> str:
    """A header that is one long opening."""
    _, claims, signature = issuer.token(subject).split(".")
    return f"{base64url_encode(b'[' * 5000).decode()}.{claims}.{signature}"


PUBLIC = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(tokens.key("stranger").public_key()))
TOKENS: dict[str, Made] = {
    "other claims under a real signature": _swapped,
    "another key with the same id": _own_key({}),
    "a key of the header's own": _own_key({"jwk": PUBLIC}),
    "a key at the header's address": _own_key({"jku": "https://stranger.example/jwks.json"}),
    "a certificate at the header's address": _own_key({"x5u": "https://stranger.example/chain.pem"}),
    "a certificate of the header's own": _own_key({"x5c": ["MIIB"]}),
    "the public key as a secret": _confused,
    "no signature": lambda issuer, subject: _written(
        {"alg": "none", "kid": KID}, issuer.claims(subject), lambda _: b"."
    ),
    "an algorithm called None": lambda issuer, subject: _written(
        {"alg": "None", "kid": KID}, issuer.claims(subject), lambda _: b"x"
    ),
    "an elliptic key": _elliptic({}),
    "an elliptic key of the header's own": _elliptic({"jwk": {"kty": "EC", "crv": "P-256"}}),
    "another hash": _algorithm("RS512"),
    "another padding": _algorithm("PS256"),
    "no key id": _unnamed_key,
    "an empty key id": _head(kid=""),
    "an unknown key id": lambda issuer, subject: jwt.encode(
        issuer.claims(subject), tokens.key("stranger"), "RS256", {"kid": "../../etc/passwd"}
    ),
    "a key id that is no text": lambda issuer, subject: _written(
        {"alg": "RS256", "kid": 1}, issuer.claims(subject), lambda _: b"x"
    ),
    "an extension that must be understood": lambda issuer, subject: issuer.token(
        subject, {"crit": ["https://stranger.example"], "https://stranger.example": 1}
    ),
    "a header that is one long opening": _bracketed,
    "expired": _from_now(iat=-400, exp=-100),
    "issued in the future": _from_now(iat=100, exp=400),
    "not yet valid": _from_now(nbf=100),
    "without an end": _claims(exp=...),
    "without a beginning": _claims(iat=...),
    "an end that is no number": _claims(exp="never"),
    "for another audience": _claims(aud="https://app.example"),
    "for a part of the audience": _claims(aud="https://ap"),
    "for several audiences": _claims(aud=[tokens.AUDIENCE, "https://other"]),
    "for the same audience twice": _claims(aud=[tokens.AUDIENCE, tokens.AUDIENCE]),
    "for nobody": _claims(aud=...),
    "of another issuer": _claims(iss="https://22222222.tokens.sts.global.api.aws"),
    "of no issuer": _claims(iss=...),
    "without a subject": _claims(sub=...),
    "a subject that is no text": _claims(sub=["x"]),
    "a subject that is empty": _claims(sub=""),
    "too long": _claims(extra="x" * callers.HEADER_LIMIT),
}
SCHEMES: dict[str, Callable[[str], dict[str, str]]] = {
    "no header": lambda token: {},
    "an empty header": lambda token: {"Authorization": ""},
    "the token alone": lambda token: {"Authorization": token},
    "the scheme alone": lambda token: {"Authorization": "Bearer "},
    "another scheme": lambda token: {"Authorization": f"Basic {token}"},
    "two tokens": lambda token: {"Authorization": f"Bearer {token} {token}"},
    "two headers, as a host joins them": lambda token: {"Authorization": f"Bearer {token}, Bearer {token}"},
    "a line after it": lambda token: {"Authorization": f"Bearer {token}\n"},
    "truncated": lambda token: {"Authorization": f"Bearer {token[:-20]}"},
    "without its signature": lambda token: {"Authorization": f"Bearer {token.rpartition('.')[0]}"},
    "with an empty signature": lambda token: {"Authorization": f"Bearer {token.rpartition('.')[0]}."},
    "with a fourth part": lambda token: {"Authorization": f"Bearer {token}.x"},
    "in another header": lambda token: {"X-Authorization": f"Bearer {token}"},
    "as the key of a Function": lambda token: {"x-functions-key": token},
}
# {} is the state that asks what the handler does.
SUBJECTS = {
    "of another account": "arn:aws:iam::999999999999:role/{}",
    "another link's": "arn:aws:iam::000000000000:role/causeway-other-Discover",
    "of a link whose name begins alike": "arn:aws:iam::000000000000:role/causeway-prod-2-Discover",
    "with a path": "arn:aws:iam::000000000000:role/x/{}",
    "with more at its end": "arn:aws:iam::000000000000:role/{}2",
    "with more before it": "arn:aws:iam::000000000000:role/x{}",
    "with a line at its end": "arn:aws:iam::000000000000:role/{}\n",
    "with a line before it": "\narn:aws:iam::000000000000:role/{}",
    "in capitals": "arn:aws:iam::000000000000:role/CAUSEWAY-PROD-DISCOVER",
    "in small letters": "arn:aws:iam::000000000000:role/causeway-prod-discover",
    "a session's": "arn:aws:sts::000000000000:assumed-role/{}/x",
    "a user's": "arn:aws:iam::000000000000:user/{}",
    "of no cloud": "arn:azure:iam::000000000000:role/{}",
    "of another partition than the body": "arn:aws-cn:iam::000000000000:role/{}",
    "a state's that does not call": "arn:aws:iam::000000000000:role/causeway-prod-Preflight",
    "the gateway's": "arn:aws:iam::000000000000:role/causeway-prod-gateway",
    "our own in AWS": "arn:aws:iam::000000000000:role/causeway-prod-azure",
    "the watch of another region": "arn:aws:iam::000000000000:role/CausewayWatch-eu-central-1",
    "the watch of no region": "arn:aws:iam::000000000000:role/CausewayWatch-",
    "the watch, with a path": "arn:aws:iam::000000000000:role/x/CausewayWatch-eu-west-1",
    "the watch of another account": "arn:aws:iam::999999999999:role/CausewayWatch-eu-west-1",
    "the watch, a user's": "arn:aws:iam::000000000000:user/CausewayWatch-eu-west-1",
    "almost a reader's": tokens.READER[:-1],
    "a reader's and more": f"{tokens.READER}2",
    "the account itself": "arn:aws:iam::000000000000:root",
    "everybody": "*",
}
SECRET = fakes.REF.psk_secret
OTHERS = {
    "another link": {"link": "other", "deployment": "000000000000/eu-west-1/other"},
    "another link's deployment": {"deployment": "000000000000/eu-west-1/other"},
    "another link than the deployment's": {"link": "other"},
    "another region's deployment": {"deployment": "000000000000/eu-central-1/prod"},
    "another region's secret": {"psk_secret": SECRET.replace("eu-west-1", "eu-central-1")},
    "another account's deployment": {"deployment": "999999999999/eu-west-1/prod"},
    "another account's secret": {"psk_secret": SECRET.replace("000000000000", "999999999999")},
    "another partition's secret": {"psk_secret": SECRET.replace("arn:aws:", "arn:aws-cn:")},
}
NAMES = ["../x", "prod/../other", "prod%2F", "%70rod", "pr\u043ed", "PROD", "prod\n", "", " prod", "p" * 25, "prod\0"]
