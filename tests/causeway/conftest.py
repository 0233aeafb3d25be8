"""A customer's account in an in-process AWS, with or without a deployed link, and a Function with a given answer."""

import io
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from botocore import handlers

from causeway import __main__
from link.facts import AzureFacts
from link.spec import LinkSpec
from tests import worlds
from tests.lambdas.conftest import World, no_cloud, world

__all__ = ["no_cloud", "world"]
Says = Callable[[AzureFacts | Exception], None]
ISSUER = "https://11111111.tokens.sts.global.api.aws"
ME = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Network_1"


class Command:
    """The command line over a cdk.json that declares a test's links."""

    def __init__(self, path: Path, printed: pytest.CaptureFixture[str]) -> None:
        self._path = path
        self._printed = printed

    def __call__(self, name: str, *links: LinkSpec, more: tuple[str, ...] = (), **context: Any) -> tuple[int, str]:
        """The exit status and all that was printed, each white space as one space. `context`: what is declared too."""
        declared = [json.loads(link.model_dump_json(exclude_none=True)) for link in links]
        self._path.write_text(json.dumps({"context": {"links": declared, **context}}))
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
        self.tenants: str | None = None
        self.environment: dict[str, str] | None = None

    def describe_stacks(self, params: dict[str, Any], **_: object) -> tuple[Answered, dict[str, Any]]:
        """What botocore gets in place of asking AWS."""
        name = params["body"]["StackName"]
        status = self.tenants if name.startswith("CausewayTenant-") else self.status
        if status is None:
            return _error("ValidationError", f"Stack with id {name} does not exist")
        return Answered(200), {"Stacks": [{"StackStatus": status}]}

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


@dataclass
class Tokens:
    """What moto has not: the account's issuer of tokens. `refuses` is AWS's word for giving none."""

    enabled: bool = True
    refuses: str | None = None

    def info(self, **_: object) -> tuple[Answered, dict[str, Any]]:
        """What botocore gets in place of asking AWS."""
        if not self.enabled:
            return _error("FeatureDisabled", "outbound web identity federation is not enabled")
        return Answered(200), {"IssuerIdentifier": ISSUER, "JwtVendingEnabled": True}

    def give(self, **_: object) -> tuple[Answered, dict[str, Any]]:
        """What botocore gets in place of asking AWS."""
        if self.refuses or not self.enabled:
            return _error(self.refuses or "OutboundWebIdentityFederationDisabledException", "as AWS says")
        return Answered(200), {"WebIdentityToken": jwt.encode({"sub": ME}, "a" * 32, "HS256")}


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    """An account that issues tokens."""
    made = Tokens()
    register(monkeypatch, "before-call.iam.GetOutboundWebIdentityFederationInfo", made.info)
    register(monkeypatch, "before-call.sts.GetWebIdentityToken", made.give)
    return made


@pytest.fixture
def azure_says(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Lets the Function answer, or not. At first it sees the Azure side before Causeway."""

    def says(answer: AzureFacts | Exception) -> None:
        def opened(request: urllib.request.Request, timeout: float) -> io.BytesIO:
            assert request.headers["Authorization"].startswith("Bearer ey")
            if isinstance(answer, Exception):
                raise answer
            return io.BytesIO(answer.model_dump_json().encode())

        monkeypatch.setattr(urllib.request, "urlopen", opened)

    says(worlds.azure())
    return says
