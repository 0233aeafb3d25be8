"""Healing is the same walk on other facts: what the watch starts it with, what it mends, what it leaves for a look."""

from datetime import UTC, datetime

import boto3
import pytest

from lambdas import watch
from lambdas.clouds import alerts, aws, locks, memory, registry, table
from lambdas.handlers import deploy_link
from link.condition import Condition
from link.reading import Observation
from link.remedy import HealingState, Notification
from link.steps import State
from tests import worlds
from tests.lambdas.test_walk import Context
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.runner import Runner


def _document(*, reset: bool = False) -> dict[str, object]:
    why = {"trigger": "Scheduled Event", "reason": "GatewayMissing", "message": "it is gone"}
    return {"link": "prod", "wanted": "up", "answer": None, "why": why, "reset": reset}


def _look() -> watch.Outcome:
    """The watch's own look at the link."""
    (outcome,) = watch.look_at(registry.links(), watch.Asked("Scheduled Event", datetime.now(UTC), "topic"))
    return outcome


def test_a_link_that_was_verified_is_watched_and_nothing_is_wrong_with_it(established: Clouds) -> None:
    (link,) = registry.links()
    assert link == established.settings
    assert _look().reason == "Well"
    assert established.stepfunctions.started == []


def test_a_gateway_that_was_terminated_is_replaced_and_nothing_differs_afterwards(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    boto3.client("ec2").terminate_instances(InstanceIds=[old.id])
    assert _look().reason == "GatewayMissing"
    ((name, _),) = established.stepfunctions.started
    ended = Runner(established, execution=name).run(_document())
    assert (ended.status, ended.cause) == ("SUCCEEDED", "")
    (new,) = aws.gateways(established.settings)
    assert aws.elastic_ip(established.settings).interface == new.interface
    assert _look().reason == "Well"


def test_a_condemned_gateway_serves_until_another_has_booted_and_then_goes(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    table.condemn("link", old.id, Condition(reason="GatewayDead", message="it has not reported"))
    ended = Runner(established).run(_document())
    assert ended.status == "SUCCEEDED"
    assert runner.reasons(ended, State.LAUNCH_GATEWAY) == ["GatewayDead"]
    (new,) = aws.gateways(established.settings)
    assert new.id != old.id


def test_a_condemned_gateway_stays_when_no_other_boots(established: Clouds) -> None:
    (old,) = aws.gateways(established.settings)
    table.condemn("link", old.id, Condition(reason="GatewayDead", message="it has not reported"))
    established.boots = False
    ended = Runner(established).run(_document())
    assert ended.status == "FAILED"
    assert [one.id for one in aws.gateways(established.settings)] == [old.id]
    assert aws.elastic_ip(established.settings).interface == old.interface


def test_a_connection_is_reset_once_and_only_when_asked(established: Clouds) -> None:
    assert Runner(established, execution="heal-1").run(_document()).status == "SUCCEEDED"
    assert established.arm.resets == 0
    assert Runner(established, execution="heal-2").run(_document(reset=True)).status == "SUCCEEDED"
    assert established.arm.resets == 1


def test_a_wish_during_a_walk_leads_to_one_more_look_and_none_to_none(established: Clouds) -> None:
    assert Runner(established, execution="heal-1").run(_document()).status == "SUCCEEDED"
    assert established.wishes == []

    def wish() -> None:
        table.ask_look("link")

    Runner(established, execution="heal-2", before={"AdjustRoutes": wish, "Verify": wish}).run(_document())
    assert established.wishes == [("prod", "walk")]
    assert locks.holder("link") is None


def test_a_link_that_goes_is_no_longer_watched_even_while_it_goes(established: Clouds) -> None:
    fields = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")
    deploy_link.handler({"RequestType": "Delete", **dict.fromkeys(fields, "Link")}, Context())
    assert registry.links() == ()
    assert Runner(established, execution="Link").run(runner.document("down")).status == "SUCCEEDED"
    assert registry.links() == ()


def test_what_was_tried_is_forgotten_when_the_link_has_been_well(
    established: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted = Notification(reason="TunnelDown", subject="", at=worlds.NOW)
    table.keep_healing("link", HealingState(since={Observation.DOWN: worlds.NOW}, notified=(alerted,)))
    told: list[str] = []
    monkeypatch.setattr(alerts, "tell", lambda topic, message: told.append(message.subject))
    _look()
    assert told == ["Causeway link prod is well again"]
    assert memory.recall_one("link").healing == HealingState()
