"""A request of which the caller was gone before it was whole is none. LocalEmu takes what has come for all of it.

An agent or a function that a drill kills may be in the middle of a call, and AWS answers none that is cut off.
"""

from collections.abc import Awaitable, Callable
from typing import Any

type Receive = Callable[[], Awaitable[dict[str, Any]]]


def mend() -> None:
    from localemu.utils.patch import patch  # here, because the tests have no LocalEmu
    from rolo import asgi

    @patch(asgi.RawHTTPRequestEventStreamAdapter.__init__)
    def whole(original: Any, self: Any, receive: Receive, *rest: Any, **named: Any) -> None:
        original(self, refusing(receive), *rest, **named)


def refusing(receive: Receive) -> Receive:
    """Raises ConnectionResetError where the next part of a request's body would have been."""

    async def part() -> dict[str, Any]:
        event = await receive()
        if event["type"] == "http.disconnect":  # ASGI: the caller has closed the connection
            raise ConnectionResetError("the caller was gone before its request was whole")
        return event

    return part
