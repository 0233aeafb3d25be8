"""The metadata service's tree, tokens and answers over HTTP, as cloud-init and boto3 meet them."""

import http.client
import threading
from collections.abc import Iterator

import pytest

from rehearsal import imds

TREE: imds.Tree = {
    "meta-data": {"instance-id": "i-1", "network": {"interfaces": {"macs": {"02:00:00:00:00:01": {"mac": "x"}}}}},
    "dynamic": {"instance-identity": {"document": "{}"}},
    "user-data": b"\x1f\x8b",
}


class OneMachine(imds.Server):
    """The real server on the loopback, for a machine whose tree is given."""

    def __init__(self) -> None:
        super().__init__("")

    def _listen(self, namespace: str) -> None:
        self.server_address = ("127.0.0.1", 0)
        self.server_bind()
        self.server_activate()

    def tree(self, address: str) -> imds.Tree | None:
        return TREE


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    server = OneMachine()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    yield client
    client.close()
    server.shutdown()
    server.server_close()


def ask(client: http.client.HTTPConnection, path: str, token: str = "") -> tuple[int, bytes]:
    client.request("GET", path, headers={"X-aws-ec2-metadata-token": token} if token else {})
    answer = client.getresponse()
    return answer.status, answer.read()


def take_token(client: http.client.HTTPConnection, lifetime_s: str = "60") -> tuple[int, str]:
    client.request("PUT", imds.TOKEN_PATH, headers={"X-aws-ec2-metadata-token-ttl-seconds": lifetime_s})
    answer = client.getresponse()
    return answer.status, answer.read().decode()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("meta-data/instance-id", b"i-1"),
        ("meta-data/", b"instance-id\nnetwork/"),
        ("meta-data/network/interfaces/macs/", b"02:00:00:00:00:01/"),
        ("dynamic/instance-identity/", b"document"),
        ("user-data", b"\x1f\x8b"),
        ("meta-data/public-ipv4", None),
        ("meta-data/instance-id/deeper", None),
    ],
)
def test_a_path_is_a_value_or_a_listing_in_which_directories_end_in_a_slash(path: str, found: bytes | None) -> None:
    assert imds.look_up(TREE, path) == found


def test_nothing_is_told_without_a_token(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "/latest/meta-data/instance-id") == (401, b"")
    assert ask(connection, "/latest/meta-data/instance-id", "invented") == (401, b"")


def test_a_token_opens_every_version_of_the_service(connection: http.client.HTTPConnection) -> None:
    status, token = take_token(connection)
    assert status == 200
    assert ask(connection, "/latest/meta-data/instance-id", token) == (200, b"i-1")
    assert ask(connection, "/2021-03-23/user-data", token) == (200, b"\x1f\x8b")
    assert ask(connection, "/latest/meta-data/spot", token)[0] == 404


@pytest.mark.parametrize("lifetime_s", ["", "0", "21601", "long"])
def test_a_token_of_no_or_too_long_a_life_is_refused(connection: http.client.HTTPConnection, lifetime_s: str) -> None:
    assert take_token(connection, lifetime_s)[0] == 400
