"""A token issuer: an RSA key that lives as long as its process, and its public half as a JSON Web Key Set (RFC 7517).

Both clouds of a rehearsal have one. No key names its algorithm, since neither AWS nor Entra publishes that.
"""

import json
import pathlib
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

BITS = 2048


class Issuer:
    """`url` is the issuer's name in its tokens."""

    def __init__(self, url: str, key_id: str) -> None:
        self.url, self._key_id = url, key_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        self.public_key = self._key.public_key()

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"iss": self.url, **claims}, self._key, "RS256", {"kid": self._key_id})

    def publish(self, path: pathlib.Path) -> None:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.public_key, as_dict=True)
        key = {name: public[name] for name in ("kty", "n", "e")} | {"kid": self._key_id, "use": "sig"}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"keys": [key]}))
