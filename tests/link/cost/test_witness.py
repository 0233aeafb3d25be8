"""Two witnesses of the same traffic: one counts inner bytes, the other outer ones."""

from datetime import UTC, datetime, timedelta

import pytest

from link.cost import witness
from link.cost.traffic import Bytes
from link.cost.witness import AzureSample

START = datetime(2026, 10, 1, tzinfo=UTC)
GB = 1_000_000_000


def samples(*counts: tuple[int, int]) -> list[AzureSample]:
    return [
        AzureSample(
            read_at=START + timedelta(hours=hour),
            aws_to_azure=sent,
            azure_to_aws=received,
            status="Connected",
            sku="VpnGw1AZ",
            location="westeurope",
            addresses=1,
        )
        for hour, (sent, received) in enumerate(counts)
    ]


def test_a_counter_that_began_anew_is_not_counted_backwards() -> None:
    assert witness.crossed(samples((100, 50), (400, 60), (30, 5), (40, 5))) == Bytes(340, 15)


@pytest.mark.parametrize(
    ("outer", "explained"),
    [(GB * 5, True), (GB, True), (GB * 9 // 10, False)],  # at least what Azure is known to have
)
def test_what_is_lost_with_a_connection_is_no_contradiction(outer: int, explained: bool) -> None:
    found = witness.testify(samples((0, 0), (GB * 3 // 4, GB), (GB // 4, 0)), Bytes(outer, outer), hours=1)
    assert found is not None
    assert (found.aws_to_azure, found.azure_to_aws) == (GB, GB)
    assert found.explained is explained
    assert (found.because == witness.ANEW) is explained


@pytest.mark.parametrize(
    ("sent", "kept"),
    [((1, 2, 3), (3,)), ((1, 5, 2, 3), (5, 3)), ((5, 1, 0), (5, 1, 0)), ((), ())],
)
def test_of_an_hour_the_newest_sample_stands_and_the_last_before_each_new_beginning(
    sent: tuple[int, ...], kept: tuple[int, ...]
) -> None:
    found: tuple[AzureSample, ...] = ()
    for one in samples(*((count, 9) for count in sent)):
        found = witness.added(found, one)
    assert tuple(one.aws_to_azure for one in found) == kept


def test_a_sample_that_comes_again_or_late_changes_nothing() -> None:
    first, second = samples((5, 5), (8, 8))
    assert witness.added((second,), first) == (second,)
    assert witness.added((second,), second) == (second,)


def test_the_order_of_samples_does_not_matter() -> None:
    assert witness.crossed(reversed(samples((100, 50), (400, 60)))) == Bytes(300, 10)


@pytest.mark.parametrize(
    ("outer", "explained"),
    [
        (GB * 1412 // 1350, True),  # full packets
        (GB * 102 // 40, True),  # acknowledgements alone
        (GB, True),
        (GB * 9 // 10, False),  # Azure saw more than the gateway
        (GB * 3, False),  # headers cannot be that much
    ],
)
def test_headers_explain_some_difference_and_no_more(outer: int, explained: bool) -> None:
    found = witness.testify(samples((0, 0), (GB, GB)), Bytes(outer, outer), hours=1)
    assert found is not None
    assert found.explained is explained


def test_an_idle_tunnel_has_ike_alone() -> None:
    found = witness.testify(samples((0, 0), (0, 0)), Bytes(900_000, 900_000), hours=1)
    assert found is not None
    assert found.explained


def test_a_new_links_first_look_tells_all_since_it_began() -> None:
    first = samples((GB, GB // 2))[0]
    began = witness.begun(first, START - timedelta(minutes=40))
    assert witness.crossed([began, first]) == Bytes(GB, GB // 2)
    assert began.read_at < first.read_at


def test_one_look_at_azure_testifies_nothing() -> None:
    assert witness.testify(samples((5, 5)), Bytes(9, 9), hours=1) is None
