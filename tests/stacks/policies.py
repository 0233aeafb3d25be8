"""The policies of a synthesised template, by the name of their role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One statement, its actions and resources as lists."""

    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    conditions: Mapping[str, Mapping[str, Any]]


def of(template: Mapping[str, Any]) -> dict[str, list[Statement]]:
    """By role. A role without a name of its own has its logical id."""
    found: dict[str, list[Statement]] = {}
    ids = {}
    for id, one in template["Resources"].items():
        if one["Type"] == "AWS::IAM::Role":
            ids[id] = one["Properties"].get("RoleName", id)
            found[ids[id]] = [
                statement
                for policy in one["Properties"].get("Policies", [])
                for statement in _statements(policy["PolicyDocument"])
            ]
    for one in template["Resources"].values():
        if one["Type"] == "AWS::IAM::Policy":
            for role in one["Properties"]["Roles"]:
                found[ids[role["Ref"]]] += _statements(one["Properties"]["PolicyDocument"])
    return found


def actions(statements: list[Statement]) -> set[str]:
    """All of them."""
    return {action for statement in statements for action in statement.actions}


def _statements(document: Mapping[str, Any]) -> Iterator[Statement]:
    for one in document["Statement"]:
        assert one["Effect"] == "Allow"
        yield Statement(_list(one["Action"]), _list(one["Resource"]), one.get("Condition", {}))


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
