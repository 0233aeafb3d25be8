"""A customer's account in an in-process AWS, with or without a deployed link, and a Function with a given answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore import handlers

from causeway import __main__
from lambdas.clouds import function
from link.errors import CausewayError
from link.facts import AzureFacts
from link.spec import LinkSpec
from tests import worlds
from tests.lambdas.conftest import World, no_cloud, world

__all__ = ["no_cloud", "world"]
Says = Callable[[AzureFacts | CausewayError], None]


class Command:
    """The command line over a cdk.json that declares a test's links."""

    def __init__(self, path: Path, printed: pytest.CaptureFixture[str]) -> None:
        self._path = path
        self._printed = printed

    def __call__(self, name: str, *links: LinkSpec, more: tuple[str, ...] = ()) -> tuple[int, str]:
        """The exit status and all that was printed, each white space as one space."""
        declared = [json.loads(link.model_dump_json(exclude_none=True)) for link in links]
        self._path.write_text(json.dumps({"context": {"links": declared}}))
        about = [] if name == "doctor" else ["prod"]
        status = __main__.main([name, *about, "--cdk-json", str(self._path), *more])
        return status, " ".join("".join(self._printed.readouterr()).split())


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, with a cdk.json of the test's own."""
    return Command(tmp_path / "cdk.json", capsys)


@dataclass(frozen=True)
class Answered:
    """What botocore reads of an HTTP answer."""

    status_code: int
    headers: dict[str, str] = field(default_factory=dict)


class Stack:
    """CloudFormation's and Lambda's answers; moto's own need packages that nothing else here needs."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.environment: dict[str, str] | None = None

    def describe_stacks(self, **_: object) -> tuple[Answered, dict[str, Any]]:
        """What botocore gets in place of asking AWS."""
        if self.status is None:
            return _error("ValidationError", "Stack with id causeway-prod does not exist")
        return Answered(200), {"Stacks": [{"StackStatus": self.status}]}

    def get_function_configuration(self, **_: object) -> tuple[Answered, dict[str, Any]]:
        """What botocore gets in place of asking AWS."""
        if self.environment is None:
            return _error("ResourceNotFoundException", "Function not found: causeway-prod-Discover")
        return Answered(200), {"Environment": {"Variables": self.environment}}


def _error(code: str, message: str) -> tuple[Answered, dict[str, Any]]:
    return Answered(400), {"Error": {"Code": code, "Message": message}}


def register(monkeypatch: pytest.MonkeyPatch, event: str, handler: Callable[..., object]) -> None:
    """Has botocore call the handler in every session that is made from now on."""
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, (event, handler)])


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """No stack of the link yet."""
    made = Stack()
    register(monkeypatch, "before-call.cloudformation.DescribeStacks", made.describe_stacks)
    register(monkeypatch, "before-call.lambda.GetFunctionConfiguration", made.get_function_configuration)
    return made


@pytest.fixture
def deployed(world: World, stack: Stack) -> World:
    """The link's stack is there; no walk has done anything yet."""
    settings = world.settings.model_dump(mode="json", exclude={"spec", "region"})
    stack.status = "CREATE_COMPLETE"
    stack.environment = {f"CAUSEWAY_{name.upper()}": value for name, value in settings.items()}
    stack.environment["CAUSEWAY_SPEC"] = world.settings.spec.model_dump_json(exclude_defaults=True)
    return world


@pytest.fixture
def azure_says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Lets the Function answer, or not. At first it sees the Azure side before Causeway."""

    def says(answer: AzureFacts | CausewayError) -> None:
        def look(*_: object) -> AzureFacts:
            if isinstance(answer, CausewayError):
                raise answer
            return answer

        monkeypatch.setattr(function, "look", look)

    says(worlds.azure())
    return says
