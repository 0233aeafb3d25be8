"""Who is told and mailed, as cdk.json's context declares it. The links themselves are in test_spec.py."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from link import declared
from link.errors import SpecInvalid
from tests import worlds


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


MAIL = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}
LINKS = (worlds.spec(), worlds.spec(**{"name": "other", "aws.region": "us-east-1"}))


def test_the_mail_may_be_left_out() -> None:
    assert declared.parse_cost_mail(None, LINKS) is None


def test_what_is_not_said_of_the_mail_is_as_in_the_guide() -> None:
    found = declared.parse_cost_mail(MAIL, LINKS)
    assert found is not None
    assert (found.every, found.time_zone, found.other_traffic, found.budget) == ("month", "UTC", None, None)


def test_money_and_gigabytes_are_exact() -> None:
    other = {"aws_gb": "1500.5", "azure_gb": 0}
    found = declared.parse_cost_mail({**MAIL, "budget": "49.90", "other_traffic": other}, LINKS)
    assert found is not None
    assert found.other_traffic is not None
    assert (found.budget, found.other_traffic.aws_gb) == (Decimal("49.90"), Decimal("1500.5"))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sender": "nobody"}, "cost_mail.sender: 'nobody' is not right; give an e-mail address such as"),
        ({"sender": None}, "cost_mail.sender: None is not right; give an e-mail address such as"),
        ({"recipients": []}, "cost_mail.recipients: [] is not right; give a list of e-mail addresses such as"),
        ({"recipients": "a@example.com"}, "cost_mail.recipients: 'a@example.com' is not right; give a list of"),
        ({"recipients": ["a@b.example", "x"]}, "cost_mail.recipients.1: 'x' is not right; give a list of e-mail"),
        ({"recipients": ["a@example.com\nBcc: b@example.com"]}, "cost_mail.recipients.0: "),
        ({"every": "hour"}, "cost_mail.every: 'hour' is not right; give day, week or month"),
        ({"every": 7}, "cost_mail.every: 7 is not right; give day, week or month"),
        ({"time_zone": "Berlin"}, "cost_mail.time_zone: 'Berlin' is no time zone of IANA's list; give one such as"),
        ({"currency": "EUR"}, "cost_mail.currency: 'EUR' is not right; give USD, or leave it out"),
        ({"budget": 0}, "cost_mail.budget: 0 is not right; give US dollars a month such as 50"),
        ({"budget": "much"}, "cost_mail.budget: 'much' is not right; give US dollars a month such as 50"),
        ({"budget": "NaN"}, "cost_mail.budget: 'NaN' is not right; give US dollars a month such as 50"),
        ({"region": "eu-north-1"}, "cost_mail.region: 'eu-north-1' has no link; give eu-west-1 or us-east-1"),
        ({"region": "Ireland"}, "cost_mail.region: 'Ireland' is not right; give an AWS region such as eu-west-1"),
        (
            {"other_traffic": {"aws_gb": -1, "azure_gb": 0}},
            "cost_mail.other_traffic.aws_gb: -1 is not right; give GB a month such as 1500",
        ),
        (
            {"other_traffic": {"aws_gb": 1}},
            "cost_mail.other_traffic.azure_gb: is missing; give GB a month such as 1500",
        ),
        ({"colour": "blue"}, "cost_mail.colour: is not a field of cost_mail; remove it or correct its name"),
    ],
)
def test_what_is_wrong_with_the_mail_is_one_clear_line(change: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecInvalid) as caught:
        declared.parse_cost_mail({**MAIL, **change}, LINKS)
    [said] = str(caught.value).splitlines()
    assert said.startswith(line)


def test_without_sender_and_recipients_each_has_its_line() -> None:
    with pytest.raises(SpecInvalid) as caught:
        declared.parse_cost_mail({"region": "eu-west-1"}, LINKS)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "cost_mail.sender",
        "cost_mail.recipients",
    ]


def test_what_the_readme_shows_is_accepted() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shown = readme.partition('```json\n"cost_mail": ')[2].partition("```")[0]
    found = declared.parse_cost_mail(json.loads(shown), LINKS)
    assert found is not None
    assert (found.time_zone, found.budget) == ("Europe/Berlin", Decimal(250))
