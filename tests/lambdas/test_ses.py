"""Sending once: what SES took, what it surely did not, what nobody knows; and what would keep mail from arriving."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from moto import mock_aws
from moto.ses.models import ses_backends

from lambdas.clouds import ses
from link.errors import CausewayError, CloudBusy, CloudRefused, MailFateUnknown
from tests.serving import served

MAIL = b"From: causeway@example.com\r\nTo: finance@example.com\r\nSubject: x\r\n\r\nHello\r\n"
URL = "https://email.eu-west-1.amazonaws.com"


@dataclass
class Ses:
    """An SES on this machine. `answers`: what each path gets; None closes the connection without a word."""

    answers: dict[str, tuple[int, Any] | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ses]:
    told = Ses()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            told.asked.append(self.path)
            answer = told.answers.get(self.path, (404, {"__type": "NotFoundException"}))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, body = answer
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", body.get("__type", "") if isinstance(body, dict) else "")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode() if isinstance(body, dict) else body)

        do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            """Silence."""

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{server.server_port}")
        ses.client.cache_clear()
        yield told
    ses.client.cache_clear()


SEND = "/v2/email/outbound-emails"


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((400, {"__type": "MessageRejected", "message": "Email address is not verified"}), CloudRefused),
        ((400, {"__type": "SendingPausedException"}), CloudRefused),
        ((403, {"__type": "AccessDeniedException"}), CloudRefused),
        ((429, {"__type": "TooManyRequestsException"}), CloudBusy),
        ((400, {"__type": "ThrottlingException"}), CloudBusy),
        ((408, {"__type": "RequestTimeoutException"}), MailFateUnknown),
        ((500, {"__type": "InternalFailure"}), MailFateUnknown),
        ((503, {"__type": "ServiceUnavailable"}), MailFateUnknown),
        ((200, {}), MailFateUnknown),
        ((200, b"<html>a proxy's page</html>"), MailFateUnknown),
        (None, MailFateUnknown),
    ],
)
def test_what_surely_failed_is_told_from_what_nobody_knows_and_nothing_is_tried_twice(
    listening: Ses, answer: tuple[int, Any] | None, raised: type[CausewayError]
) -> None:
    listening.answers[SEND] = answer
    with pytest.raises(CausewayError) as caught:
        ses.send(MAIL)
    assert (type(caught.value), listening.asked) == (raised, [SEND])


def test_a_mail_that_ses_took_has_its_id(listening: Ses) -> None:
    listening.answers[SEND] = (200, {"MessageId": "0100"})
    assert ses.send(MAIL) == "0100"


def test_where_nobody_listens_the_mail_was_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{port}")
    ses.client.cache_clear()
    try:
        with pytest.raises(CloudBusy):
            ses.send(MAIL)
    finally:
        ses.client.cache_clear()


def _answered(status: int) -> ClientError:
    return ClientError({"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendEmail")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "sure"),
    [
        (EndpointConnectionError(endpoint_url=URL), True),
        (ConnectTimeoutError(endpoint_url=URL), True),
        (ProxyConnectionError(proxy_url=URL), True),
        (ReadTimeoutError(endpoint_url=URL), False),
        (ConnectionClosedError(endpoint_url=URL), False),
        (SSLError(endpoint_url=URL, error=OSError("broken off")), False),
        (_answered(400), True),
        (_answered(500), False),
        (ClientError({}, "SendEmail"), False),
    ],
)
def test_only_what_ended_before_the_request_left_or_was_refused_is_sure(error: Exception, sure: bool) -> None:
    assert ses.surely_not_sent(error) is sure


def test_the_message_goes_out_as_it_was_composed() -> None:
    with mock_aws():
        ses.client.cache_clear()
        boto3.client("sesv2").create_email_identity(EmailIdentity="causeway@example.com")
        assert ses.send(MAIL)
        (sent,) = ses_backends["123456789012"]["eu-west-1"].sent_messages
        assert (sent.raw_data, sent.source) == (MAIL.decode(), "causeway@example.com")
        assert sent.destinations == ["finance@example.com"]
    ses.client.cache_clear()


def test_an_unverified_sender_is_refused_and_so_may_be_tried_again() -> None:
    with mock_aws():
        ses.client.cache_clear()
        with pytest.raises(CloudRefused, match=r"causeway@example\.com"):
            ses.send(MAIL)
    ses.client.cache_clear()


IDENTITY = "/v2/email/identities/"
ACCOUNT = "/v2/email/account"
WELL = {"ProductionAccessEnabled": True, "SendingEnabled": True}


def _reasons(told: Ses, sender: str, identities: dict[str, str], account: dict[str, bool]) -> list[str]:
    told.answers[ACCOUNT] = (200, account)
    for identity, status in identities.items():
        told.answers[IDENTITY + identity.replace("@", "%40")] = (200, {"VerificationStatus": status})
    return [str(finding).partition(":")[0] for finding in ses.warnings(sender)]


@pytest.mark.parametrize(
    ("identities", "account", "reasons"),
    [
        ({"a@mail.example.com": "SUCCESS"}, WELL, []),
        ({"mail.example.com": "SUCCESS"}, WELL, []),
        ({"example.com": "SUCCESS", "a@mail.example.com": "PENDING"}, WELL, []),
        ({"com": "SUCCESS"}, WELL, ["SenderUnverified"]),
        ({}, WELL, ["SenderUnverified"]),
        ({"a@mail.example.com": "PENDING"}, WELL, ["SenderUnverified"]),
        ({"example.com": "SUCCESS"}, {**WELL, "ProductionAccessEnabled": False}, ["SesSandbox"]),
        ({"example.com": "SUCCESS"}, {**WELL, "SendingEnabled": False}, ["SesPaused"]),
        ({}, {}, ["SenderUnverified", "SesSandbox"]),
    ],
)
def test_what_would_keep_mail_from_arriving_is_warned_of_by_name(
    listening: Ses, identities: dict[str, str], account: dict[str, bool], reasons: list[str]
) -> None:
    assert _reasons(listening, "a@mail.example.com", identities, account) == reasons


def test_a_warning_says_what_was_found_and_what_to_do(listening: Ses) -> None:
    _reasons(listening, "a@example.com", {"a@example.com": "PENDING"}, WELL)
    (finding,) = ses.warnings("a@example.com")
    assert "a@example.com is PENDING" in finding.condition.message
    assert "create-email-identity" in finding.condition.remedy


def test_who_may_not_ask_is_told_so(listening: Ses) -> None:
    listening.answers[ACCOUNT] = (200, WELL)
    listening.answers[IDENTITY + "a%40example.com"] = (403, {"__type": "AccessDeniedException"})
    with pytest.raises(CloudRefused, match=r"asking SES about a@example\.com"):
        ses.warnings("a@example.com")
