"""Two links, of which one is bad: its row, its Function, its table; and which links come up for which drills."""

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from lambdas.settings import Settings
from link import region
from rehearsal import clients, places, rehearse, tls
from rehearsal.drills import alerts, bad_link, catalogue, commit, options, results
from rehearsal.drills.bad_link import BadLink
from rehearsal.drills.drill import Healer
from rehearsal.drills.healing import Healing
from rehearsal.hanging import Hanging
from tests import worlds
from tests.rehearsal.drill_scene import WHOLE
from tests.rehearsal.test_drill_results import COMMIT, asked, result

ROW = json.dumps({"spec": {"azure": {"function_url": "https://localhost:7071", "subscription": "s"}}, "table": "t"})


@pytest.fixture
def dynamo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto.mock_aws():
        client: Any = boto3.client("dynamodb", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(
            TableName=region.LINKS,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        client.put_item(TableName=region.LINKS, Item={"id": {"S": "one"}, "settings": {"S": ROW}})
        monkeypatch.setattr(clients, "aws", lambda service: client)
        yield client


def test_the_bad_link_is_the_first_and_both_share_a_vpc() -> None:
    assert bad_link.BAD.name < bad_link.GOOD.name
    assert bad_link.BAD.vpc == bad_link.GOOD.vpc


@pytest.mark.usefixtures("dynamo")
def test_a_spoilt_row_is_put_back_as_it_was() -> None:
    done: list[str] = []
    bad = BadLink("R", lambda row: bad_link.write_row(row[:9]), lambda: done.append("unspoilt"), lambda _: None)
    bad.restore(WHOLE)  # nothing was spoilt
    assert bad_link.row() == ROW
    bad.break_(WHOLE)
    assert bad_link.row() == ROW[:9]
    bad.restore(WHOLE)
    assert (bad_link.row(), done) == (ROW, ["unspoilt"] * 2)


@pytest.mark.usefixtures("dynamo")
def test_the_row_is_spoilt_before_the_gateway_dies() -> None:
    rows: list[str] = []
    bad_link.unreadable_row(lambda _: rows.append(bad_link.row())).break_(WHOLE)
    assert rows == [bad_link.UNREADABLE]
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(rows[0])


def test_only_the_function_s_address_is_another_in_the_row() -> None:
    changed = json.loads(bad_link.with_function(ROW, "https://localhost:7072"))
    assert changed["spec"]["azure"] == {"function_url": "https://localhost:7072", "subscription": "s"}
    assert changed["table"] == "t"


def test_a_row_with_another_function_is_one_that_the_watch_can_read() -> None:
    row = Settings(
        spec=worlds.spec(),
        deployment=worlds.DEPLOYMENT,
        region="eu-west-1",
        table="causeway-one-Table",
        psk_secret=worlds.PSK_SECRET,
        elastic_ip_allocation="eipalloc-1",
        security_group="sg-1",
        instance_profile="profile",
        state_machine="machine",
    ).model_dump_json()
    changed = Settings.model_validate_json(bad_link.with_function(row, "https://localhost:7072"))
    assert str(changed.spec.azure.function_url).rstrip("/") == "https://localhost:7072"


def test_a_function_that_hangs_takes_the_request_and_answers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TLS", tmp_path)
    tls.make()
    hanging = Hanging(0)
    with pytest.raises(LookupError):
        _ = hanging.url
    hanging.start(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    connection = http.client.HTTPSConnection(hanging.url.removeprefix("https://"), timeout=0.2, context=trust)
    with contextlib.closing(connection):
        connection.request("POST", "/api/links/one/look", b"{}")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        hanging.stop()
        hanging.stop()
    with pytest.raises(ConnectionRefusedError):
        connection.connect()


@pytest.mark.parametrize(("reason", "wrong"), [("RowUnreadable", []), ("Another", ["no alert of RowUnreadable"])])
def test_a_person_is_alerted_to_the_bad_link(reason: str, wrong: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    message = {"Subject": reason, "Message": "", "Timestamp": "1970-01-01T00:00:00+00:00"}
    monkeypatch.setattr(alerts, "told", lambda since: [message])
    bad = BadLink("RowUnreadable", lambda _: None, lambda: None, lambda _: None)
    assert [one.removesuffix(" of the bad link") for one in bad.judge(WHOLE, 0.0)] == wrong


def test_the_good_link_has_the_plain_drill_s_bound_and_sign() -> None:
    [plain] = catalogue.named("gateway-terminated")
    drills = catalogue.named("one-bad-link")
    assert [one.name.removeprefix("one-bad-link-") for one in drills] == [
        "row-unreadable",
        "function-hangs",
        "table-denied",
    ]
    assert all((one.sign, one.healer, one.extra_s) == (plain.sign, Healer.INSTANCE, 0.0) for one in drills)


def ran(*words: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many links came up, each time."""
    found: list[int] = []

    def came_up(links: int, status: int) -> int:
        found.append(links)
        return status

    monkeypatch.setattr(rehearse, "on_link", lambda act, **_: came_up(1, 0))
    monkeypatch.setattr(rehearse, "on_own_links", lambda act, links: came_up(len(links), 1))
    status = options.perform(asked(*words))
    assert status == (1 if 2 in found else 0)
    return found


@pytest.mark.parametrize(
    ("words", "links"),
    [
        (["one-bad-link"], [2]),
        (["one-bad-link-function-hangs"], [2]),
        (["route-deleted"], [1]),
        (["route-deleted", "one-bad-link"], [1, 2]),
        (["--all"], [1, 2]),
        (["--muted"], [1]),
    ],
)
def test_two_links_come_up_for_a_bad_one_alone(
    words: list[str], links: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran(*words, monkeypatch=monkeypatch) == links


def test_a_resumed_run_of_all_shows_the_way_down_again_and_no_bad_link_that_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path / "drills.json")
    monkeypatch.setattr(commit, "of_tree", lambda: COMMIT)
    passed = [result(one.name) for one in (*catalogue.DRILLS, *catalogue.BAD_LINK)]
    muted = [result(name, healing=Healing.MUTED.value) for name in catalogue.MUTED]
    results.save([*passed, *muted], COMMIT)
    assert ran("--all", "--resume", monkeypatch=monkeypatch) == [1]
    assert "one-bad-link-table-denied" in capsys.readouterr().out
