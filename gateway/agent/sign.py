"""Signs a request to AWS: Signature Version 4 ("Create a signed AWS API request", IAM user guide). Pure.

Written out because botocore, of which the agent would use four calls, takes most of a small instance's boot to import,
and because an instance whose packages could not be installed must still be able to say so.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Credentials:
    """The instance role's temporary credentials."""

    access_key: str
    secret_key: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"


@dataclass(frozen=True)
class Request:
    """One POST to the root of a service's end point."""

    service: str
    region: str
    host: str
    headers: Mapping[str, str]
    body: bytes


def headers(request: Request, credentials: Credentials, now: datetime) -> dict[str, str]:
    """All headers to send, the signature among them. `now` is aware, UTC."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {
        **{name.lower(): value for name, value in request.headers.items()},
        "host": request.host,
        "x-amz-date": moment,
        "x-amz-security-token": credentials.token,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
    scope = f"{moment[:8]}/{request.region}/{request.service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return {
        **signed,
        "authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }
