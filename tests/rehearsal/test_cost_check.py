"""How the rehearsal judges the cost mail: bytes against the internet's, parts against each other, prices and notes."""

import pytest

from rehearsal import cost_check, counted
from rehearsal.counted import Crossed
from rehearsal.mailbox import Mail, NoMail
from tests import statements
from tests.rehearsal import mails

WELL = {"gaps": ()}
DAY = mails.DATE


@pytest.fixture(autouse=True)
def _nothing_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "lost_on_the_way_in", lambda: 7)


def _bytes(to_azure: int, to_aws: int) -> list[dict[str, str]]:
    return [{"record": "link total", "aws_to_azure_bytes": str(to_azure), "azure_to_aws_bytes": str(to_aws)}]


def _faults(said: tuple[int, int], before: tuple[int, int], after: tuple[int, int]) -> list[str]:
    found = cost_check.of_bytes(_bytes(*said), Crossed(DAY, *before), Crossed(DAY, *after))
    return [f"{what} {fault}" for what, wrong in found.items() for fault in wrong]


@pytest.mark.parametrize(
    "said", [(1_000_000, 2_000_000), (1_000_500, 2_000_900), (999_000, 2_003_001), (1_002_001, 1_998_000)]
)
def test_bytes_between_the_two_looks_at_the_internet_or_a_thousandth_beside_are_right(said: tuple[int, int]) -> None:
    assert _faults(said, (1_000_000, 2_000_000), (1_001_000, 2_001_000)) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ((998_999, 2_000_000), "aws_to_azure: the cost mail has 998,999 bytes, the internet 1,000,000 to 1,001,000"),
        ((1_002_002, 2_000_000), "+0.100%; 7 packets were dropped"),
        ((1_000_000, 1_900_000), "-5.000%"),
        ((1_000_000, 4_000_000), "azure_to_aws"),
        ((0, 2_000_000), "-100.000%"),
    ],
)
def test_more_than_a_thousandth_beside_is_a_fault_of_that_direction(said: tuple[int, int], fault: str) -> None:
    (found,) = _faults(said, (1_000_000, 2_000_000), (1_001_000, 2_001_000))
    assert fault in found


def _azure(complete: str) -> list[dict[str, str]]:
    row = {"record": "Azure's counters", "aws_to_azure_bytes": "50", "azure_to_aws_bytes": "40", "what": "because"}
    return [{**row, "complete": complete}]


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [(_azure("yes"), []), (_azure("no"), ["because"]), (_bytes(1, 1), ["Azure's counters are not in it"])],
)
def test_azures_counters_are_there_and_fit(rows: list[dict[str, str]], wrong: list[str]) -> None:
    (found,) = cost_check.of_witness(rows).values()
    assert found == wrong


def test_what_drills_had_healed_is_named_with_the_seconds() -> None:
    rows = [
        {"record": "incident", "what": "GatewayMissing", "quantity": "71"},
        {"record": "incident", "what": "RouteMissing", "quantity": ""},  # not well yet
        {"record": "note", "what": "SharedKeyChanged", "quantity": "1"},
    ]
    found = list(cost_check.of_incidents(rows, ["GatewayMissing", "RouteMissing", "SharedKeyChanged"]))
    assert [one.split()[0] for one in found] == ["RouteMissing", "SharedKeyChanged"]


def test_where_nothing_crossed_nothing_is_shown() -> None:
    assert len(_faults((0, 0), (0, 0), (0, 0))) == 2


def test_a_mail_of_the_products_says_the_same_in_all_parts() -> None:
    assert list(cost_check.of_form(mails.mail())) == []


def _with(part: str, old: str, new: str) -> Mail:
    """The mail with other words in one of its parts."""
    mail = mails.mail()
    (found,) = [one for one in mail.message.walk() if one.get_content_type() == part]
    content = found.get_content()
    assert old in content
    found.set_content(content.replace(old, new), subtype=part.rpartition("/")[2])
    return Mail(mail.message.as_bytes())


@pytest.mark.parametrize(
    ("part", "old", "new", "fault"),
    [
        ("text/plain", "$200.87", "$200.875", "its text does not say '$200.87'"),
        ("text/html", "$200.87", "$20.87", "its HTML does not say '$200.87'"),
        ("text/plain", "312.4", "31.4", "its text does not say '312.4"),
        ("text/html", "312.4", "1312.4", "its HTML does not say '312.4"),
        ("text/csv", "335438271609", "335438271608", "its hours are"),
    ],
)
def test_a_part_that_says_something_else_is_named(part: str, old: str, new: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in cost_check.of_form(_with(part, old, new)))


def test_a_mail_without_an_alternative_is_named_or_none() -> None:
    only = Mail(b"Content-Type: text/plain\r\n\r\nhello")
    with pytest.raises(NoMail, match="no text/csv"):
        list(cost_check.of_form(only))


def test_todays_prices_and_no_notes_are_right() -> None:
    said = statements.statement(statements.part(**WELL), notes=())
    assert list(cost_check.of_prices(mails.mail(said).rows)) == []


def test_an_item_without_a_price_a_price_brought_along_a_note_and_a_gap_are_named() -> None:
    first, second, *rest = statements.lines()
    old = second.model_copy(update={"fallback": True})
    said = statements.statement(
        statements.part(lines=(old, *rest), gaps=("no samples",)), notes=("No price is known.",)
    )
    assert list(cost_check.of_prices(mails.mail(said).rows)) == [
        f"nothing is priced as {first.item}",
        f"{second.what}: the price is brought along",
        "gap: no samples",
        "note: No price is known.",
    ]
