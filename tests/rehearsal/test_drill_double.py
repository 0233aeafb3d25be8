"""Drills in which something else is wrong: what they tolerate, what they demand, and what is wrong in the end."""

import dataclasses
import time
from typing import Any

import pytest

from rehearsal import faults, services, traffic
from rehearsal.drills import alerts, catalogue, eyes, outcome, run, scene, unreachable, zones
from rehearsal.drills.drill import Group, Healer, Loss, in_order
from rehearsal.drills.healing import Healing
from tests.rehearsal import drill_scene
from tests.rehearsal.drill_scene import WHOLE
from tests.rehearsal.test_drill_measure import NoPings
from tests.rehearsal.test_drills import ROUTE, RULE, answers, seen


def message(reason: str, at: float) -> dict[str, Any]:
    moment = f"1970-01-01T00:{int(at) // 60:02}:{int(at) % 60:02}+00:00"
    return {"Subject": f"Causeway: {reason}", "Message": "", "Timestamp": moment}


def test_a_message_is_about_a_reason_in_its_subject_or_its_text_until_then() -> None:
    texts = {**message("Two things", 30), "Message": "OneThing and RouteTaken"}
    messages = [message("RouteTaken", 10), message("RouteLimit", 20), texts]
    assert alerts.with_reason("RouteTaken", messages) == ["Causeway: RouteTaken", "Causeway: Two things"]
    assert alerts.with_reason("RouteTaken", messages, until=29) == ["Causeway: RouteTaken"]
    assert alerts.with_reason("RouteLimit", messages, until=19) == []


def test_a_tolerated_fault_is_none_and_all_others_count(monkeypatch: pytest.MonkeyPatch) -> None:
    more: dict[str, Any] = {"network": drill_scene.peered("Connected"), "address": {"PublicIp": "198.51.100.1"}}
    monkeypatch.setattr(scene, "look", lambda link: dataclasses.replace(WHOLE, **more))
    tolerant = dataclasses.replace(ROUTE, tolerated=r"rtb-\w+ has no route to 10\.4\.0\.0/16")
    missing = "rtb-1 has no route to 10.4.0.0/16"
    assert missing in eyes.faults(ROUTE, WHOLE)
    assert eyes.faults(tolerant, WHOLE) == [one for one in eyes.faults(ROUTE, WHOLE) if one != missing]
    assert len(eyes.faults(tolerant, WHOLE)) == 2


def test_a_pattern_tolerates_only_what_it_means_wholly() -> None:
    tolerant = dataclasses.replace(ROUTE, tolerated="has no route")
    assert tolerant.counts("rtb-1 has no route to 10.4.0.0/16")
    assert not tolerant.counts("has no route")
    assert ROUTE.counts("")


def test_extra_seconds_stand_in_the_bound() -> None:
    more = dataclasses.replace(ROUTE, healer=Healer.INSTANCE, extra_s=5.0)
    assert outcome.of(more, "on", seen(answers(3)), 30.0).bound_s == 50.0
    assert outcome.of(dataclasses.replace(ROUTE, extra_s=5.0), "on", seen(answers(3)), None).bound_s == 80.0


def test_what_is_whole_when_the_fault_ends_was_repaired_before_and_what_must_hold_still_is_looked_at_anew() -> None:
    tracks = [run.Track(ROUTE, repaired_at=7.0), run.Track(ROUTE, last=["no route"]), run.Track(CUT, repaired_at=7.0)]
    for track in tracks:
        track.end()
    ended = ["the fault has just ended"]
    assert [(one.repaired_at, one.last) for one in tracks] == [(7.0, []), (None, ended), (None, ended)]


CUT = dataclasses.replace(RULE, group=Group.STILL)


def test_a_link_is_watched_for_a_while_once_the_fault_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "Meter", NoPings)
    monkeypatch.setattr(run, "STEADY_S", 0.0)
    monkeypatch.setattr(eyes, "POLL_S", 0.01)
    ended: list[float] = []
    looks: list[float] = []

    def look(*_: object) -> list[str]:
        looks.append(time.time())
        return ["a rule too many"] if len(looks) == 1 else []

    monkeypatch.setattr(eyes, "faults", look)
    monkeypatch.setattr(eyes, "helped", lambda _: {})
    monkeypatch.setattr(eyes, "remedies", lambda *_: ())
    monkeypatch.setattr(eyes, "is_walking", lambda _: False)
    monkeypatch.setattr(alerts, "told", lambda since: [])
    drill = dataclasses.replace(RULE, lasts_s=0.05, watched_s=0.2, mend=lambda _: ended.append(time.time()))
    found = run._seen(drill, Healing.ON, WHOLE)
    assert looks[-1] - ended[0] >= 0.2
    assert found.repaired_at is not None and found.repaired_at < ended[0]
    assert found.wrong == ()


AWAY = [one for one in catalogue.DRILLS if one.name.startswith("function-unreachable-")]


def test_without_the_function_each_drill_has_the_bound_of_the_plain_one_and_lasts_until_it_is_healed() -> None:
    assert [one.name.removeprefix("function-unreachable-") for one in AWAY] == [
        "gateway-terminated",
        "route-deleted",
        "elastic-ip-moved",
        "rule-removed",
    ]
    assert [one.healer for one in AWAY] == [Healer.INSTANCE, Healer.WATCH, Healer.WATCH, Healer.WATCH]
    assert [(one.group, one.loss) for one in AWAY] == [(Group.TRAFFIC, Loss.MUST)] * 3 + [(Group.DRIFT, Loss.NONE)]
    assert all(one.watched_s >= 130 for one in AWAY)
    assert [one.lasts_s > 300 for one in AWAY] == [True, False, False, False]


def test_the_function_is_away_before_anything_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(faults, "functions_gone", lambda: done.append("gone"))
    without = unreachable.WithoutFunction(lambda _: done.append("broken"))
    without.break_(WHOLE)
    assert done == ["gone", "broken"]


def test_what_is_given_back_last_is_given_back_though_the_first_fails() -> None:
    done: list[str] = []

    def fail(_: scene.Scene) -> None:
        raise RuntimeError("cannot be deleted")

    with pytest.raises(RuntimeError, match="cannot be deleted"):
        in_order(fail, lambda _: done.append("back"))(WHOLE)
    assert done == ["back"]


def test_after_the_function_is_back_no_write_follows_and_a_person_was_alerted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "functions_back", lambda: None)
    monkeypatch.setattr(eyes, "azure_writes", lambda: [{"op": "PUT", "resource": "/x"}] * 3)
    monkeypatch.setattr(eyes, "of_link", lambda link: left)
    monkeypatch.setattr(services, "listens", lambda port: False)
    left: list[str] = []
    without = unreachable.WithoutFunction(lambda _: None, alerts=True)
    without.come_back(WHOLE)
    assert without.writes_before == 3
    assert eyes.writes_since(2) == ["PUT /x"]
    without.back_at = 600.0
    told = [message("FunctionUnreachable", 500)]
    assert list(without.faults([], told)) == []
    assert list(without.faults(["PUT /x"], told)) == ["Azure was written when the Function was back: PUT /x"]
    late = [message("FunctionUnreachable", 601), message("Another", 500)]
    assert list(without.faults([], late)) == ["no alert of FunctionUnreachable while the Function was away"]
    assert list(dataclasses.replace(without, alerts=False).faults([], [])) == []
    left.append("no route")
    monkeypatch.setattr(services, "listens", lambda port: True)
    without.come_back(WHOLE)
    assert list(without.faults([], [message("FunctionUnreachable", 1)])) == [
        "the Function was there before the fault had ended",
        "not repaired while the Function was away: no route",
    ]


def placed(zone: str) -> scene.Scene:
    return dataclasses.replace(WHOLE, instances=({**drill_scene.instance(), "Placement": {"AvailabilityZone": zone}},))


def test_a_full_zone_is_shown_by_a_refused_launch_and_left() -> None:
    refused = [{"kind": "full", "target": "eu-west-1a"}]
    assert list(zones.wrong(placed("eu-west-1b"), refused)) == []
    assert list(zones.wrong(placed("eu-west-1a"), refused)) == ["the new gateway is in eu-west-1a, which was full"]
    assert list(zones.wrong(placed("eu-west-1b"), [])) == ["no launch was refused"]


def test_another_zone_may_take_some_seconds_more_than_the_same_one() -> None:
    full, plain = catalogue.named("zone-full", "gateway-terminated")
    bounds = [outcome.of(one, "on", seen(answers(3)), 30.0).bound_s for one in (full, plain)]
    assert bounds == [50.0, 45.0]
    assert (full.sign, full.loss, full.group) == (plain.sign, plain.loss, plain.group)
