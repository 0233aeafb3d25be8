"""A Function that takes requests and never answers, over TLS as the real one."""

import threading
from pathlib import Path

from rehearsal.json_server import Answer, Request, Server


class _Quiet(Server):
    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a caller that went away before it was answered is as it should be."""


class Hanging:
    """Listens between `start` and `stop`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: Server | None = None
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """What it is called by. Raises LookupError where it does not listen."""
        if self._server is None:
            raise LookupError("the Function that hangs does not listen")
        return f"https://localhost:{self._server.server_port}"

    def start(self, certificates: Path) -> None:
        self._ended.clear()
        self._server = _Quiet(self._port, self._hang, certificates)
        self._server.run()

    def stop(self) -> None:
        """Ends also the requests that hang. It may be stopped twice."""
        self._ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _hang(self, _: Request) -> Answer:
        self._ended.wait()
        return Answer(503)
