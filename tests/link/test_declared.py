"""Who is told, as cdk.json's context declares it. The links themselves are in test_spec.py."""

from typing import Any

import pytest

from link import declared
from link.errors import SpecInvalid


def test_addresses_may_be_left_out_and_each_counts_once() -> None:
    assert declared.parse_alert_emails(None) == ()
    assert declared.parse_alert_emails(["a@example.com", "a@example.com"]) == ("a@example.com",)


@pytest.mark.parametrize("value", ["a@example.com", ["no address"], [7], [["a@example.com"]], ["a@example"]])
def test_what_is_no_address_is_one_clear_line(value: Any) -> None:
    with pytest.raises(
        SpecInvalid, match=r'^alert_emails: .*give a list of e-mail addresses such as \["network@'
    ) as caught:
        declared.parse_alert_emails(value)
    assert "\n" not in str(caught.value)


def test_every_wrong_address_has_its_line() -> None:
    with pytest.raises(SpecInvalid) as caught:
        declared.parse_alert_emails(["one", "network@example.com", "two"])
    assert len(str(caught.value).splitlines()) == 2
