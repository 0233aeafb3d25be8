"""The public keys of both token issuers, at https://localhost:8445/<issuer>/.well-known/jwks.json.

Each process that signs writes its own key set to places.ISSUERS; a private key leaves no process.
"""

import re

from rehearsal import places
from rehearsal.json_server import Answer, Request

KEY_SET = re.compile(r"/([0-9a-z-]+)/\.well-known/jwks\.json")


def answer(request: Request) -> Answer:
    """404 for what nobody has published."""
    match = KEY_SET.fullmatch(request.path)
    published = places.ISSUERS / f"{match[1]}.json" if match else None
    if request.method != "GET" or published is None or not published.exists():
        return Answer(404)
    return Answer(200, published.read_bytes())
