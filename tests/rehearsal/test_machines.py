"""Which virtual machines to boot, to end, and to report as ended by themselves."""

import dataclasses

from rehearsal import machines
from tests.rehearsal import fabric_world as world

NONE: frozenset[str] = frozenset()
ONE = frozenset({"i-1"})


def test_a_living_instance_without_machine_is_booted() -> None:
    assert machines.decide(world.VIEW, NONE, NONE) == machines.Orders(ONE, NONE, NONE)


def test_an_instance_whose_launch_is_pending_is_not_booted() -> None:
    assert machines.decide(world.with_gateway(state="pending"), NONE, NONE).boot == NONE


def test_a_machine_that_runs_is_left_alone() -> None:
    assert machines.decide(world.VIEW, ONE, ONE) == machines.Orders(NONE, NONE, NONE)


def test_a_machine_of_a_stopped_or_unknown_instance_is_ended() -> None:
    assert machines.decide(world.with_gateway(state="stopping"), ONE, ONE) == machines.Orders(NONE, ONE, NONE)
    assert machines.decide(world.VIEW, ONE | {"i-2"}, ONE).end == {"i-2"}


def test_a_machine_that_ended_by_itself_is_reported_and_not_booted_again() -> None:
    assert machines.decide(world.VIEW, NONE, ONE) == machines.Orders(NONE, NONE, ONE)


def test_a_machine_waits_until_the_former_owner_of_its_address_is_off() -> None:
    former = dataclasses.replace(world.GATEWAY, instance_id="i-0", state="terminated")
    view = dataclasses.replace(world.VIEW, instances=(former, world.GATEWAY))
    assert machines.decide(view, frozenset({"i-0"}), NONE) == machines.Orders(NONE, frozenset({"i-0"}), NONE)
    assert machines.decide(view, NONE, NONE).boot == ONE
