"""CloudFormation is answered once a walk ends, however it ends; the Function's words reach a person."""

import json
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.stub import Stubber
from pydantic import AnyHttpUrl

from lambdas import settings
from lambdas.clouds import dynamo, function, table, walks
from lambdas.handlers import answer_for_walk, connect_azure, deploy_link, disconnect_azure, report, verify
from link import plan, verdict
from link.errors import CloudBusy, CloudRefused, FunctionUnreachable, LinkNotVerified, Refused
from tests import worlds
from tests.lambdas.conftest import Issuer, World
from tests.lambdas.test_walk import Context
from tests.serving import served


class Listener(HTTPServer):
    """Keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.reply: tuple[int, str] = (200, "")
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, json.loads(self.rfile.read(length)), headers))
        status, body = self.server.reply
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_PUT

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with served(Listener()) as server:
        yield server


def _request(listener: Listener, kind: str = "Create") -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": f"{listener.url}/answer?signed=1",
        "StackId": "stack",
        "RequestId": "request-1",
        "LogicalResourceId": "Link",
        "ResourceProperties": {"SpecDigest": "d"},
    }


def _answer(listener: Listener) -> dict[str, Any]:
    fields = {
        key: value for key, value in _request(listener).items() if key not in ("RequestType", "ResourceProperties")
    }
    return {**fields, "PhysicalResourceId": "causeway-prod"}


def _walk(listener: Listener, **more: Any) -> dict[str, Any]:
    return {"walk": {"link": "prod", "wanted": "up", "answer": _answer(listener), **more}, "execution": "w"}


@pytest.mark.parametrize(("kind", "wanted"), [("Create", "up"), ("Update", "up"), ("Delete", "down")])
def test_a_request_starts_a_walk_once_and_waits_for_nothing(
    world: World, listener: Listener, kind: str, wanted: str
) -> None:
    with Stubber(walks._stepfunctions()) as stub:
        document = json.dumps({"link": "prod", "wanted": wanted, "answer": _answer(listener)})
        started = {"stateMachineArn": world.settings.state_machine, "name": "request-1", "input": document}
        stub.add_response("start_execution", {"executionArn": "arn:aws:e", "startDate": worlds.NOW}, started)
        deploy_link.handler(_request(listener, kind), Context())
    assert listener.got == []


def test_a_walk_that_cannot_start_is_answered_at_once(world: World, listener: Listener) -> None:
    with Stubber(walks._stepfunctions()) as stub:
        stub.add_client_error("start_execution", "AccessDeniedException", "no")
        with pytest.raises(CloudRefused):
            deploy_link.handler(_request(listener), Context())
    ((_, body, _),) = listener.got
    assert body["Status"] == "FAILED"
    assert "AccessDeniedException" in body["Reason"]


def test_success_carries_the_verdict(world: World, listener: Listener) -> None:
    report.handler(_walk(listener, verdict={"state": "up", "reason": "Verified", "message": "it answered"}), Context())
    ((path, body, headers),) = listener.got
    assert (path, body["Status"], body["Data"]["Reason"]) == ("/answer?signed=1", "SUCCESS", "Verified")
    assert headers["content-type"] == ""


def test_failure_names_the_error_and_its_sentence(world: World, listener: Listener) -> None:
    cause = json.dumps({"errorMessage": "OverlappingRanges: a overlaps b", "errorType": "Refused"})
    failed = {"Preflight": {"Error": "Refused", "Cause": cause}}
    result = report.handler(_walk(listener, failed=failed), Context())
    ((_, body, _),) = listener.got
    assert (body["Status"], body["Reason"]) == ("FAILED", "Refused: Preflight: OverlappingRanges: a overlaps b")
    assert (result["outcome"], result["reason"]) == ("failure", "Refused")


def test_an_answer_that_is_too_long_is_whole_in_the_table(world: World, listener: Listener) -> None:
    """CloudFormation fails a resource by such an answer, and would take a verified link away."""
    warnings = [f'RouteShadowed: {number} "quoted"\n' * 20 for number in range(20)]
    preflight = {"warnings": warnings, "subnet": "subnet-a"}
    verified = {"state": "up", "reason": "Verified", "message": "it answered"}
    report.handler(_walk(listener, preflight=preflight, verdict=verified), Context())
    ((_, body, _),) = listener.got
    assert len(json.dumps(body)) <= 4096
    assert (body["Status"], body["Data"]["Message"]) == ("SUCCESS", "it answered")
    assert "item report of table link, or the log of causeway-prod-Report" in body["Data"]["Warnings"]
    assert list(json.loads(dynamo.get("link", "report")["document"])["warnings"]) == warnings


def test_what_was_said_is_kept_when_the_answer_fails(world: World, listener: Listener) -> None:
    failed = {"Preflight": {"Error": "Refused", "Cause": json.dumps({"errorMessage": "RouteTaken: r\n" * 200})}}
    event = _walk(listener, failed=failed, preflight={"warnings": ["w"], "subnet": "subnet-a"})
    event["walk"]["answer"]["ResponseURL"] = "http://127.0.0.1:9/answer"
    with pytest.raises(CloudBusy):
        report.handler(event, Context())
    kept = json.loads(dynamo.get("link", "report")["document"])
    assert (kept["message"].count("RouteTaken"), kept["warnings"]) == (200, ["w"])


def test_a_report_that_cannot_be_kept_does_not_keep_cloudformation_waiting(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_table: str, _document: str) -> None:
        raise CloudRefused("item size has exceeded the maximum allowed size")

    monkeypatch.setattr(table, "put_report", refuse)
    report.handler(_walk(listener, failed={"Discover": {"Error": "Refused", "Cause": "no"}}), Context())
    ((_, body, _),) = listener.got
    assert body["Reason"] == "Refused: Discover: no"


def test_a_walk_that_ran_out_of_time_is_answered_for(listener: Listener) -> None:
    walk = json.dumps({"link": "prod", "wanted": "up", "answer": _answer(listener)})
    answer_for_walk.handler({"detail": {"status": "TIMED_OUT", "input": walk}}, Context())
    ((_, body, _),) = listener.got
    assert (body["Status"], body["Reason"]) == ("FAILED", "the walk ended TIMED_OUT:")


def test_a_walk_that_nobody_waits_for_is_not_answered() -> None:
    walk = json.dumps({"link": "prod", "wanted": "up", "answer": None})
    answer_for_walk.handler({"detail": {"status": "ABORTED", "input": walk}}, Context())


@pytest.fixture
def side(world: World, listener: Listener, issuer: Issuer) -> Any:
    """The Azure side with its Function at the listener. Only https is allowed in a spec, so the check is passed by."""
    return _at(world, listener)


def _look(side: Any) -> None:
    function.look(side, plan.azure_ref(worlds.spec(), worlds.DEPLOYED))


def test_the_function_is_asked_with_a_token_that_is_for_it_alone(side: Any, listener: Listener, issuer: Issuer) -> None:
    listener.reply = (200, worlds.azure().model_dump_json())
    _look(side)
    ((path, body, headers),) = listener.got
    assert (path, body["link"], headers["authorization"]) == ("/api/links/prod/look", "prod", "Bearer token-1")
    assert issuer.asked == [{"Audience": [listener.url], "SigningAlgorithm": "RS256", "DurationSeconds": 300}]


def test_a_token_is_kept_for_a_part_of_its_life(
    side: Any, listener: Listener, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.reply = (200, worlds.azure().model_dump_json())
    for second in (0, 60, 119, 120):
        monkeypatch.setattr(time, "time", lambda second=second: 1_200_000.0 + second)
        _look(side)
    assert [headers["authorization"] for *_, headers in listener.got] == [*["Bearer token-1"] * 3, "Bearer token-2"]


def test_the_end_point_that_is_asked_for_tokens_is_the_regions(no_cloud: None) -> None:
    """The global one issues none."""
    function._sts.cache_clear()
    assert function._sts().meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"
    function._sts.cache_clear()


@pytest.mark.parametrize(
    ("word", "kind", "said"),
    [
        ("OutboundWebIdentityFederationDisabled", Refused, "TokensDisabled: this account issues no web identity tok"),
        ("OutboundWebIdentityFederationDisabledException", Refused, "iam enable-outbound-web-identity-federation$"),
        ("Throttling", CloudBusy, "asking for a web identity token: .*as AWS says"),
        ("SessionDurationEscalationException", CloudBusy, "as AWS says"),
        ("AccessDenied", CloudRefused, "as AWS says"),
    ],
)
def test_without_a_token_nothing_is_asked_and_a_person_is_told_why(
    side: Any, listener: Listener, issuer: Issuer, word: str, kind: type[Exception], said: str
) -> None:
    issuer.refuses = word
    with pytest.raises(kind, match=said):
        _look(side)
    assert listener.got == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, FunctionUnreachable) for status in (500, 503, 429)),
        (401, FunctionUnreachable),  # the Function may not know a key or a role that is new
        (400, CloudRefused),
    ],
)
def test_what_the_function_says_is_kept_and_only_trouble_is_retried(
    side: Any, listener: Listener, status: int, kind: type[Exception]
) -> None:
    listener.reply = (status, json.dumps({"error": "the gateway is being updated"}))
    with pytest.raises(kind, match=f"answered {status}: the gateway is being updated"):
        _look(side)


def test_a_function_that_is_not_there_is_unreachable(side: Any, listener: Listener) -> None:
    gone = side.model_copy(update={"function_url": "http://127.0.0.1:9"})
    with pytest.raises(FunctionUnreachable, match="did not answer"):
        _look(gone)


def test_a_link_that_is_not_shown_to_be_up_is_looked_at_again_but_not_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch, listener: Listener, issuer: Issuer
) -> None:
    listener.reply = (200, worlds.azure().model_dump_json())
    spec = world.settings.spec.model_copy(update={"azure": _at(world, listener)})
    monkeypatch.setattr(settings, "load", cache(lambda: world.settings.model_copy(update={"spec": spec})))
    found = {"azure": worlds.azure().model_dump(mode="json"), "established": False, "serving": None}
    judged = verify.handler(_walk(listener, found=found), Context())
    assert (judged["state"], judged["reason"], judged["looks"], judged["unwanted"]) == (
        "unknown",
        "GatewaySilent",
        1,
        0,
    )
    with pytest.raises(LinkNotVerified, match="GatewaySilent: the gateway has not reported yet"):
        verify.handler(_walk(listener, found=found, verdict={**judged, "looks": verdict.PATIENCE - 1}), Context())


@pytest.mark.parametrize(("handler", "wanted"), [(connect_azure, "up"), (disconnect_azure, "down")])
def test_the_function_is_handed_what_is_wanted_and_whom_to_tell(
    world: World, monkeypatch: pytest.MonkeyPatch, listener: Listener, issuer: Issuer, handler: Any, wanted: str
) -> None:
    here = world.settings.model_copy(
        update={"spec": world.settings.spec.model_copy(update={"azure": _at(world, listener)})}
    )
    monkeypatch.setattr(settings, "load", cache(lambda: here))
    found = {"azure": worlds.azure().model_dump(mode="json"), "established": False, "serving": None}
    walk = {"link": "prod", "wanted": wanted, "found": found}
    table.own_azure_side("link", worlds.GUID, "network")
    handler.handler({"walk": walk, "execution": "w", "token": "token-1"}, Context())
    ((path, body, _),) = listener.got
    assert (path, body["task_token"]) == ("/api/links/prod/work", "token-1")
    assert (body["wanted"] is None) is (wanted == "down")


def _at(world: World, listener: Listener) -> Any:
    return world.settings.spec.azure.model_copy(update={"function_url": AnyHttpUrl(listener.url)})


def test_an_answer_that_cloudformation_did_not_get_is_given_again(world: World, listener: Listener) -> None:
    failed = {"failed": {"Discover": {"Error": "Refused", "Cause": "{}"}}}
    event = _walk(listener, **failed)
    event["walk"]["answer"]["ResponseURL"] = "http://127.0.0.1:9/answer"
    with pytest.raises(CloudBusy, match="answering CloudFormation"):
        report.handler(event, Context())
