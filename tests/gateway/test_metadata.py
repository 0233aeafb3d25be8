"""Instance metadata, version 2, against a small server: tokens, no public address, and silence."""

import http.server
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from gateway.agent import metadata

ELASTIC_IP = IPv4Address("198.51.100.10")


class Service(http.server.BaseHTTPRequestHandler):
    """Answers as EC2's does; `values` is what it knows."""

    values: dict[str, str] = {}
    tokens: set[str] = set()

    def do_PUT(self) -> None:
        self.tokens.add("token-1")
        self._answer(200, "token-1")

    def do_GET(self) -> None:
        if self.headers.get("X-aws-ec2-metadata-token") not in self.tokens:
            return self._answer(401, "")
        found = self.values.get(self.path.removeprefix("/latest/meta-data/"))
        return self._answer(200 if found else 404, found or "<html>none</html>")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Service.values = {"instance-id": "i-0123456789abcdef0"}
    Service.tokens = set()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_it_knows_whose_instance_this_is_and_when_the_elastic_ip_is_here(port: int) -> None:
    service = metadata.Metadata("127.0.0.1", port)
    assert service.instance() == "i-0123456789abcdef0"
    assert service.bears(ELASTIC_IP) is False
    Service.values["public-ipv4"] = "198.51.100.77"
    assert service.bears(ELASTIC_IP) is False
    Service.values["public-ipv4"] = str(ELASTIC_IP)
    assert service.bears(ELASTIC_IP) is True


def test_a_token_that_ended_is_replaced(port: int) -> None:
    service = metadata.Metadata("127.0.0.1", port)
    assert service.bears(ELASTIC_IP) is False
    Service.tokens.clear()
    assert service.bears(ELASTIC_IP) is None
    assert service.bears(ELASTIC_IP) is False


def test_silence_is_unknown(port: int) -> None:
    service = metadata.Metadata("127.0.0.1", 1)
    assert service.bears(ELASTIC_IP) is None
    assert service.instance() is None
