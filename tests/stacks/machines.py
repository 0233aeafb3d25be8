"""Synthesises a link's stack for tests, and reads its state machine back as plain JSON."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from link.spec import LinkSpec
from stacks.link_stack import LinkStack
from tests import worlds

_ASSET = Path(__file__).resolve().parents[2] / "lambdas"


def synthesise(spec: LinkSpec) -> Template:
    """The template of one link."""
    return Template.from_stack(LinkStack(App(), spec, _ASSET))


@cache
def template() -> Template:
    """The template of the tests' link. Synthesis takes seconds, so it is done once."""
    return synthesise(worlds.spec())


def resources(kind: str) -> dict[str, Any]:
    """The template's resources of one type, by logical id."""
    return dict(template().find_resources(kind))


def text(value: Any) -> str:
    """A value of the template with names in the place of references."""
    match value:
        case str():
            return value
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(text(part) for part in parts)
        case {"Fn::GetAtt": [name, _]}:
            return str(name)
        case {"Ref": name}:
            return str(name)
        case _:
            raise ValueError(f"{value!r} is no text")


@cache
def states() -> dict[str, Any]:
    """The states by name."""
    (machine,) = resources("AWS::StepFunctions::StateMachine").values()
    definition = json.loads(text(machine["Properties"]["DefinitionString"]))
    return dict(definition["States"])


@cache
def definition() -> dict[str, Any]:
    """The whole definition."""
    (machine,) = resources("AWS::StepFunctions::StateMachine").values()
    return dict(json.loads(text(machine["Properties"]["DefinitionString"])))
