"""Which sample of the gateway's is new enough to be compared with what the internet counted."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal import counted, wires

SINCE = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SAID = "{} 00000000000000000001 00000000000000000002"


def _item(id: str, **counters: str) -> dict[str, dict[str, str]]:
    return {"id": {"S": id}, "expires": {"N": "1"}, **{name: {"S": said} for name, said in counters.items()}}


def test_the_newest_of_all_counters_and_hours_is_found_and_other_items_are_left_alone() -> None:
    items = [
        _item("traffic#2026-11-28T14", **{"i-1@x": SAID.format("2026-11-28T14:59:58.000000+00:00")}),
        _item(
            "traffic#2026-11-28T15",
            **{
                "i-1@x": SAID.format("2026-11-28T15:00:30.000000+00:00"),
                "i-2@y": SAID.format("2026-11-28T15:00:10.000000+00:00"),
            },
        ),
        _item("reading", document="{}"),
        _item("boot#i-1", **{"a@b": "2027-01-01T00:00:00+00:00"}),
    ]
    assert counted.newest(items) == SINCE + 30 * SECOND
    assert counted.newest(items[2:]) is None


@pytest.mark.parametrize(
    ("sample", "now", "young"),
    [
        (None, 60, False),
        (-1, 60, False),
        (5, 60, False),  # by clocks that differ it may have been read before
        (6, 60, True),
        (61, 60, False),  # in the future of who reads it
        (61, 61, True),
    ],
)
def test_a_sample_is_young_when_it_was_surely_read_after_the_moment_and_not_in_the_future(
    sample: int | None, now: int, young: bool
) -> None:
    read_at = None if sample is None else SINCE + sample * SECOND
    assert counted.is_of_now(read_at, SINCE, SINCE + now * SECOND) is young


def test_what_was_dropped_before_a_machine_is_told_by_its_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    links = [("vm0000000001", 3), ("vm0000000002", 4), ("bridge", 100)]
    shown = [{"ifname": name, "stats64": {"rx": {"dropped": 9}, "tx": {"dropped": lost}}} for name, lost in links]
    monkeypatch.setattr(wires, "run", lambda _: json.dumps(shown))
    assert counted.lost_on_the_way_in() == 7
