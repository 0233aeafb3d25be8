"""The rehearsal's Resource Manager in this process, on ports of its own; its operations end when the test says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from rehearsal import arm_identity, arm_peers, places, tls
from rehearsal.arm_server import ResourceManager
from rehearsal.arm_store import Store
from rehearsal.emulator.causeway_emulator.issuer import Issuer
from rehearsal.json_server import Server

IDENTITY_HEADER = "a secret of the sandbox"
TENANT = "11111111-1111-4111-8111-111111111111"
OBJECT_ID = "33333333-3333-4333-8333-333333333333"


@cache
def issuer() -> Issuer:
    """One for all tests: its key takes longer to make than most of them to run."""
    return arm_identity.issuer(TENANT)


@dataclass
class Running:
    """The server's store, the folder of its files, and where it listens."""

    store: Store
    state: Path
    endpoint: str
    identity_endpoint: str
    authority: Path
    ends: list[Callable[[], None]]

    def settle(self) -> None:
        """Ends every operation that runs."""
        while self.ends:
            self.ends.pop(0)()


@contextmanager
def running(state: Path) -> Iterator[Running]:
    """Serves, with a certificate for localhost, and stands in for the sandbox of the managed identity."""
    ends: list[Callable[[], None]] = []
    store = Store(
        seconds=0,
        log=state / "operations.jsonl",
        changed=lambda changed: arm_peers.write(changed, state / "peers.json"),
        later=lambda seconds, end: ends.append(end),
    )
    identity = arm_identity.Identity(IDENTITY_HEADER, issuer(), OBJECT_ID)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "TLS", state)
        tls.make()
        manager = ResourceManager(store, identity, state / "status.json")
        servers = Server(0, identity.answer), Server(0, manager.answer, state)
        for server in servers:
            server.run()
        identity_endpoint = f"http://127.0.0.1:{servers[0].server_port}/msi/token"
        patch.setenv("IDENTITY_ENDPOINT", identity_endpoint)
        patch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        patch.setenv("REQUESTS_CA_BUNDLE", str(state / "ca.pem"))
        endpoint = f"https://localhost:{servers[1].server_port}"
        yield Running(store, state, endpoint, identity_endpoint, state / "ca.pem", ends)
        for server in servers:
            server.shutdown()
            server.server_close()
