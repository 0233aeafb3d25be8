"""How the drills judge: whether a link is whole, what became of a break, and what stands in the table."""

import contextlib
import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rehearsal import traffic, world
from rehearsal.drills import alerts, bench, catalogue, eyes, outcome, results, run, scene, whole
from rehearsal.drills import table as shown
from rehearsal.drills.drill import Drill, Group, Healer, Loss
from rehearsal.drills.healing import Healing
from tests.rehearsal import drill_scene
from tests.rehearsal.drill_scene import WHOLE, connection, instance, local_gateway, route, rule, table

ROUTE = Drill("route-deleted", Group.TRAFFIC, lambda scene: None, "no route to")
RULE = Drill("rule-opened", Group.DRIFT, lambda scene: None, "too many", loss=Loss.NONE)
CUT = Drill("link-cut", Group.STILL, lambda scene: None, "nothing passes")
BROKE_AT = 1000.0


def test_a_whole_link_has_no_fault() -> None:
    assert whole.faults(WHOLE) == []


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"instances": (instance(state="stopped"),)}, "0 gateways are alive"),
    ({"instances": (instance(), instance("i-2", interface="eni-2"))}, "2 gateways are alive"),
    ({"address": {"PublicIp": "198.51.100.1"}}, "the Elastic IP is on nothing, the gateway is eni-1"),
    ({"address": {**WHOLE.address, "NetworkInterfaceId": "eni-9"}}, "the Elastic IP is on eni-9, the gateway is eni-1"),
    ({"tables": (table(),)}, "rtb-1 has no route to 10.0.0.0/16"),
    ({"tables": (table(route(interface="eni-9")),)}, "rtb-1 routes 10.0.0.0/16 to eni-9 (active)"),
    ({"tables": (table(route(state="blackhole")),)}, "rtb-1 routes 10.0.0.0/16 to eni-1 (blackhole)"),
    ({"tables": (table(route(), route("10.3.0.0/16")),)}, "rtb-1 routes 10.3.0.0/16 to the gateway, and it is not"),
    ({"group": {"IpPermissions": drill_scene.RULES[:-1]}}, "no inbound rule for 203.0.113.4/32 udp 4500"),
    (
        {"group": {"IpPermissions": [*drill_scene.RULES, rule("tcp", 22, "0.0.0.0/0")]}},
        "an inbound rule too many: 0.0.0.0/0 tcp 22",
    ),
    ({"gateway": None}, "Azure has no VPN gateway"),
    ({"local_gateway": None}, "Azure has no local network gateway"),
    ({"local_gateway": local_gateway("198.51.100.99")}, "the local network gateway has the address 198.51.100.99"),
    ({"local_gateway": local_gateway("198.51.100.1", "10.9.0.0/16")}, "the local network gateway has ['10.9.0.0/16']"),
    ({"connection": None}, "Azure has no connection"),
    ({"azure_key": "another"}, "Azure has another shared key"),
    (
        {"connection": connection(ipsecPolicies=[{**whole.POLICY, "pfsGroup": "ECP384"}])},
        "the connection has another policy: pfsGroup ECP384",
    ),
    ({"connection": connection(connectionStatus="Connecting")}, "Azure says Connecting"),
    ({"gateway_addresses": ("203.0.113.5",)}, "the gateway is told of the peers ['203.0.113.4']"),
    (
        {"network": {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "10.3.0.0/16"]}}}},
        "the gateway is told of ['10.0.0.0/16'] behind Azure",
    ),
    ({"network": drill_scene.peered("Connected")}, "rtb-1 has no route to 10.4.0.0/16"),
    ({"reading": {**WHOLE.reading, "probe": "down"}}, "the gateway says up, probe down"),
    ({"reading": {**WHOLE.reading, "fault": "PeerSilent: no answer"}}, "the gateway says PeerSilent: no answer"),
    ({"reading": {}}, "the gateway says nothing, probe None"),
]


def test_a_peering_that_only_one_side_has_made_puts_nothing_behind_azure() -> None:
    assert whole.faults(dataclasses.replace(WHOLE, network=drill_scene.peered("Initiated"))) == []


@pytest.mark.parametrize(("changed", "fault"), BROKEN, ids=[fault for _, fault in BROKEN])
def test_what_is_not_as_a_customer_expects_is_a_fault(changed: dict[str, Any], fault: str) -> None:
    faults = whole.faults(dataclasses.replace(WHOLE, **changed))
    assert any(one.startswith(fault) for one in faults), faults


def answers(*lost: int, newest: int = 40, before: int = 0) -> traffic.Answers:
    moments = {number: BROKE_AT + number / 5 for number in range(1, newest + 1) if number not in lost}
    return traffic.Answers(moments, newest, before)


def test_traffic_is_restored_by_the_first_answer_after_the_last_loss() -> None:
    assert answers(3, 4, 9).restored(steady_s=3) == BROKE_AT + 2.0


def test_traffic_is_not_restored_before_it_has_been_steady() -> None:
    assert answers(3, 30).restored(steady_s=3) is None


def test_traffic_that_never_comes_back_is_not_restored() -> None:
    assert answers(*range(5, 41)).restored(steady_s=3) is None


def test_requests_before_the_break_do_not_count() -> None:
    assert answers(3, before=10).lost == []
    assert answers(3, 12, before=10).lost == [12]
    assert answers(3, 12, before=10).sent == 30


def test_the_newest_requests_may_be_under_way() -> None:
    assert answers(39, 40).lost == []


def test_a_request_without_an_answer_is_known_by_ping_s_own_words() -> None:
    said = (
        "[100.1] 64 bytes from 10.0.1.10: icmp_seq=1 ttl=61 time=4.05 ms\n"
        "[100.5] no answer yet for icmp_seq=2\n"
        "[100.7] From 10.101.1.1 icmp_seq=3 Destination Host Unreachable\n"
    )
    assert traffic.read(said) == traffic.Answers({1: 100.1}, 3)


def seen(pings: traffic.Answers, repaired_at: float | None = BROKE_AT + 5, **fields: Any) -> outcome.Seen:
    restored = pings.restored(steady_s=3)
    return outcome.Seen(BROKE_AT, "rtb-1 has no route to", (), repaired_at, pings, restored, **fields)


def ended(drill: Drill, found: outcome.Seen) -> str:
    return outcome.of(drill, "on", found, None).ended


def test_it_is_healed_when_it_was_broken_and_is_whole_and_traffic_is_back() -> None:
    assert ended(ROUTE, seen(answers(3, 4))) == outcome.HEALED


def test_a_break_that_lost_no_ping_has_shown_nothing_where_it_must_cut_traffic() -> None:
    assert ended(ROUTE, seen(answers())) == outcome.NOT_BROKEN
    assert ended(RULE, seen(answers())) == outcome.HEALED


def test_a_break_that_nobody_saw_has_shown_nothing() -> None:
    assert ended(ROUTE, dataclasses.replace(seen(answers(3)), sign=None)) == outcome.NOT_BROKEN


def test_it_is_not_healed_while_a_fault_is_left_or_traffic_is_not_back() -> None:
    assert ended(ROUTE, seen(answers(3), repaired_at=None)) == outcome.NOT_HEALED
    assert ended(ROUTE, seen(answers(*range(5, 41)))) == outcome.NOT_HEALED
    assert ended(RULE, seen(answers(), wrong=("a rule too many",))) == outcome.NOT_HEALED


def test_what_moved_while_it_had_to_hold_still_is_not_held() -> None:
    assert ended(CUT, seen(answers(3))) == outcome.HELD
    assert ended(CUT, seen(answers(3), wrong=("the gateway was replaced",))) == outcome.MOVED


def test_what_harms_no_traffic_may_lose_no_ping_while_it_holds_still() -> None:
    harmless = dataclasses.replace(CUT, loss=Loss.NONE)
    assert ended(harmless, seen(answers())) == outcome.HELD
    assert ended(harmless, seen(answers(3))) == outcome.MOVED


def test_without_remedy_only_not_healed_is_as_it_must_be() -> None:
    healed = outcome.of(ROUTE, "off", seen(answers(3, 4)), None)
    stayed = outcome.of(ROUTE, "off", seen(answers(3), repaired_at=None), None)
    unbroken = outcome.of(ROUTE, "off", seen(answers()), None)
    wanted = [outcome.as_wanted(one, healing=False) for one in (healed, stayed, unbroken)]
    assert wanted == [False, True, False]
    assert len(outcome.failures([healed, stayed, unbroken], healing=True)) == 2


def test_with_events_muted_only_the_schedule_and_the_agent_may_heal() -> None:
    for trigger, became in (("Scheduled Event", outcome.HEALED), ("agent", outcome.HEALED), ("alarm", "not healed")):
        found = dataclasses.replace(seen(answers(3)), remedies=(outcome.Remedy(BROKE_AT + 1, trigger, (), "R"),))
        assert outcome.of(ROUTE, "events muted", found, None).ended == became
        assert outcome.of(ROUTE, "on", found, None).ended == outcome.HEALED


def test_a_drill_that_could_not_begin_is_a_failure_in_every_mode() -> None:
    one = outcome.not_begun(ROUTE, "on", "the link was not whole")
    assert outcome.failures([one], healing=True) == ["drill route-deleted: not begun: the link was not whole"]
    assert not outcome.as_wanted(one, healing=False)


def test_the_first_remedy_noticed_it_and_all_are_named() -> None:
    why = {"trigger": "schedule", "reason": "RouteMissing", "because": ""}
    did = {"AdjustRoutes": [{"step": "CreateRoute", "reason": "RouteMissing", "because": ""}]}
    described = {"startDate": datetime.fromtimestamp(BROKE_AT + 9, UTC), "input": {"why": why}, "output": {"did": did}}
    later = outcome.walk(described)
    item = {"at": BROKE_AT + 2, "remedy": "Nudge", "reason": "TunnelDown"}
    first = outcome.helped(item, heard_at=BROKE_AT + 3, broke_at=BROKE_AT)
    assert later is not None
    found = outcome.of(ROUTE, "on", dataclasses.replace(seen(answers(3)), remedies=(later, first)), None)
    assert (found.noticed_s, found.trigger, found.reason) == (2.0, "agent", "TunnelDown")
    assert found.remedy == "Nudge, CreateRoute"


def test_what_azure_was_written_during_a_walk_is_part_of_its_remedy() -> None:
    why = {"trigger": "schedule", "reason": "ConnectionMissing", "because": ""}
    times = {"startDate": datetime.fromtimestamp(10, UTC), "stopDate": datetime.fromtimestamp(20, UTC)}
    ops = ((9, "POST"), (15, "PUT"), (21, "DELETE"))
    writes = [{"op": op, "resource": "/x/connections/a", "started": at} for at, op in ops]
    found = outcome.walk({**times, "input": {"why": why}, "output": {}}, writes)
    assert found is not None and found.did == ("PUT connections",)


def test_an_own_remedy_is_heard_once_and_not_from_before_the_break() -> None:
    track = run.Track(ROUTE, heard=5.0)
    old, new = ({"at": at, "remedy": "Nudge", "reason": "TunnelDown"} for at in (5.0, BROKE_AT + 1))
    for helped in ({}, old, new, new):
        track.hear(helped, BROKE_AT, BROKE_AT + 2)
    assert [one.at for one in track.own] == [BROKE_AT + 1]


def test_a_walk_that_no_one_started_to_heal_is_no_remedy() -> None:
    assert outcome.walk({"input": {"answer": {}}, "output": {}, "startDate": datetime.now(UTC)}) is None


def test_a_machine_s_clock_counts_only_between_the_break_and_the_hearing() -> None:
    item = {"remedy": "Nudge", "reason": "TunnelDown"}
    for at, counted in ((BROKE_AT - 50, 1003.0), (BROKE_AT + 50, 1003.0), (BROKE_AT + 2, 1002.0)):
        assert outcome.helped({**item, "at": at}, heard_at=1003.0, broke_at=BROKE_AT).at == counted, at


def test_seconds_are_judged_against_the_bound_of_who_can_see_it() -> None:
    late = seen(traffic.Answers({1: BROKE_AT, **{n: BROKE_AT + 80 + n / 5 for n in range(5, 40)}}, 39))
    assert outcome.of(ROUTE, "on", late, None).judged == "OVER"
    assert outcome.of(ROUTE, "on", seen(answers(3)), None).judged == "ok"
    instance_state = dataclasses.replace(ROUTE, healer=Healer.INSTANCE)
    assert outcome.of(instance_state, "on", late, boot_s=90.0).bound_s == 105.0
    assert outcome.of(instance_state, "on", late, None).judged == "-"


def test_a_fault_that_comes_back_is_not_repaired() -> None:
    track = run.Track(ROUTE)
    for at, faults in ((1, ["no route to x"]), (2, []), (3, ["Azure says NotConnected"]), (4, [])):
        track.note(faults, at)
    assert (track.sign, track.repaired_at) == ("no route to x", 4)


def test_a_drill_is_over_once_it_was_broken_is_whole_and_steady() -> None:
    track = run.Track(ROUTE, sign="no route to x", repaired_at=10)
    assert track.is_over(answers(3), 13)
    assert not track.is_over(answers(3), 12)
    assert not track.is_over(answers(), 13)
    assert not track.is_over(answers(38), 13)
    assert not run.Track(ROUTE, repaired_at=10).is_over(answers(3), 13)


def test_lost_pings_show_a_break_only_of_a_drill_that_may_be_over_between_two_looks() -> None:
    may = dataclasses.replace(ROUTE, sign="NotConnected|pings are lost")
    tracks = [run.Track(may), run.Track(may), run.Track(ROUTE)]
    for track, pings in zip(tracks, (answers(), answers(3), answers(3)), strict=True):
        track.feel(pings)
    assert [track.sign for track in tracks] == [None, run.LOST, None]


def test_the_table_has_a_line_a_drill() -> None:
    first = outcome.of(ROUTE, "on", seen(answers(3, 4)), None)
    lines = shown.text([first]).splitlines()
    assert lines[1].split()[:6] == ["route-deleted", "healed", "-", "5.0", "1.0", "75"]
    assert (
        shown.markdown([first])
        .splitlines()[2]
        .startswith("| route-deleted | healed | - | 5.0 | 1.0 | 75 ok of 1 | 2 |")
    )


def test_every_drill_has_a_name_of_its_own_and_the_chosen_ones_exist() -> None:
    names = [one.name for one in catalogue.EVERY]
    assert len(set(names)) == len(names)
    assert set(catalogue.REHEARSED) | set(catalogue.MUTED) <= set(names)
    assert all(re.compile(one.sign) for one in catalogue.EVERY)
    with pytest.raises(KeyError):
        catalogue.named("nothing-like-it")


def test_a_look_that_fails_is_a_fault_and_ends_no_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(link: object) -> Any:
        raise LookupError("no gateway is alive")

    monkeypatch.setattr(scene, "look", gone)
    assert eyes.faults(ROUTE, WHOLE) == ["could not look: no gateway is alive"]


def test_a_drill_that_is_itself_at_fault_is_a_failure_and_the_next_one_is_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing runs here, so its first look already fails; how does not matter."""
    monkeypatch.setattr(results, "KEPT", tmp_path / "drills.json")
    monkeypatch.setattr(alerts, "heard", contextlib.nullcontext)

    def settle(link: object, within_s: float) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(eyes, "settle", settle)

    done = run.all_of([ROUTE, RULE], Healing.ON, world.REHEARSAL)

    assert [(one.drill, one.ended) for one in done] == [("route-deleted", "not begun"), ("rule-opened", "not begun")]
    assert done[0].wrong == ("RuntimeError: a mistake of ours",)


def test_the_medians_stand_beside_their_bounds_and_a_bare_boot() -> None:
    found = {"bare boot": [40.0, 38.0, 60.0], "ipsec-stopped": [4.0, 9.0, 12.0], "route-deleted": [80.0]}
    lines = bench.table({**found, "gateway-terminated": [51.0, 49.0, 52.0]}).splitlines()
    assert lines[1] == "  bare boot: median 40.0 s of 40.0, 38.0, 60.0"
    assert lines[2].endswith("median 9.0 s of 4.0, 9.0, 12.0, bound 10.0 s ok")
    assert lines[3].endswith("median 51.0 s of 51.0, 49.0, 52.0, bound 55.0 s ok")
    assert lines[4].endswith("bound 75.0 s OVER")
    assert lines[5] == "  replaced cold: 1.27 times a bare boot, bound 1.25 OVER"
