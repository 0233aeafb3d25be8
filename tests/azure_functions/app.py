"""The app's module as the Functions host has it, with fakes behind it and an issuer of tokens before it."""

import importlib
import json
from types import ModuleType
from typing import Any

import azure.functions as func
import pytest

from azure_functions import callers
from azure_functions.edges import Edges
from tests.azure_functions import fakes, tokens

STATES = {"look_at_link": "Discover", "accept_work": "ConnectAzure"}
# Read once, when the module is imported first.
ENVIRONMENT = {
    "AWS_TOKEN_AUDIENCE": "api://tenant/causeway",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "CALLERS_ACCOUNT": tokens.ACCOUNT,
    "CALLERS_AUDIENCE": "https://app.example",
    "CALLERS_ISSUER": "https://issuer.example",
}


class App:
    """The handlers, and the fakes behind them."""

    def __init__(self, module: ModuleType, issuer: tokens.Issuer) -> None:
        self.module, self.issuer = module, issuer
        self.arm, self.aws, self.queue = fakes.FakeArm(), fakes.FakeAws(), fakes.FakeQueue()

    def post(self, handler: str, body: Any, name: str = "prod") -> tuple[int, Any]:
        """Status and body of the answer to the state of the walk that asks this."""
        token = self.issuer.token(tokens.role(f"causeway-prod-{STATES[handler]}"))
        return self.send(handler, body, {"Authorization": f"Bearer {token}"}, name)

    def send(self, handler: str, body: Any, headers: dict[str, str], name: str = "prod") -> tuple[int, Any]:
        """The same to whoever asks."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = func.HttpRequest(
            "POST", "https://app/api", headers=headers, body=content, route_params={"name": name}
        )
        answer = getattr(self.module, handler)(request)
        return answer.status_code, json.loads(answer.get_body())


def load(monkeypatch: pytest.MonkeyPatch, issuer: tokens.Issuer) -> App:
    """The app as it is after its start."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    app = App(importlib.import_module("azure_functions.function_app"), issuer)
    known = callers.Callers(issuer.settings)
    monkeypatch.setattr(app.module, "_edges", lambda: Edges(app.arm, app.aws, app.queue))
    monkeypatch.setattr(app.module, "_callers", lambda: known)
    return app
