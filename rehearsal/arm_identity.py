"""The managed identity end point of App Service, and the tokens that Resource Manager demands: Entra's, version 1.

Sources: App Service's REST reference of managed identities, 2019-08-01; "Access token claims reference" of the
Microsoft identity platform. For a managed identity `sub` is its object id, as `oid` is. What only Entra reads (aio, rh,
uti) is left out. There is one identity, which the subscription's owner uses, too (ours).
"""

import time

import jwt

from rehearsal.emulator.causeway_emulator.issuer import Issuer
from rehearsal.json_server import Answer, Request

API_VERSION = "2019-08-01"
LIFETIME_S = 86_400


def issuer(tenant: str) -> Issuer:
    """A tenant's issuer of version 1 tokens; the last slash belongs to its name."""
    return Issuer(f"https://sts.windows.net/{tenant}/", "rehearsal-tenant")


class Identity:
    """`secret` is what IDENTITY_HEADER holds in App Service's sandbox, `object_id` the identity's own in its tenant."""

    def __init__(self, secret: str, issuer: Issuer, object_id: str) -> None:
        self._secret, self._issuer, self._object_id = secret, issuer, object_id

    def answer(self, request: Request) -> Answer:
        """GET /msi/token?resource=...&api-version=2019-08-01 with the header X-IDENTITY-HEADER."""
        if request.headers.get("X-IDENTITY-HEADER") != self._secret:
            return Answer(403, {"statusCode": 403, "message": "the header X-IDENTITY-HEADER is missing or wrong"})
        resource = request.query.get("resource", "")
        if request.query.get("api-version") != API_VERSION or not resource:
            return Answer(400, {"statusCode": 400, "message": f"api-version {API_VERSION} and resource are required"})
        now = int(time.time())
        token, expires = self._token(resource, now), str(now + LIFETIME_S)
        given = {"access_token": token, "expires_on": expires, "resource": resource, "token_type": "Bearer"}
        return Answer(200, given)

    def _token(self, resource: str, now: int) -> str:
        tenant = self._issuer.url.rstrip("/").rpartition("/")[2]
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME_S}
        whose = {"sub": self._object_id, "oid": self._object_id, "tid": tenant, "idtyp": "app", "idp": self._issuer.url}
        return self._issuer.sign({"aud": resource, **times, **whose, "appidacr": "2", "ver": "1.0"})

    def accepts(self, request: Request) -> bool:
        """Whether the request bears a token of this tenant for the server which it came to."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        audience = [request.base, f"{request.base}/"]  # Resource Manager is known by both
        try:
            jwt.decode(token, self._issuer.public_key, ["RS256"], audience=audience, issuer=self._issuer.url)
        except jwt.InvalidTokenError:
            return False
        return True
