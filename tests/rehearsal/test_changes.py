"""How a measured change is judged: lost pings against their bound, and what differs against what may."""

import pytest

from rehearsal import alterations, changes, traffic

REPLACED = {
    "ec2 Addresses": ("~eipalloc-1",),
    "ec2 Instances": ("+i-2", "-i-1"),
    "ec2 NetworkInterfaces": ("+eni-2", "-eni-1"),
    "ec2 RouteTables": ("~rtb-1", "~rtb-2"),
    "ec2 Volumes": ("+vol-2", "-vol-1"),
}


def _change(name: str) -> alterations.Change:
    return next(change for change in alterations.all_of() if change.name == name)


@pytest.mark.parametrize(("lost", "most", "judged"), [(30, 30, "ok"), (31, 30, "OVER"), (500, None, "no bound")])
def test_lost_pings_are_judged_against_their_bound(lost: int, most: int | None, judged: str) -> None:
    one = changes.Measured("image", 90.0, traffic.Pings(900, lost, 3.1), most, {}, (), (), ())
    assert one.judged == judged


def test_without_packets_nothing_is_judged_by_them() -> None:
    unsent = traffic.Pings(0, 0, 0.0)
    assert changes.Measured("probe", 30.0, unsent, 0, {}, (), (), ()).judged == "not measured"


def test_a_replacement_may_differ_in_what_it_replaces_and_in_nothing_else() -> None:
    assert list(changes.unlike(_change("image"), REPLACED, ())) == []
    assert list(changes.unlike(_change("image"), {**REPLACED, "ec2 SecurityGroups": ("~sg-1",)}, ()))
    assert list(changes.unlike(_change("image"), {**REPLACED, "ec2 Instances": ("+i-2", "+i-3", "-i-1")}, ()))


def test_a_change_that_does_less_than_it_should_is_wrong_too() -> None:
    assert list(changes.unlike(_change("image"), {}, ()))
    assert list(changes.unlike(_change("policy"), {"azure connections": ("~causeway-rehearsal",)}, ()))


def test_traffic_that_moves_to_another_host_is_lost_while_neither_answers() -> None:
    before, after = traffic.Pings(sent=100, lost=40, gap_s=4.0), traffic.Pings(sent=100, lost=75, gap_s=7.5)
    assert changes.moved(before, after) == traffic.Pings(sent=100, lost=15, gap_s=1.5)
    assert changes.moved(before, traffic.Pings(100, 59, 5.9)).lost == 0


def test_writes_to_azure_that_no_change_needs_are_wrong() -> None:
    assert list(changes.unlike(_change("probe"), {}, ())) == []
    assert list(changes.unlike(_change("probe"), {}, ("PUT connections",)))


def test_no_change_alters_the_declaration_that_it_begins_with() -> None:
    link = {"name": "rehearsal", "azure": {"virtual_networks": ["vnet"]}, "aws": {}}
    for change in alterations.all_of():
        assert change.declare(link) != link
    assert link == {"name": "rehearsal", "azure": {"virtual_networks": ["vnet"]}, "aws": {}}
