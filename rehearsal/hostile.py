"""Requests that the Function has to refuse, sent over TLS to the host that runs it, while a link is up.

Each is answered with 401, or with 400 where only the body is wrong; the app writes one line about it, without a token;
and both clouds stay as they are. Good tokens come from STS, as the customer's administrator, who may look.
"""

import base64
import contextlib
import hmac
import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rehearsal import checks, clients, functions_log, listings, places, progress, world

ELSEWHERE = "causeway-elsewhere-ConnectAzure"  # named as the role of another link
LEEWAY_S = 60  # what a verifier may forgive to another machine's clock


@dataclass(frozen=True)
class Tokens:
    """Of AWS's issuer: a good one, three that are good for something else, and its published key set."""

    good: str
    expired: str
    for_another: str
    of_another_link: str
    key_set: bytes


@dataclass(frozen=True)
class Attack:
    """One request, and the status that refuses it."""

    what: str
    token: str
    path: str
    body: bytes = b"{}"
    status: int = 401


def attacks(link: str, tokens: Tokens) -> list[Attack]:
    """What is forged says that it is the link's own role."""
    look, work = f"/api/links/{link}/look", f"/api/links/{link}/work"
    role = f"arn:aws:iam::{places.ACCOUNT}:role/causeway-{link}-ConnectAzure"
    claims = {**jwt.decode(tokens.good, options={"verify_signature": False}), "sub": role}
    named = {"kid": jwt.get_unverified_header(tokens.good)["kid"]}
    confused = _confused(claims, tokens.key_set, named)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return [
        Attack("no token", "", look),
        Attack("a token that another key has signed under the name of AWS's", _signed(claims, stranger, named), look),
        Attack("a token without a signature", jwt.encode(claims, "", "none", named), look),
        Attack("a token signed with AWS's public key as a secret", confused, look),
        Attack("an expired token", tokens.expired, look),
        Attack("a token for another audience", tokens.for_another, look),
        Attack("a token of another link's role", tokens.of_another_link, look),
        Attack("work for one who may only look", tokens.good, work),
        Attack("a token of 30 kB", "A" * 30_000, look),
        Attack("2 MB without a token", "", look, b" " * 2_000_000),
        Attack("an encoded slash in the path, without a token", "", f"/api/links/..%2F{link}/look"),
        Attack("a path in capitals, without a token", "", look.upper()),
        Attack("a good token, and no JSON", tokens.good, look, b"{", 400),
    ]


def _confused(claims: dict[str, Any], key_set: bytes, headers: dict[str, str]) -> str:
    """By hand: PyJWT does not take a public key for a secret."""
    key: rsa.RSAPublicKey = jwt.PyJWKSet.from_json(key_set.decode()).keys[0].key
    secret = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    said = jwt.encode(claims, "x" * 32, "HS256", headers).rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.digest(secret, said.encode(), "sha256"))
    return f"{said}.{signature.decode().rstrip('=')}"


def _signed(claims: dict[str, Any], key: rsa.RSAPrivateKey, headers: dict[str, str]) -> str:
    return jwt.encode(claims, key, "RS256", headers)


def run(link: world.Link, expiring: str) -> list[str]:
    """One line for each. `expiring` is from short_lived(), which was best asked long ago."""
    before = listings.both_clouds()
    tokens = _tokens(expiring)
    found = attacks(link.name, tokens)
    faults = [fault for attack in found for fault in checks.shown(f"refused: {attack.what}", tried(attack))]
    leaked = [attack.what for attack in found if told(attack.token, functions_log.text())]
    changed = listings.differences(before, listings.both_clouds())
    return [
        *faults,
        *checks.shown("none of these tokens is in the Function's log", leaked),
        *checks.shown("after them both clouds are as before", changed),
    ]


def tried(attack: Attack) -> list[str]:
    """Sends it; answers with what went otherwise than it should."""
    before = len(functions_log.of_app())
    status = send(attack)
    return wrong(attack, status, functions_log.of_app()[before:])


def told(token: str, log: str) -> bool:
    """Whether a part of the token is in the log."""
    return any(part in log for part in token.split(".") if part)


def send(attack: Attack) -> int:
    """The status of the answer. The path goes out as it is written."""
    trust = ssl.create_default_context(cafile=str(places.TLS / "ca.pem"))
    address = urllib.parse.urlsplit(places.FUNCTIONS_URL).netloc
    headers = {"Authorization": f"Bearer {attack.token}"} if attack.token else {}
    with contextlib.closing(http.client.HTTPSConnection(address, timeout=30, context=trust)) as connection:
        connection.request("POST", attack.path, attack.body, headers)
        answer = connection.getresponse()
        answer.read()  # what is left unread would end the connection by a reset, of which the host would tell
        return answer.status


def wrong(attack: Attack, status: int, lines: Sequence[str]) -> list[str]:
    """Who is refused is told of in one line; whose body is wrong need not be."""
    answered = [f"answered {status}, not {attack.status}"] if status != attack.status else []
    said = len(lines) == 1 or (not lines and attack.status != 401)
    return [*answered, *([] if said else [f"{len(lines)} lines in the Function's log"])]


def short_lived() -> str:
    """A token that will have expired when it is needed: STS gives none for less than a minute."""
    return _token(clients.aws("sts"), places.FUNCTIONS_URL, 60)


def _token(sts: Any, audience: str, seconds: int = 300) -> str:
    given = sts.get_web_identity_token(Audience=[audience], SigningAlgorithm="RS256", DurationSeconds=seconds)
    return str(given["WebIdentityToken"])


def _tokens(expiring: str) -> Tokens:
    left = jwt.decode(expiring, options={"verify_signature": False})["exp"] + LEEWAY_S - time.time()
    if left > 0:
        with progress.step("waiting until a token has expired"):
            time.sleep(left)
    with _another_link() as sts:
        of_another_link = _token(sts, places.FUNCTIONS_URL)
    return Tokens(
        good=_token(clients.aws("sts"), places.FUNCTIONS_URL),
        expired=expiring,
        for_another=_token(clients.aws("sts"), "https://elsewhere.example"),
        of_another_link=of_another_link,
        key_set=(places.ISSUERS / "aws.json").read_bytes(),
    )


@contextlib.contextmanager
def _another_link() -> Iterator[Any]:
    """STS as a role that is there only as long as it is asked."""
    iam, trusted = clients.aws("iam"), {"AWS": f"arn:aws:iam::{places.ACCOUNT}:root"}
    role = iam.create_role(RoleName=ELSEWHERE, AssumeRolePolicyDocument=_policy("sts:AssumeRole", Principal=trusted))
    iam.put_role_policy(
        RoleName=ELSEWHERE, PolicyName="ask", PolicyDocument=_policy("sts:GetWebIdentityToken", Resource="*")
    )
    try:
        given = clients.aws("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="hostile")["Credentials"]
        yield boto3.client(
            "sts",
            region_name=places.REGION,
            endpoint_url=places.EMULATOR_URL,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
    finally:
        iam.delete_role_policy(RoleName=ELSEWHERE, PolicyName="ask")
        iam.delete_role(RoleName=ELSEWHERE)


def _policy(action: str, **rest: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **rest}]})
