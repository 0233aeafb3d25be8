"""The hostile requests are what they claim to be, arrive as they are written, and what they meet is judged."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from rehearsal import functions_log, hostile, places, tls
from rehearsal.emulator.causeway_emulator.issuer import Issuer
from rehearsal.json_server import Answer, Request, Server

AUDIENCE = "https://localhost:7071"
AWS = Issuer(places.AWS_ISSUER, "RSA_0")


@pytest.fixture
def attacks(tmp_path: Path) -> dict[str, hostile.Attack]:
    """By what they are."""
    AWS.publish(tmp_path / "aws.json")
    key_set = (tmp_path / "aws.json").read_bytes()
    claims = {"sub": "reader", "aud": AUDIENCE, "exp": int(time.time()) + 60}
    tokens = hostile.Tokens(AWS.sign(claims), "expired", "for another", "of another", key_set)
    return {attack.what: attack for attack in hostile.attacks("demo", tokens)}


def _verified(attack: hostile.Attack) -> Any:
    return jwt.decode(attack.token, AWS.public_key, ["RS256"], audience=AUDIENCE, issuer=places.AWS_ISSUER)


@pytest.mark.parametrize(
    ("what", "algorithm", "error"),
    [
        ("a token that another key has signed under the name of AWS's", "RS256", jwt.InvalidSignatureError),
        ("a token without a signature", "none", jwt.InvalidAlgorithmError),
        ("a token signed with AWS's public key as a secret", "HS256", jwt.InvalidAlgorithmError),
    ],
)
def test_a_forged_token_is_right_in_all_but_its_signature(
    attacks: dict[str, hostile.Attack], what: str, algorithm: str, error: type[Exception]
) -> None:
    token = attacks[what].token
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    assert (header["kid"], header["alg"]) == ("RSA_0", algorithm)
    assert (claims["iss"], claims["aud"]) == (places.AWS_ISSUER, AUDIENCE)
    assert claims["sub"] == "arn:aws:iam::000000000000:role/causeway-demo-ConnectAzure"
    with pytest.raises(error):
        _verified(attacks[what])


def test_who_may_only_look_has_a_good_token(attacks: dict[str, hostile.Attack]) -> None:
    one = attacks["work for one who may only look"]
    assert (_verified(one)["sub"], one.path, one.status) == ("reader", "/api/links/demo/work", 401)
    other = attacks["a good token, and no JSON"]
    assert (_verified(other)["sub"], other.body, other.status) == ("reader", b"{", 400)


@pytest.fixture
def arrived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """A host that refuses everything with 401."""
    requests: list[Request] = []
    monkeypatch.setattr(places, "TLS", tmp_path)
    tls.make()

    def refuse(request: Request) -> Answer:
        requests.append(request)
        return Answer(401)

    server = Server(0, refuse, tmp_path)
    server.run()
    monkeypatch.setattr(places, "FUNCTIONS_URL", f"https://localhost:{server.server_port}")
    yield requests
    server.shutdown()
    server.server_close()


def test_each_request_arrives_as_it_is_written(attacks: dict[str, hostile.Attack], arrived: list[Request]) -> None:
    assert {hostile.send(attack) for attack in attacks.values()} == {401}
    for attack, request in zip(attacks.values(), arrived, strict=True):
        assert (request.path, request.body) == (attack.path, attack.body)
        assert request.headers.get("Authorization") == (f"Bearer {attack.token}" if attack.token else None)
    assert "/api/links/..%2Fdemo/look" in [request.path for request in arrived]


@pytest.mark.parametrize(
    ("wanted", "status", "lines", "wrong"),
    [
        (401, 401, 1, []),
        (401, 200, 1, ["answered 200, not 401"]),
        (401, 401, 0, ["0 lines in the Function's log"]),
        (401, 401, 2, ["2 lines in the Function's log"]),
        (400, 400, 0, []),
        (400, 400, 1, []),
        (400, 500, 2, ["answered 500, not 400", "2 lines in the Function's log"]),
    ],
)
def test_an_answer_is_judged_by_its_status_and_its_line(wanted: int, status: int, lines: int, wrong: list[str]) -> None:
    attack = hostile.Attack("any", "", "/", status=wanted)
    assert hostile.wrong(attack, status, ["a line"] * lines) == wrong


@pytest.mark.parametrize(
    ("log", "told"), [("said: refused", False), ("said: head.body.sign", True), ("said: body", True)]
)
def test_a_part_of_a_token_is_told_too(log: str, told: bool) -> None:
    assert hostile.told("head.body.sign", log) is told
    assert not hostile.told("", log)


def test_the_hosts_own_lines_are_not_the_apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LOGS", tmp_path)
    of_app, of_host = json.dumps({"from": "azure_functions", "said": "x"}), json.dumps({"from": functions_log.HOST})
    (tmp_path / "functions.log").write_text(f"{of_host}\n{of_app}\nTraceback\n1\n")
    assert functions_log.of_app() == [of_app, "Traceback", "1"]
