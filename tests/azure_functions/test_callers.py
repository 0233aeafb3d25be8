"""Nobody but the account's own roles is heard, each for what it asks by its nature; a stranger leaves one line.

The hostile requests are in hostile.py.
"""

import json
import logging
import time
from typing import Any

import jwt
import pytest

from azure_functions import callers
from tests.azure_functions import fakes, tokens
from tests.azure_functions.app import STATES, App
from tests.azure_functions.hostile import NAMES, OTHERS, SCHEMES, SUBJECTS, TOKENS
from tests.azure_functions.tokens import role

REF = fakes.REF.model_dump(mode="json")
BODIES: dict[str, Any] = {"look_at_link": REF, "accept_work": fakes.WORK.model_dump(mode="json")}
HANDLERS = sorted(BODIES)
UNAUTHORIZED = (401, {"error": "unauthorized"})
WATCH = role("CausewayWatch-eu-west-1")


@pytest.fixture
def stranger(app: App, caplog: pytest.LogCaptureFixture) -> App:
    """The app, in which a touched fake raises."""
    app.arm.raises = AssertionError("a stranger has reached Azure")
    caplog.set_level(logging.INFO)
    return app


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _own(handler: str) -> str:
    return role(f"causeway-prod-{STATES[handler]}")


def _refused(app: App, caplog: pytest.LogCaptureFixture, answer: tuple[int, Any], headers: dict[str, str]) -> None:
    """Nothing said, nothing done, one line; and none of the request's own words in it."""
    assert answer == UNAUTHORIZED
    assert (app.queue.sent, app.aws.heartbeats, app.aws.outputs, app.aws.causes) == ([], 0, [], [])
    (line,) = caplog.records
    assert (line.levelname, line.msg) == ("WARNING", "caller refused")
    written = str(vars(line))
    assert vars(line)["why"] and not line.exc_info and "stranger.example" not in written
    for part in " ".join(headers.values()).replace(",", " ").replace(".", " ").split():
        assert part == "Bearer" or len(part) < 8 or part not in written


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_aws_did_not_make_for_us_now_is_refused(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, name: str
) -> None:
    headers = _bearer(TOKENS[name](stranger.issuer, _own(handler)))
    _refused(stranger, caplog, stranger.send(handler, BODIES[handler], headers), headers)


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("name", SCHEMES)
def test_a_token_that_is_not_borne_alone_as_a_bearer_token_is_refused(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, name: str
) -> None:
    headers = SCHEMES[name](stranger.issuer.token(_own(handler)))
    _refused(stranger, caplog, stranger.send(handler, BODIES[handler], headers), headers)


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_role_that_only_looks_like_ours_is_refused(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, name: str
) -> None:
    subject = SUBJECTS[name].format(f"causeway-prod-{STATES[handler]}")
    headers = _bearer(stranger.issuer.token(subject))
    _refused(stranger, caplog, stranger.send(handler, BODIES[handler], headers), headers)


@pytest.mark.parametrize(
    ("handler", "subject"),
    [
        *(("accept_work", one) for one in (WATCH, tokens.READER, role("causeway-prod-Discover"))),
        ("accept_work", role("causeway-prod-Verify")),
        *(("look_at_link", role(f"causeway-prod-{state}")) for state in ("ConnectAzure", "DisconnectAzure")),
    ],
)
def test_who_looks_may_not_work_and_who_works_may_not_look(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, subject: str
) -> None:
    headers = _bearer(stranger.issuer.token(subject))
    _refused(stranger, caplog, stranger.send(handler, BODIES[handler], headers), headers)


def _with(handler: str, changes: dict[str, str]) -> Any:
    body = BODIES[handler]
    return {**body, **changes} if handler == "look_at_link" else {**body, "ref": {**REF, **changes}}


@pytest.mark.parametrize(
    ("handler", "subject"),
    [(one, _own(one)) for one in HANDLERS] + [("look_at_link", one) for one in (WATCH, tokens.READER)],
    ids=[*HANDLERS, "the watch", "a reader"],
)
@pytest.mark.parametrize("name", OTHERS)
def test_a_body_that_names_anything_of_others_is_refused(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, subject: str, name: str
) -> None:
    headers = _bearer(stranger.issuer.token(subject))
    _refused(stranger, caplog, stranger.send(handler, _with(handler, OTHERS[name]), headers), headers)


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("subject", ["its own", WATCH])
def test_an_address_that_names_no_link_is_refused_whoever_asks(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, name: str, subject: str
) -> None:
    own = role(f"causeway-{name}-{STATES[handler]}")
    headers = _bearer(stranger.issuer.token(own if subject == "its own" else subject))
    _refused(stranger, caplog, stranger.send(handler, _with(handler, {"link": name}), headers, name), headers)


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("body", [b"", b"{", b"x" * (callers.BODY_LIMIT + 1), b"\xff"])
def test_a_body_is_not_read_for_a_stranger(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str, body: bytes
) -> None:
    _refused(stranger, caplog, stranger.send(handler, body, {}), {})


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_body_that_is_too_large_is_not_read_for_anybody(
    stranger: App, caplog: pytest.LogCaptureFixture, handler: str
) -> None:
    headers = _bearer(stranger.issuer.token(_own(handler)))
    body = json.dumps(BODIES[handler]).encode().ljust(callers.BODY_LIMIT + 1)
    _refused(stranger, caplog, stranger.send(handler, body, headers), headers)


@pytest.mark.parametrize("handler", HANDLERS)
def test_one_of_ours_is_told_what_is_wrong_with_the_body(stranger: App, handler: str) -> None:
    status, answer = stranger.send(handler, b"{", _bearer(stranger.issuer.token(_own(handler))))
    assert status == 400 and answer["error"].startswith("body: Invalid JSON")


@pytest.mark.parametrize(
    ("handler", "subject", "status"),
    [
        ("look_at_link", role("causeway-prod-Discover"), 200),
        ("look_at_link", role("causeway-prod-Verify"), 200),
        ("look_at_link", WATCH, 200),
        ("look_at_link", tokens.READER, 200),
        ("accept_work", role("causeway-prod-ConnectAzure"), 202),
        ("accept_work", role("causeway-prod-DisconnectAzure"), 202),
    ],
)
@pytest.mark.parametrize("audience", [tokens.AUDIENCE, [tokens.AUDIENCE]])
def test_who_may_is_heard(app: App, handler: str, subject: str, status: int, audience: Any) -> None:
    headers = _bearer(app.issuer.token(subject, aud=audience, iat=int(time.time()) + 20))  # a clock that is ahead
    assert app.send(handler, BODIES[handler], headers)[0] == status


def test_a_link_of_another_partition_is_heard_when_all_of_it_is_there(app: App) -> None:
    token = app.issuer.token(role("causeway-prod-Discover", partition="aws-cn"))
    body = _with("look_at_link", OTHERS["another partition's secret"])
    assert app.send("look_at_link", body, _bearer(token))[0] == 200


def _ask(app: App, token: str) -> int:
    return app.send("look_at_link", REF, _bearer(token))[0]


def test_strangers_cost_the_issuer_one_question_and_keep_nobody_out(app: App) -> None:
    own, claims = app.issuer.token(_own("look_at_link")), app.issuer.claims(_own("look_at_link"))
    for number in range(20):
        made = jwt.encode(claims, tokens.key("stranger"), "RS256", {"kid": f"invented-{number}"})
        assert (_ask(app, made), _ask(app, own)) == (401, 200)
    assert app.issuer.asked == 1


def test_a_token_that_cannot_be_right_costs_the_issuer_nothing(app: App) -> None:
    for name in ("the public key as a secret", "no signature", "an elliptic key", "no key id", "too long"):
        assert _ask(app, TOKENS[name](app.issuer, _own("look_at_link"))) == 401
    assert app.issuer.asked == 0


def test_an_issuer_that_does_not_answer_is_not_asked_with_every_request(app: App) -> None:
    app.issuer.broken = True
    assert [_ask(app, app.issuer.token(_own("look_at_link"))) for _ in range(5)] == [401] * 5
    assert app.issuer.asked == 1


def test_a_new_key_of_the_issuer_is_known_after_a_pause(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ask(app, app.issuer.token(_own("look_at_link"))) == 200
    app.issuer.keys["RSA_2"] = tokens.key("new")
    new = jwt.encode(app.issuer.claims(_own("look_at_link")), tokens.key("new"), "RS256", {"kid": "RSA_2"})
    assert _ask(app, new) == 401
    monkeypatch.setattr(callers, "PAUSE_S", 0.0)
    assert _ask(app, new) == 200
