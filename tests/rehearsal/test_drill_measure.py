"""A replaced gateway is measured against its own boot; what is over its bound is judged by the median of three."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from rehearsal import traffic, world
from rehearsal.drills import azure, catalogue, eyes, measure, outcome, run
from rehearsal.drills.drill import Drill, Healer
from rehearsal.drills.healing import Healing
from rehearsal.drills.outcome import Outcome
from rehearsal.drills.scene import Scene
from tests.rehearsal.drill_scene import WHOLE
from tests.rehearsal.test_drills import CUT, ROUTE, RULE

REPLACED = [("Discover", 100.0, 101.0), ("LaunchGateway", 102.0, 104.5), ("WaitForBoot", 104.5, 140.0)]
FIRST_TRY = [("LaunchGateway", 10.0, 12.0), ("WaitForBoot", 12.0, 60.0)]


@pytest.mark.parametrize(
    ("launched_at", "walks", "boot_s"),
    [
        (103.0, [REPLACED], 37.0),
        (101.4, [REPLACED], 38.0),  # LaunchTime has no parts of a second: not before the state that launches
        (100.5, [REPLACED], None),
        (103.0, [REPLACED, FIRST_TRY], 37.0),
        (11.0, [REPLACED, FIRST_TRY], 49.0),
        (103.0, [], None),
        (103.0, [REPLACED[:2]], None),
        (103.0, [[("WaitForBoot", 50.0, 90.0), *REPLACED]], 37.0),
    ],
)
def test_a_boot_lasts_from_the_launch_of_that_instance_to_its_report(
    launched_at: float, walks: list[list[tuple[str, float, float]]], boot_s: float | None
) -> None:
    assert measure.own_boot_s(launched_at, walks) == boot_s


def result(drill: Drill, seconds: float | None, ended: str = outcome.HEALED, boot_s: float | None = None) -> Outcome:
    found = outcome.Seen(0.0, "broken", (), seconds, traffic.Answers({}, 0), None)
    return dataclasses.replace(outcome.of(drill, "on", found, boot_s), ended=ended, traffic_s=seconds)


def test_only_a_drill_without_a_boot_that_healed_over_its_bound_is_measured_again() -> None:
    instance = dataclasses.replace(ROUTE, healer=Healer.INSTANCE)
    asked = [
        measure.wants_more(ROUTE, result(ROUTE, 75.1)),
        measure.wants_more(ROUTE, result(ROUTE, 75.0)),
        measure.wants_more(ROUTE, result(ROUTE, 99.0, outcome.NOT_HEALED)),
        measure.wants_more(instance, result(instance, 99.0, boot_s=30.0)),
        measure.wants_more(RULE, result(RULE, 99.0)),
        measure.wants_more(CUT, result(CUT, 99.0, outcome.HELD)),
    ]
    assert asked == [True, False, False, False, False, False]


def test_the_median_run_stands_for_all_and_says_of_how_many() -> None:
    one = measure.median([result(ROUTE, seconds) for seconds in (90.0, 60.0, 70.0)])
    assert (one.traffic_s, one.times, one.judged) == (70.0, 3, outcome.OK)
    one = measure.median([result(ROUTE, seconds) for seconds in (90.0, 60.0, 80.0)])
    assert (one.traffic_s, one.times, one.judged) == (80.0, 3, outcome.OVER)


def test_a_run_that_did_not_heal_is_not_outvoted() -> None:
    runs = [result(ROUTE, 90.0), result(ROUTE, None, outcome.NOT_HEALED), result(ROUTE, 60.0)]
    assert (measure.median(runs).ended, measure.median(runs).times) == (outcome.NOT_HEALED, 3)


@pytest.mark.parametrize(("seconds", "taken"), [([60.0], 60.0), ([90.0, 70.0, 80.0], 80.0)])
def test_a_drill_within_its_bound_is_run_once(
    seconds: Sequence[float], taken: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = list(seconds)
    monkeypatch.setattr(run, "perform", lambda drill, mode, link: result(drill, left.pop(0)))
    one = run._measured(ROUTE, Healing.ON, world.REHEARSAL, measure.TIMES)
    assert (one.traffic_s, one.times, left) == (taken, len(seconds), [])


@pytest.mark.parametrize("at_fault", ["prepare", "break_"])
def test_a_drill_that_is_at_fault_gives_back_what_it_prepared(at_fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Scene) -> None:
        raise RuntimeError("a mistake of ours")

    given_back: list[str] = []
    changed: dict[str, Any] = {at_fault: fail, "restore": lambda _: given_back.append("all")}
    drill = dataclasses.replace(ROUTE, **changed)
    monkeypatch.setattr(eyes, "settle", lambda *_: WHOLE)
    monkeypatch.setattr(eyes, "forget", lambda _: None)
    monkeypatch.setattr(eyes, "helped", lambda _: {})
    monkeypatch.setattr(traffic, "Meter", NoPings)
    assert run.perform(drill, Healing.ON, world.REHEARSAL).ended == outcome.NOT_BEGUN
    assert given_back == ["all"]


def test_a_link_that_does_not_heal_with_healing_on_again_is_given_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(*_: object) -> None:
        raise eyes.NotWhole("0 gateways are alive")

    given_back: list[str] = []
    monkeypatch.setattr(eyes, "settle", settle)
    run._give_back(dataclasses.replace(ROUTE, restore=lambda _: given_back.append("all")), Healing.OFF, WHOLE)
    assert given_back == ["all"]


class NoPings:
    """Hosts that answer nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> "NoPings":
        return self

    def __exit__(self, *_: object) -> None: ...

    def so_far(self) -> traffic.Answers:
        return traffic.Answers({}, 0)


def test_a_drill_about_a_boot_is_one_of_the_instance() -> None:
    named = catalogue.named("gateway-terminated", "gateway-powered-off")
    assert [one.healer for one in named] == [Healer.INSTANCE] * 2


@dataclasses.dataclass
class Address:
    name: str
    id: str


def test_an_address_that_the_gateway_has_is_never_deleted() -> None:
    front: dict[str, Any] = {"properties": {"publicIPAddress": {"id": "/ADDRESSES/vpn-1-a"}}}
    gateway = {"name": "vpn-1", "properties": {"ipConfigurations": [front]}}
    names = ("vpn-1-a", "vpn-1-b", "vpn-10-a", "other")
    addresses = [Address(name, f"/Addresses/{name}") for name in names]
    assert azure.spare_addresses(gateway, addresses) == ["vpn-1-b"]
