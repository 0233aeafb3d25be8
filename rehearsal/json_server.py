"""An HTTP server on the loop-back address for JSON, with TLS where certificates are given. Knows no cloud."""

import email.message
import http.server
import json
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STOP_POLL_S = 0.02  # how soon `shutdown` is noticed


@dataclass(frozen=True)
class Request:
    """One request; `query` holds the first value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: email.message.Message  # names without regard to case
    body: bytes

    @property
    def base(self) -> str:
        """The address under which the caller reached us."""
        return f"https://{self.headers['Host']}"


@dataclass(frozen=True)
class Answer:
    """`body` is bytes as they are, or a value to be written as JSON."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two writes; the second would wait for an acknowledgement
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: addresses may hold keys."""

    def _answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(urllib.parse.parse_qsl(url.query))
        answer = self.server.answer(Request(self.command, url.path, query, self.headers, body))
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = _answer


class Server(http.server.ThreadingHTTPServer):
    """A thread for each connection. `certificates` holds cert.pem and key.pem."""

    daemon_threads = True

    def __init__(self, port: int, answer: Callable[[Request], Answer], certificates: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = answer
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
            # The handshake belongs to the connection's thread, or one slow client stops all others.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def run(self) -> None:
        """Serves in the background."""
        threading.Thread(target=self.serve_forever, args=[STOP_POLL_S], daemon=True).start()
