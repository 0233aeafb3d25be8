"""What `make check` says of cdk-nag's findings."""

from tools import nag

MENDED, NEW, KNOWN = ("Rule-1", "stack/Table"), ("Rule-2", "stack/Topic"), ("Rule-3", "stack/Key")


def test_a_finding_that_is_not_acknowledged_is_a_line_and_so_is_an_acknowledgement_of_nothing() -> None:
    assert list(nag.lines([NEW, KNOWN], [KNOWN, MENDED])) == [
        "Rule-2 at stack/Topic",
        "Rule-1 at stack/Table is acknowledged and not found",
    ]


def test_links_differ_by_their_names_and_not_in_what_is_found() -> None:
    assert nag._nameless("causeway-plain/Table") == nag._nameless("causeway-full/Table") == "causeway-LINK/Table"
