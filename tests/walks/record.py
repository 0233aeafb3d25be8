"""Writes down which AWS action each function asks for, as it asks for it: botocore's one way out, tapped.

What moto has not, or does otherwise than AWS, is answered here: Step Functions, Lambda, quotas, and dry runs.
"""

import contextlib
import importlib
import io
import json
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

import lambdas.handlers
from lambdas.clouds import dry_run, function, walks, watching
from rehearsal import prices
from rehearsal.json_server import Request
from tests.lambdas.test_walk import Context
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.test_faults import one_after_another

HOUR = timedelta(hours=1)
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
# By what a service is called in signatures: the prefix of its actions, where that is another (botocore, signingName).
PREFIXES = {"monitoring": "cloudwatch"}
# The pages "Actions, resources, and condition keys" of the Service Authorization Reference: operations whose action
# has another name. All others are called alike.
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
HANDLERS = {
    "".join(part.capitalize() for part in path.stem.split("_")): path.stem
    for path in Path(lambdas.handlers.__path__[0]).glob("[a-z]*.py")
}
_REAL = {"ask": dry_run.ask, "post": function._post, "wish": watching.ask, "walks": walks._stepfunctions}


@dataclass
class Record:
    """The actions of each function, by the name of its handler. Nobody's are not written down."""

    clouds: Clouds
    image: str
    actions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    acting: str | None = None
    mail_fails: bool = False

    @contextlib.contextmanager
    def of(self, name: str | None) -> Iterator[None]:
        """All calls from here on are this function's."""
        before, self.acting = self.acting, name
        try:
            yield
        finally:
            self.acting = before

    def note(self, service: str, operation: str) -> None:
        """A call of the function that acts. To take a role is no permission of that role."""
        action = f"{PREFIXES.get(service, service)}:{operation}"
        if self.acting and not operation.startswith("AssumeRole"):
            self.actions[self.acting].add(ACTIONS.get(action, action))

    def call(self, client: Any, operation: str, given: dict[str, Any], do: Callable[[], Any]) -> Any:
        """One call of the tapped way out."""
        service = client.meta.service_model.signing_name
        self.note(service, operation)
        if given.get("DryRun"):
            raise ClientError({"Error": {"Code": "DryRunOperation"}}, operation)
        if answer := getattr(self, f"_{xform_name(operation)}", None):
            return answer(given)
        return getattr(self.clouds.stepfunctions, xform_name(operation))(**given) if service == "states" else do()

    def _invoke(self, given: dict[str, Any]) -> Any:
        name = given["FunctionName"].rpartition("-")[2]
        if name not in HANDLERS:
            return {}  # the watch, which nobody waits for
        said = handler(name)(json.loads(given["Payload"]), Context())
        return {"Payload": io.BytesIO(json.dumps(said).encode())}

    def _get_parameter(self, given: dict[str, Any]) -> Any:
        return {"Parameter": {"Value": self.image}}

    def _get_service_quota(self, given: dict[str, Any]) -> Any:
        return {"Quota": {"Value": 1000}}

    def _get_web_identity_token(self, given: dict[str, Any]) -> Any:
        return {"WebIdentityToken": "token"}

    def _get_products(self, given: dict[str, Any]) -> Any:
        body = json.dumps({"ServiceCode": given["ServiceCode"], "Filters": given["Filters"]}).encode()
        headers = Message()
        headers["X-Amz-Target"] = prices.TARGET
        return prices.answer(Request("POST", "/", {}, headers, body)).body

    def _send_email(self, given: dict[str, Any]) -> Any:
        if self.mail_fails:
            raise ReadTimeoutError(endpoint_url="https://email.example")
        return {"MessageId": "id"}

    def _list_executions(self, given: dict[str, Any]) -> Any:
        return {
            "executions": [{"executionArn": "one", "startDate": NOW - HOUR, "stopDate": NOW, "status": "SUCCEEDED"}]
        }

    def _send_task_heartbeat(self, given: dict[str, Any]) -> Any:
        return {}

    def _publish(self, given: dict[str, Any]) -> Any:
        return {}

    def http(self, request: urllib.request.Request, timeout: float) -> Any:
        """The Function, or CloudFormation."""
        side = self.clouds.settings.spec.azure
        if not request.full_url.startswith(str(side.function_url)):
            return self.clouds.cloudformation(request, int(timeout))
        assert isinstance(request.data, bytes)
        with self.of(None):
            said = self.clouds.post(side, request.full_url, request.data.decode())
        return contextlib.nullcontext(SimpleNamespace(read=lambda: said))


def handler(name: str) -> Callable[[dict[str, Any], Any], Any]:
    """The handler of a function, as it is now."""
    found: Callable[[dict[str, Any], Any], Any] = importlib.import_module(f"lambdas.handlers.{HANDLERS[name]}").handler
    return found


def tap(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Everything that a function does is written down from now on. Each call of one is its cold start."""
    record = Record(clouds, clouds.settings.spec.aws.image or "")
    runner.change(clouds, monkeypatch, image=None)  # so that it is looked up by its parameter, as by default
    call = vars(BaseClient)["_make_api_call"]

    def api_call(client: Any, operation: str, given: dict[str, Any]) -> Any:
        return record.call(client, operation, given, lambda: call(client, operation, given))

    def named(name: str, do: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def run(event: Any, context: Any) -> Any:
            function._token.cache_clear()
            with record.of(name):
                return do(event, context)

        return run

    one_after_another(monkeypatch)
    for name, module in HANDLERS.items():
        monkeypatch.setattr(f"lambdas.handlers.{module}.handler", named(name, handler(name)))
    monkeypatch.setattr(BaseClient, "_make_api_call", api_call)
    monkeypatch.setattr(urllib.request, "urlopen", record.http)
    monkeypatch.setattr(dry_run, "ask", _REAL["ask"])
    monkeypatch.setattr(function, "_post", _REAL["post"])
    monkeypatch.setattr(watching, "ask", _REAL["wish"])
    monkeypatch.setattr(walks, "_stepfunctions", _REAL["walks"])
    return record
