"""The hourly run: what is owed is mailed once, what failed again, and what nobody knows of is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import ValidationError

from lambdas import books, cost_settings, costs
from lambdas.books import Counted, Gathered
from lambdas.clouds import alerts, azure_samples, claims, history, prices, registry, samples, ses
from lambdas.cost_settings import CostSettings
from lambdas.handlers import mail_costs
from lambdas.mail import drawing
from link.cost import period
from link.cost.compose import Books
from link.cost.price import Wanted
from link.cost.statement import Every
from link.cost.wanted import CostMail
from link.cost.witness import AzureSample
from link.errors import CloudBusy, CloudRefused, MailFateUnknown
from link.notification import Message
from tests import worlds
from tests.lambdas.conftest import World
from tests.lambdas.test_walk import Context
from tests.link.cost.accounts import account, meter, rates

HOUR = timedelta(hours=1)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, 0, 5, tzinfo=UTC)
GB = 2**30


@dataclass
class Outside:
    """SES and the topic. `answers` are what SES does next: an error, or None for a mail that it takes."""

    mails: list[Any] = field(default_factory=list)
    answers: list[Exception | None] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)

    def send_email(self, Content: dict[str, Any]) -> dict[str, str]:
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.mails.append(message_from_bytes(Content["Raw"]["Data"]))
        return {"MessageId": f"ses-{len(self.mails)}"}

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@pytest.fixture
def outside(world: World, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """A link that has carried a GB an hour each way since the beginning of October."""
    made = Outside()
    known = rates().prices
    monkeypatch.setattr(ses, "client", lambda: made)
    monkeypatch.setattr(alerts, "tell", lambda _, message: made.told.append(message))
    monkeypatch.setattr(
        prices, "find", lambda wanted, *_: prices.Found({one: tuple(known.get(one, ())) for one in wanted}, ())
    )
    monkeypatch.setattr(history, "uptime", lambda *_: (Decimal("0.999"), Decimal(1)))
    monkeypatch.setattr(history, "incidents", lambda *_: ())
    monkeypatch.setattr(history, "walks", lambda *_: (OCTOBER + 40 * HOUR, OCTOBER + 2 * HOUR))
    monkeypatch.setattr(samples, "BEFORE", 24 * HOUR)  # moto takes its time for a month of hours more
    registry.register(world.settings)
    count(world, OCTOBER, NOVEMBER + HOUR)
    return made


def count(world: World, start: datetime, end: datetime) -> None:
    """Two readings a day suffice: between them the counters are taken to have run evenly."""
    for hour in range(1, int((end - start) / HOUR) + 1, 12):
        at = start + hour * HOUR
        reading = worlds.read(read_at=at, counting_since=start, outer_bytes_in=hour * GB, outer_bytes_out=hour * GB)
        samples.note(world.settings.table, reading)
        azure_samples.note({world.settings.table: azure_sample(at, hour * GB * 95 // 100)})


def azure_sample(at: datetime, crossed: int) -> AzureSample:
    return AzureSample(
        read_at=at,
        aws_to_azure=crossed,
        azure_to_aws=crossed,
        status="Connected",
        sku="VpnGw1AZ",
        location="westeurope",
        addresses=1,
    )


def here(**changes: Any) -> CostSettings:
    declared = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}
    mail = CostMail.model_validate({**declared, **changes})
    return CostSettings(mail=mail, regions=("eu-west-1",), alerts="topic", azure_prices="https://prices.example")


REFUSED = ClientError(
    {"Error": {"Code": "MessageRejected", "Message": "not verified"}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item]
    "SendEmail",
)
SILENCE = ReadTimeoutError(endpoint_url="https://email.example")


def test_a_month_that_has_ended_is_mailed_once(outside: Outside) -> None:
    assert costs.tick(here(), "run-1", NOVEMBER) == ["month#2026-10-01: sent"]
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == []
    (subject,) = outside.subjects
    assert "October" in subject
    assert "prod" in subject


def test_the_mail_says_what_crossed_and_what_it_cost(outside: Outside) -> None:
    costs.tick(here(), "run", NOVEMBER)
    (mail,) = outside.mails
    (text,) = [
        part.get_payload(decode=True).decode() for part in mail.walk() if part.get_content_type() == "text/plain"
    ]
    assert mail["To"] == "network@example.com"
    assert "744" in text  # GB each way
    assert "VpnGw1AZ" in text
    assert "Controller: steps of walks" in text
    assert "50 at $25.00 per million" in text  # of two walks
    assert "99.9" in text


def test_where_nothing_was_counted_nothing_is_owed(world: World, outside: Outside) -> None:
    for day in (OCTOBER - 40 * HOUR, OCTOBER - HOUR):
        assert costs.tick(here(every="day"), "run", day) == []
    assert outside.mails == []


def test_periods_before_the_first_count_are_looked_up_once(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[datetime] = []
    gather = books.gather

    def noted(here: CostSettings, start: datetime, now: datetime) -> Gathered:
        starts.append(start)
        return gather(here, start, now)

    monkeypatch.setattr(books, "gather", noted)
    assert costs.tick(here(), "run-1", NOVEMBER) == ["month#2026-10-01: sent"]  # and none of August and September
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == []
    assert len(starts) == len(outside.mails) == 1


def test_a_mail_that_was_refused_is_sent_an_hour_later(outside: Outside) -> None:
    outside.answers = [REFUSED]
    with pytest.raises(CloudRefused, match="not verified"):
        costs.tick(here(), "run-1", NOVEMBER)
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == ["month#2026-10-01: sent"]
    assert outside.told == []  # the function's alarm tells


def test_a_mail_whose_fate_is_not_known_is_told_and_never_sent_again(outside: Outside) -> None:
    outside.answers = [SILENCE]
    with pytest.raises(MailFateUnknown):
        costs.tick(here(), "run-1", NOVEMBER)
    for hours in (1, 2, 30):
        assert costs.tick(here(), "later", NOVEMBER + hours * HOUR) == []
    assert outside.mails == []
    (message,) = outside.told
    assert "may not have arrived" in message.subject


def test_a_run_that_was_ended_after_its_claim_is_told_once_and_its_mail_not_sent(outside: Outside) -> None:
    assert claims.take("month#2026-10-01", "dead", NOVEMBER)
    assert costs.tick(here(), "run-1", NOVEMBER + timedelta(minutes=5)) == []  # it may still be at work
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == ["month#2026-10-01: its fate is not known"]
    assert costs.tick(here(), "run-3", NOVEMBER + 2 * HOUR) == []
    assert (len(outside.told), outside.mails) == (1, [])


def test_of_two_runs_at_once_one_sends(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    real = claims.take

    def overtaken(period: str, by: str, now: datetime) -> bool:
        real(period, "the other one", now)
        return real(period, by, now)

    monkeypatch.setattr(claims, "take", overtaken)
    assert costs.tick(here(), "run", NOVEMBER) == ["month#2026-10-01: somebody else sends it"]
    assert outside.mails == []


def test_a_mail_that_cannot_be_drawn_is_not_claimed_and_owed_later(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(drawing, "draw", lambda _: 1 / 0)
        costs.tick(here(), "run-1", NOVEMBER)
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == ["month#2026-10-01: sent"]
    assert outside.told == []


@pytest.mark.parametrize(
    ("began", "seen", "told"),
    [
        (5, (10, 20), 20),  # a new link, from 0
        (5, (10,), 10),
        (-5, (10, 20), 10),  # an older one, from its first sample in the period
        (-5, (10,), None),
        (5, (-20, 10, 20), 10),  # Azure has counted for longer than we know of gateways
        (15, (10, 20), 10),
        (None, (10, 20), 10),
    ],
)
def test_azures_counters_testify_from_when_a_new_link_began(
    world: World, outside: Outside, began: int | None, seen: tuple[int, ...], told: int | None
) -> None:
    """Azure counted as many bytes as hours since 100 before the period, a new link's connection since it began."""
    since = None if began is None else OCTOBER + began * HOUR
    looks = tuple(azure_sample(OCTOBER + hour * HOUR, hour if min(seen) > 0 else hour + 100) for hour in seen)
    links = (account(meter(), since=since, link=world.settings.spec.name),)
    gathered = Gathered((Counted(world.settings, (), (), looks, ()),), Books(here().mail, links, rates(), {}, ()))
    (known,) = books.known(gathered, period.containing(OCTOBER, Every.MONTH, ZoneInfo("UTC"))).values()
    assert (known.witness.aws_to_azure if known.witness else None) == told


def test_a_new_links_uptime_is_of_the_time_since_it_began(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []

    def uptime(link: str, region: str, start: datetime, end: datetime) -> tuple[Decimal, Decimal]:
        asked.append(start)
        return Decimal(1), Decimal(1)

    monkeypatch.setattr(history, "uptime", uptime)
    year = period.Period(Every.MONTH, OCTOBER.date(), OCTOBER - 100 * HOUR, NOVEMBER)
    for over in (year, period.so_far(NOVEMBER, Every.DAY, ZoneInfo("UTC"))):
        books.known(books.gather(here(), OCTOBER, NOVEMBER + HOUR), over)
    assert asked == [OCTOBER, NOVEMBER.replace(minute=0)]


def test_a_period_that_was_skipped_is_caught_up(world: World, outside: Outside) -> None:
    count(world, OCTOBER, datetime(2026, 12, 1, 4, tzinfo=UTC))
    found = costs.tick(here(), "run", datetime(2026, 12, 1, 0, 5, tzinfo=UTC))
    assert found == ["month#2026-10-01: sent", "month#2026-11-01: sent"]


def test_a_mail_that_fails_keeps_no_other_back(outside: Outside) -> None:
    outside.answers = [REFUSED]
    with pytest.raises(CloudRefused):
        costs.tick(here(every="day"), "run", NOVEMBER)
    assert len(outside.mails) == 2  # of three days
    assert costs.tick(here(every="day"), "run", NOVEMBER + HOUR) == ["day#2026-10-29: sent"]


def test_what_aws_does_not_tell_now_is_owed_later(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise CloudBusy("listing the walks: throttled")

    with monkeypatch.context() as patch:
        patch.setattr(history, "incidents", busy)
        with pytest.raises(CloudBusy):
            costs.tick(here(), "run-1", NOVEMBER)
    assert costs.tick(here(), "run-2", NOVEMBER + HOUR) == ["month#2026-10-01: sent"]


MORNING = datetime(2026, 10, 20, 6, 5, tzinfo=UTC)


def test_a_budget_that_the_forecast_passes_is_warned_of_once_a_month(outside: Outside) -> None:
    tight = here(budget=10)
    assert costs.tick(tight, "run", MORNING - HOUR) == []
    assert costs.tick(tight, "run", MORNING) == ["budget#month#2026-10-01: told"]
    assert costs.tick(tight, "run", MORNING + 24 * HOUR) == []
    (message,) = outside.told
    assert "October 2026" in message.subject
    assert "$10" in message.text


def test_a_budget_that_holds_is_nothing_to_tell(outside: Outside) -> None:
    assert costs.tick(here(budget=100_000), "run", MORNING) == []
    assert outside.told == []


def test_every_price_is_asked_for_once(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Wanted] = []
    real = prices.find

    def noted(wanted: Iterable[Wanted], *rest: Any) -> prices.Found:
        asked.extend(one := list(wanted))
        return real(one, *rest)

    monkeypatch.setattr(prices, "find", noted)
    costs.tick(here(), "run", NOVEMBER)
    assert len(asked) == len(set(asked)) > 10


def test_who_asks_gets_what_there_is_so_far_and_the_whole_is_still_owed(outside: Outside) -> None:
    middle = datetime(2026, 10, 20, 12, 30, tzinfo=UTC)
    assert costs.so_far(here(), "run-1", middle) == ["month#2026-10-01#run-1: sent"]
    assert costs.so_far(here(), "run-2", middle) == ["month#2026-10-01#run-2: sent"]
    assert costs.tick(here(), "run-3", NOVEMBER) == ["month#2026-10-01: sent"]
    assert len({mail["Message-ID"] for mail in outside.mails}) == 3
    assert "so far" in outside.subjects[0]


def test_the_handler_does_what_the_event_asks_for(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tick", "so_far"):
        monkeypatch.setattr(costs, name, lambda *_, name=name: [name])
    monkeypatch.setattr(cost_settings, "load", here)
    assert mail_costs.handler({"detail-type": "Scheduled Event"}, Context()) == ["tick"]
    assert mail_costs.handler({"so_far": True}, Context()) == ["so_far"]


def test_the_stacks_words_are_settings() -> None:
    told = {"CAUSEWAY_COST_MAIL": here().mail.model_dump_json(exclude_defaults=True), "CAUSEWAY_ALERTS": "topic"}
    found = cost_settings.from_environment({**told, "CAUSEWAY_REGIONS": "eu-west-1,us-east-1"})
    assert found.mail == here().mail
    assert (found.regions, found.azure_prices) == (("eu-west-1", "us-east-1"), "https://prices.azure.com")
    with pytest.raises(ValidationError, match="alerts"):
        cost_settings.from_environment({**told, "CAUSEWAY_REGIONS": "eu-west-1", "CAUSEWAY_ALERTS": ""})
