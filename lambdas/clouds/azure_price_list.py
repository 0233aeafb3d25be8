"""Asks Azure's Retail Prices interface, which knows no callers: no token is sent.

Each page names the next one by its address. One that leads elsewhere is refused, and so is a redirection.
"""

import http.client
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from link.cost import azure_prices
from link.cost.price import Wanted, invalid
from link.errors import CloudBusy, CloudRefused

VERSION = "2023-01-01-preview"
PATIENCE_S = 10.0
PAGES = 10  # of a hundred rows and more; the questions match less than ten
BYTES = 4_000_000  # of one page
_TOO_MANY = 429


class _NotElsewhere(urllib.request.HTTPRedirectHandler):
    """Leaves a redirection the error that it is."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


_opener = urllib.request.build_opener(_NotElsewhere)


def rows(wanted: Wanted, end_point: str) -> list[azure_prices.Row]:
    """All rows that Azure lists for the wanted item. Raises CloudBusy, CloudRefused or PriceInvalid."""
    query = urlencode({"api-version": VERSION, "$filter": azure_prices.ask(wanted)}, safe="$'", quote_via=quote)
    url: str | None = f"{end_point.rstrip('/')}/api/retail/prices?{query}"
    found: list[azure_prices.Row] = []
    for _ in range(PAGES):
        page = azure_prices.page(wanted, _get(wanted, url or ""))
        found += page.rows
        url = page.following
        if not url:
            return found
        if _place(url) != _place(end_point):
            raise invalid(wanted, f"Azure's next page is elsewhere: {url[:100]}")
    raise invalid(wanted, f"Azure's answer has more than {PAGES} pages")


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Azure writes the port 443 into its addresses, and nobody else does."""
    try:
        parts: SplitResult = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", None, None


def _get(wanted: Wanted, url: str) -> bytes:
    doing = "asking Azure's Retail Prices interface"
    try:
        with _opener.open(url, timeout=PATIENCE_S) as response:
            text = bytes(response.read(BYTES + 1))
    except urllib.error.HTTPError as exc:
        with exc:
            if exc.code == _TOO_MANY or exc.code >= http.client.INTERNAL_SERVER_ERROR:
                raise CloudBusy(f"{doing}: it answered {exc.code}", _after_s(exc)) from exc
            raise CloudRefused(f"{doing}: it answered {exc.code}") from exc
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise CloudBusy(f"{doing}: {exc}") from exc
    if len(text) > BYTES:
        raise invalid(wanted, f"Azure's answer is longer than {BYTES} bytes")
    return text


def _after_s(error: urllib.error.HTTPError) -> float | None:
    wish = error.headers.get("Retry-After", "")
    return float(wish) if wish.isdecimal() else None
