"""An AWS account's token issuer: real RSA keys, served where AWS serves them, and tokens as AWS writes them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from azure_functions.settings import Settings
from rehearsal.json_server import Answer, Request, Server

ACCOUNT = "000000000000"
AUDIENCE = "https://app"
KID = "RSA_1"
READER = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Network_1"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Making one takes a tenth of a second, so each name has one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def role(name: str, account: str = ACCOUNT, partition: str = "aws") -> str:
    """A role's ARN."""
    return f"arn:{partition}:iam::{account}:role/{name}"


@dataclass
class Issuer:
    """Serves the public halves of `keys`; `asked` counts how often. `broken` has it answer 500."""

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {KID: key("aws")})
    asked: int = 0
    broken: bool = False

    @property
    def settings(self) -> Settings:
        """What the app is told of it. Real settings want https."""
        return replace(
            SETTINGS, callers_issuer=self.url, callers_audience=AUDIENCE, callers_readers=frozenset([READER])
        )

    def answer(self, request: Request) -> Answer:
        """The one address that is served."""
        self.asked += 1
        if self.broken or request.path != "/.well-known/jwks.json":
            return Answer(500)
        public = {kid: jwt.algorithms.RSAAlgorithm.to_jwk(one.public_key()) for kid, one in self.keys.items()}
        made = [{**json.loads(text), "kid": kid, "use": "sig", "alg": "RS256"} for kid, text in public.items()]
        return Answer(200, {"keys": made})

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:
        """What a token says; `...` leaves a claim out."""
        now = int(time.time())
        said = {"iss": self.url, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 300, "jti": "1", **changes}
        return {name: value for name, value in said.items() if value is not ...}

    def token(self, subject: str, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """As AWS signs it."""
        return jwt.encode(self.claims(subject, **changes), self.keys[KID], "RS256", {"kid": KID, **(headers or {})})


SETTINGS = Settings(
    arm_endpoint="https://management.azure.com",
    client_id=None,
    storage_connection="UseDevelopmentStorage=true",
    storage_queue_uri=None,
    aws_token_audience="api://tenant/causeway",
    callers_issuer="",
    callers_account=ACCOUNT,
    callers_audience="",
    callers_readers=frozenset(),
)


@contextmanager
def serving() -> Iterator[Issuer]:
    """An issuer that is there."""
    issuer = Issuer()
    server = Server(0, issuer.answer)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    server.run()
    yield issuer
    server.shutdown()
    server.server_close()
