"""The boot signal and the state that waits for it meet in any order, and a failure or a silence is explained."""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import StateReason

from lambdas import boots, settings
from lambdas.clouds import aws, dynamo, ec2_batches, table, walks
from lambdas.handlers import explain_boot, hear_gateway, launch_gateway, wait_for_boot
from link.errors import BootFailed, BootSilent, CloudBusy, CloudRefused, InstanceGone
from link.reading import Reading
from tests import worlds
from tests.lambdas.conftest import World
from tests.lambdas.test_walk import Context


def _event(token: str | None = None) -> dict[str, Any]:
    found = {"azure": worlds.azure().model_dump(mode="json"), "established": False, "serving": None}
    return {"walk": {"link": "prod", "wanted": "up", "found": found}, "execution": "walk-1", "token": token}


def _said(kind: str, **detail: str) -> dict[str, Any]:
    return {"detail-type": kind, "source": "causeway.gateway.prod", "detail": {"link": "prod", **detail}}


@pytest.fixture
def gateway(world: World) -> str:
    """The id of a gateway that was launched and has not spoken."""
    launch_gateway.handler(_event(), Context())
    return str(boto3.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"])


@pytest.fixture
def answers(gateway: str) -> Iterator[Stubber]:
    """The waiting states of Step Functions; every expected answer must be given."""
    with Stubber(walks._stepfunctions()) as stub:
        yield stub
        stub.assert_no_pending_responses()


def test_a_signal_after_the_wait_completes_it(gateway: str, answers: Stubber) -> None:
    wait_for_boot.handler(_event("token-1"), Context())
    answers.add_response("send_task_success", {}, {"taskToken": "token-1", "output": ANY})
    hear_gateway.handler(_said("GatewayBooted", instance=gateway, version="v1"), Context())


def test_a_signal_before_the_wait_lets_it_pass_at_once(gateway: str, answers: Stubber) -> None:
    hear_gateway.handler(_said("GatewayBooted", instance=gateway, version="v1"), Context())
    answers.add_response("send_task_success", {}, {"taskToken": "token-1", "output": ANY})
    wait_for_boot.handler(_event("token-1"), Context())


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_repeated_signal_after_the_state_ended_is_nobodys_fault(gateway: str, answers: Stubber, code: str) -> None:
    wait_for_boot.handler(_event("token-1"), Context())
    answers.add_client_error("send_task_success", code)
    hear_gateway.handler(_said("GatewayBooted", instance=gateway, version="v1"), Context())
    answers.add_client_error("send_task_failure", code)
    hear_gateway.handler(_said("GatewayBootFailed", instance=gateway, reason="DiskFull", message="no room"), Context())


def test_a_failure_that_is_told_fails_the_wait_with_its_reason(gateway: str, answers: Stubber) -> None:
    wait_for_boot.handler(_event("token-1"), Context())
    cause = "PackagesMissing: no mirror answered"
    answers.add_response("send_task_failure", {}, {"taskToken": "token-1", "error": "BootFailed", "cause": cause})
    failed = _said("GatewayBootFailed", instance=gateway, reason="PackagesMissing", message="no mirror answered")
    hear_gateway.handler(failed, Context())


def test_a_failure_that_came_first_fails_the_wait_too(gateway: str) -> None:
    failed = _said("GatewayBootFailed", instance=gateway, reason="PackagesMissing", message="no mirror answered")
    hear_gateway.handler(failed, Context())
    with pytest.raises(BootFailed, match="PackagesMissing: no mirror answered"):
        wait_for_boot.handler(_event("token-1"), Context())


def test_an_instance_that_is_not_shown_yet_is_looked_for_again(world: World) -> None:
    for launched in (None, "i-0123456789abcdef0"):
        if launched:
            table.note_launch("link", launched, ())
        with pytest.raises(CloudBusy, match="EC2 does not show the gateway instance yet"):
            wait_for_boot.handler(_event("token-1"), Context())


def _end(instance: str, code: str = "Client.InternalError", message: str = "Client error on launch") -> None:
    """As when EC2 may not use the key of the volume: moto has no reason of its own for it."""
    boto3.client("ec2").terminate_instances(InstanceIds=[instance])
    reservations = ec2_backends["123456789012"]["eu-west-1"].reservations.values()
    (item,) = (one for found in reservations for one in found.instances if one.id == instance)
    item.state_reason = StateReason(message, code)


def test_an_instance_that_ended_in_pending_is_named_at_once_with_ec2s_reason(gateway: str) -> None:
    _end(gateway, message="Client error\non launch" + "!" * 900)
    for handler, event in ((wait_for_boot.handler, _event("token-1")), (explain_boot.handler, _event())):
        with pytest.raises(InstanceGone) as raised:
            handler(event, Context())
        assert str(raised.value).startswith(f"{gateway} is terminated: Client.InternalError: Client error on launch!!")
        assert len(str(raised.value)) <= 300


def test_an_instance_that_has_stopped_itself_is_gone_too(gateway: str) -> None:
    boto3.client("ec2").stop_instances(InstanceIds=[gateway])
    with pytest.raises(InstanceGone, match=f"{gateway} is stopped: "):
        wait_for_boot.handler(_event("token-1"), Context())


def test_an_end_that_was_reported_before_the_token_was_left_is_seen(
    gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await_boot = table.await_boot

    def ends_meanwhile(*given: Any) -> table.Boot:
        _end(gateway)
        boots.fail_waits(_ended(gateway), [settings.load()])
        return await_boot(*given)

    monkeypatch.setattr(table, "await_boot", ends_meanwhile)
    with pytest.raises(InstanceGone, match="Client error on launch"):
        wait_for_boot.handler(_event("token-1"), Context())


def _ended(instance: str) -> dict[str, Any]:
    return {"source": "aws.ec2", "detail": {"instance-id": instance, "state": "terminated"}}


def test_an_end_while_the_walk_waits_ends_the_wait_with_ec2s_reason(gateway: str, answers: Stubber) -> None:
    wait_for_boot.handler(_event("token-1"), Context())
    _end(gateway, "Client.UserInitiatedShutdown", "User initiated shutdown")
    cause = f"{gateway} is terminated: Client.UserInitiatedShutdown: User initiated shutdown"
    expected = {"taskToken": "token-1", "error": "InstanceGone", "cause": cause}
    answers.add_response("send_task_failure", {}, expected)
    boots.fail_waits(_ended(gateway), [settings.load()])


def test_no_wait_is_ended_that_is_over_or_of_an_instance_that_lives(
    gateway: str, answers: Stubber, caplog: pytest.LogCaptureFixture
) -> None:
    """No call is expected of Step Functions but the answer to the boot."""
    wait_for_boot.handler(_event("token-1"), Context())
    boots.fail_waits(_ended(gateway), [settings.load()])
    boots.fail_waits({"detail-type": "GatewayTunnelLost", "detail": {}}, [settings.load()])
    answers.add_response("send_task_success", {}, {"taskToken": "token-1", "output": ANY})
    hear_gateway.handler(_said("GatewayBooted", instance=gateway, version="v1"), Context())
    _end(gateway)
    boots.fail_waits(_ended(gateway), [settings.load()])
    boots.fail_waits(_ended("i-0123456789abcdef0"), [settings.load()])
    assert "wait for the boot not ended" not in caplog.text


def test_a_cloud_that_fails_at_it_does_not_keep_the_watch_from_looking(gateway: str, answers: Stubber) -> None:
    wait_for_boot.handler(_event("token-1"), Context())
    _end(gateway)
    answers.add_client_error("send_task_failure", "AccessDeniedException")
    boots.fail_waits(_ended(gateway), [settings.load()])


def test_a_silent_gateway_is_explained_by_its_console(gateway: str) -> None:
    with pytest.raises(BootSilent, match=f"{gateway} did not report in time; its console ends:"):
        explain_boot.handler(_event(), Context())


@pytest.mark.parametrize("code", ["UnsupportedOperation", "InvalidParameterCombination"])
def test_the_present_console_is_read_or_the_buffer_where_ec2_has_no_other(world: World, code: str) -> None:
    encoded = base64.b64encode(b"boot: no mirror\n").decode()
    with Stubber(ec2_batches.ec2()) as ec2:
        ec2.add_response("get_console_output", {"Output": encoded}, {"InstanceId": "i-1", "Latest": True})
        assert aws.console_end("i-1") == "boot: no mirror"
        ec2.add_client_error("get_console_output", code)
        ec2.add_response("get_console_output", {"Output": encoded}, {"InstanceId": "i-1"})
        assert aws.console_end("i-1") == "boot: no mirror"
        ec2.add_client_error("get_console_output", "UnauthorizedOperation")
        with pytest.raises(CloudRefused, match="reading the console"):
            aws.console_end("i-1")


@pytest.mark.parametrize(
    "kind", ["GatewayReading", "GatewayTunnelLost", "GatewayTunnelBack", "GatewayConfigurationApplied"]
)
def test_a_reading_is_kept_under_whatever_name_it_is_told(gateway: str, kind: str) -> None:
    told = worlds.read(instance=gateway)
    hear_gateway.handler({"detail-type": kind, "detail": told.model_dump(mode="json")}, Context())
    assert table.reading("link") == told


def test_the_newest_remedy_of_the_gateways_own_is_kept(gateway: str) -> None:
    for minute, remedy in ((3, "reload"), (5, "restart"), (4, "kill")):
        why = {"remedy": remedy, "reason": "DaemonStopped", "because": "pluto did not run"}
        hear_gateway.handler(
            _said("GatewayHelped", instance=gateway, at=f"2026-11-23T14:0{minute}:00+00:00", **why), Context()
        )
    assert dynamo.get("link", "helped") == {
        "id": "helped",
        "at": "2026-11-23T14:05:00.000000+00:00",
        "remedy": "restart",
        "reason": "DaemonStopped",
        "because": "pluto did not run",
    }


def test_a_reading_that_comes_late_does_not_replace_a_newer_one(gateway: str) -> None:
    newer = worlds.read(instance=gateway)
    older = worlds.read(instance=gateway, version="v0", read_at=worlds.NOW - timedelta(microseconds=1))
    for told in (newer, older):
        hear_gateway.handler({"detail-type": "GatewayReading", "detail": told.model_dump(mode="json")}, Context())
    assert table.reading("link") == newer


@pytest.mark.parametrize(
    "event",
    [
        {"detail-type": "GatewayReading"},
        {"detail-type": "GatewayDances", "detail": {}},
        {"detail": {}},
        _said("GatewayBooted", instance="x" * 9000, version="v1"),
        _said(
            "GatewayHelped", instance="i-1", remedy="reload", reason="DaemonHung", because="b", at="9998-01-01T00:00Z"
        ),
        {"detail-type": "GatewayReading", "detail": worlds.read(outer_bytes_in=-1).model_dump(mode="json")},
    ],
)
def test_an_event_that_no_gateway_sends_is_dropped_and_named_without_its_words(
    world: World, event: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Raised, it would be delivered twice more."""
    hear_gateway.handler(event, Context())
    (logged,) = (vars(one) for one in caplog.records)
    assert (logged["msg"], logged["link"], bool(logged["why"])) == ("gateway event refused", "prod", True)
    assert "xxx" not in str(logged)
    items = dynamo.client().scan(TableName="link")["Items"]
    assert items == []


def _read_at(at: datetime, **changes: Any) -> Reading:
    return worlds.read(read_at=at, **changes)


def test_a_reading_that_is_older_is_kept_if_it_is_the_newest(world: World) -> None:
    for days, newest in ((9, 9), (8, 8), (9, 8)):
        table.put_reading("link", _read_at(worlds.NOW - timedelta(days=days)), worlds.NOW)
        assert table.reading("link") == _read_at(worlds.NOW - timedelta(days=newest))


@pytest.mark.parametrize(
    "kept",
    [
        {"read_at": {"S": "9999-12-31T00:00:00.000000+00:00"}, "document": {"S": "{}"}},
        {"read_at": {"S": "garbage"}},
        {"read_at": {"N": "1"}, "document": {"S": "{}"}},
        {"document": {"S": "{}"}},
    ],
)
def test_a_kept_reading_that_is_impossible_is_none_and_is_replaced_by_the_next(world: World, kept: Any) -> None:
    dynamo.client().put_item(TableName="link", Item={"id": {"S": "reading"}, **kept})
    assert table.reading("link") is None
    table.put_reading("link", worlds.read(), worlds.NOW)
    assert table.reading("link") == worlds.read()


def test_a_kept_reading_of_a_time_to_come_is_none(world: World) -> None:
    item = {"document": _read_at(worlds.NOW + timedelta(minutes=3)).model_dump_json()}
    assert table.kept_reading(item, worlds.NOW) is None
    assert table.kept_reading(item, worlds.NOW + timedelta(minutes=1)) is not None


def test_a_kept_remedy_of_a_time_to_come_is_replaced_too(world: World) -> None:
    dynamo.put("link", "helped", at="9999-12-31T00:00:00.000000+00:00", remedy="kill")
    why = {"remedy": "reload", "reason": "DaemonHung", "because": "b", "at": worlds.NOW.isoformat()}
    hear_gateway.handler(_said("GatewayHelped", instance="i-1", **why), Context())
    assert dynamo.get("link", "helped")["remedy"] == "reload"


def test_a_reading_can_be_forgotten(world: World) -> None:
    table.put_reading("link", worlds.read(), worlds.NOW)
    table.clear_reading("link")
    assert table.reading("link") is None
