"""The HTTP side of the Functions host, in front of an app that answers everything."""

import email.message
import json
import logging
from typing import Any

import pytest

from rehearsal import functions_host
from rehearsal.json_server import Request
from rehearsal.worker_messages import Message


class _App(functions_host.App):
    def __init__(self, level: dict[str, str]) -> None:
        trigger = {"type": "httpTrigger", "name": "req", "route": "links/{name}/look", "methods": ["POST"], **level}
        self.functions = [functions_host.Function("1", "look", trigger)]

    def invoke(self, function: functions_host.Function, data: Any, metadata: dict[str, Any]) -> Any:
        body = Message(bytes=json.dumps(data.http.params).encode())
        return Message(http=Message(status_code="200", body=body)), True


def _ask(level: dict[str, str], path: str) -> tuple[int, bytes]:
    headers = email.message.Message()
    headers["Host"], headers["X-Functions-Key"] = "localhost", "any"
    answer = functions_host.Routes(_App(level)).answer(Request("POST", path, {"code": "any"}, headers, b"{}"))
    return answer.status, answer.body


@pytest.mark.parametrize("level", [{"authLevel": "FUNCTION"}, {"authLevel": "ADMIN"}, {}])
def test_what_asks_for_a_key_opens_to_nobody(level: dict[str, str]) -> None:
    assert _ask(level, "/api/links/demo/look") == (401, b"")


@pytest.mark.parametrize("name", ["demo", "..%2Fdemo"])
def test_what_is_anonymous_is_asked_with_the_name_as_it_came(name: str) -> None:
    assert _ask({"authLevel": "ANONYMOUS"}, f"/api/links/{name}/look") == (200, json.dumps({"name": name}).encode())


def test_a_log_line_says_who_wrote_it() -> None:
    record = logging.makeLogRecord({"name": "azure_functions.callers", "msg": "refused", "link": "demo"})
    line = json.loads(functions_host.JsonFormatter().format(record))
    assert (line["from"], line["said"], line["link"]) == ("azure_functions.callers", "refused", "demo")
