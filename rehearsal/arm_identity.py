"""The managed identity end point of App Service, and the tokens that Resource Manager demands.

Source: App Service's REST reference of managed identities, 2019-08-01. The tokens are random words, not JWTs (ours).
"""

import http.server
import json
import secrets
import time
import urllib.parse
from typing import Any

from rehearsal.arm_store import ArmError

LIFETIME_S = 86_400


class Tokens:
    """Every token given out, with the audience it was given for."""

    def __init__(self) -> None:
        self._audiences: dict[str, str] = {}

    def issue(self, audience: str) -> str:
        """A new token for this audience."""
        token = secrets.token_urlsafe(32)
        self._audiences[token] = audience.rstrip("/")
        return token

    def demand(self, header: str, audience: str) -> None:
        """Raises 401 unless the Authorization header holds a token of ours for this audience."""
        if self._audiences.get(header.removeprefix("Bearer ")) != audience:
            raise ArmError(401, "AuthenticationFailed", f"The access token is missing, or not for {audience}.")


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /msi/token?resource=...&api-version=2019-08-01 with the header X-IDENTITY-HEADER."""

    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a log of tokens is no use to anybody."""

    def do_GET(self) -> None:
        """Answers with a token."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if self.headers.get("X-IDENTITY-HEADER") != self.server.secret:
            self._send(403, {"statusCode": 403, "message": "the header X-IDENTITY-HEADER is missing or wrong"})
        elif query.get("api-version") != ["2019-08-01"] or "resource" not in query:
            self._send(400, {"statusCode": 400, "message": "api-version 2019-08-01 and resource are required"})
        else:
            resource = query["resource"][0]
            expires = str(int(time.time()) + LIFETIME_S)
            token = self.server.tokens.issue(resource)
            self._send(
                200, {"access_token": token, "expires_on": expires, "resource": resource, "token_type": "Bearer"}
            )

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(http.server.ThreadingHTTPServer):
    """Plain HTTP on the loop-back address, as inside an App Service sandbox."""

    daemon_threads = True

    def __init__(self, port: int, secret: str, tokens: Tokens) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.secret, self.tokens = secret, tokens
