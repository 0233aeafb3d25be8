"""The managed identity end point of App Service, and the tokens that Resource Manager demands.

Source: App Service's REST reference of managed identities, 2019-08-01. The tokens are random words, not JWTs (ours).
"""

import secrets
import time

from rehearsal.json_server import Answer, Request

API_VERSION = "2019-08-01"
LIFETIME_S = 86_400


class Identity:
    """`secret` is what the environment variable IDENTITY_HEADER holds in an App Service sandbox."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._audiences: dict[str, str] = {}

    def answer(self, request: Request) -> Answer:
        """GET /msi/token?resource=...&api-version=2019-08-01 with the header X-IDENTITY-HEADER."""
        if request.headers.get("X-IDENTITY-HEADER") != self._secret:
            return Answer(403, {"statusCode": 403, "message": "the header X-IDENTITY-HEADER is missing or wrong"})
        resource = request.query.get("resource", "")
        if request.query.get("api-version") != API_VERSION or not resource:
            return Answer(400, {"statusCode": 400, "message": f"api-version {API_VERSION} and resource are required"})
        token = secrets.token_urlsafe(32)
        self._audiences[token] = resource.rstrip("/")
        expires = str(int(time.time()) + LIFETIME_S)
        given = {"access_token": token, "expires_on": expires, "resource": resource, "token_type": "Bearer"}
        return Answer(200, given)

    def accepts(self, request: Request) -> bool:
        """Whether the request bears a token that was given for the server which it came to."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self._audiences.get(token) == request.base
