"""A server of the test's own on loopback, in a thread, as long as it is needed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer


@contextmanager
def served[Server: HTTPServer](server: Server) -> Iterator[Server]:
    """Serves within the block; after it the port is free again."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
