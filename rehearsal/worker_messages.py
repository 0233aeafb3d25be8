"""Stand-ins for the protobuf messages that pass between the Functions host and Microsoft's Python worker library.

The library builds its answers from whatever classes it is given, and reads fields by name only: plain objects do.
"""

from types import SimpleNamespace
from typing import Any


class Message:
    """Any message. A field that was not given is None, as a protobuf field is empty."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        # The library tells one message from another by whether it has an attribute of a class's name.
        if name.startswith("__") or name[0].isupper():
            raise AttributeError(name)
        return None

    def WhichOneof(self, group: str) -> str | None:  # protobuf's own name
        """The one field that is set."""
        return next(iter(self.__dict__), None)


def _kind(name: str, **constants: Any) -> Any:
    return type(name, (Message,), constants)


class _Protos(SimpleNamespace):
    """The library's `protos`: every class that it asks for."""

    def __getattr__(self, name: str) -> Any:
        setattr(self, name, _kind(name))
        return self.__dict__[name]


PROTOS = _Protos(
    StatusResult=_kind("StatusResult", Failure=0, Success=1, Cancelled=2),
    BindingInfo=_kind("BindingInfo", DESCRIPTOR=None, out=1, inout=2, **{"in": 0}),
)
