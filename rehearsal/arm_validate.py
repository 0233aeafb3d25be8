"""Checks a request body against the generated models of azure-mgmt-network, as ARM's own request parser would.

The models come from the same API description as ARM's parser: names on the wire, required fields and enumerations.
What ARM says in such a case (InvalidRequestFormat) is its own; the wording after it is ours.
"""

import types
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

from azure.mgmt.network import models

KINDS: dict[str, Any] = {
    "virtualnetworks": models.VirtualNetwork,
    "virtualnetworkpeerings": models.VirtualNetworkPeering,
    "publicipaddresses": models.PublicIPAddress,
    "virtualnetworkgateways": models.VirtualNetworkGateway,
    "localnetworkgateways": models.LocalNetworkGateway,
    "connections": models.VirtualNetworkGatewayConnection,
    "sharedkey": models.ConnectionSharedKey,
}


def faults(kind: str, body: Any) -> list[str]:
    """Everything wrong with the body of a PUT, one line each."""
    return list(_object(KINDS[kind], body, "$"))


@cache
def _fields(model: Any) -> dict[str, tuple[Any, bool]]:
    """Name on the wire to (type, read-only). The models fill `_attr_to_rest_field` when the first one is made."""
    model.__new__(model)
    hints = typing.get_type_hints(model, localns={"_models": models})
    return {
        field._rest_name: (hints[name], field._visibility == ["read"])
        for name, field in model._attr_to_rest_field.items()
    }


def _object(model: Any, body: Any, path: str) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"{path}: expected an object"
        return
    fields = _fields(model)
    for name, value in body.items():
        if name not in fields:
            yield f"{path}.{name}: could not find member on object of type '{model.__name__}'"
        elif value is not None and not fields[name][1]:  # ARM ignores read-only fields in a PUT
            yield from _value(fields[name][0], value, f"{path}.{name}")
    for name, (kind, read_only) in fields.items():
        if body.get(name) is None and not read_only and type(None) not in typing.get_args(kind):
            yield f"{path}.{name}: is required"


def _value(kind: Any, value: Any, path: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        yield from _choice([argument for argument in arguments if argument is not type(None)], value, path)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: expected an array"
            return
        for index, item in enumerate(value):
            yield from _value(arguments[0], item, f"{path}[{index}]")
    elif hasattr(kind, "as_dict"):  # a model; its fields are known only after `_fields`
        yield from _object(kind, value, path)
    elif kind in (str, int, bool) and type(value) is not kind:
        yield f"{path}: expected {kind.__name__}"


def _choice(kinds: list[Any], value: Any, path: str) -> Iterator[str]:
    """Optional[X] or Union[str, Enumeration]; ARM compares enumerations without regard to case."""
    enumerations = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
    if not enumerations:
        yield from _value(kinds[0], value, path)
    elif not isinstance(value, str) or value.lower() not in {member.value.lower() for member in enumerations[0]}:
        yield f"{path}: {value!r} is not a {enumerations[0].__name__}"
