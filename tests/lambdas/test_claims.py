"""Claims over an in-process table: one sender at a time, none after it was sent, and no link is mistaken for one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lambdas.clouds import claims, dynamo, registry
from link import region
from link.cost import claim
from link.cost.claim import Claim, State, Turn
from tests.lambdas.conftest import World

NOW = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
OCTOBER = "month#2026-10-01"


def test_of_two_that_claim_a_period_one_has_it(world: World) -> None:
    assert (claims.take(OCTOBER, "one", NOW), claims.take(OCTOBER, "two", NOW)) == (True, False)
    assert claims.read(OCTOBER) == Claim(state=State.CLAIMED, by="one", at=NOW)
    assert claims.take("month#2026-11-01", "two", NOW)


def test_what_was_sent_is_never_claimed_again(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    assert claims.sent(OCTOBER, "one", "0100")
    assert not claims.take(OCTOBER, "two", NOW + timedelta(days=100))
    found = claims.read(OCTOBER)
    assert found is not None and (found.state, found.said, claim.turn(found, NOW)) == (State.SENT, "0100", Turn.NOTHING)


def test_what_failed_may_be_claimed_again_and_the_tries_are_counted(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    assert claims.failed(OCTOBER, "one", "CloudRefused: not verified")
    found = claims.read(OCTOBER)
    assert found is not None and (found.state, found.said) == (State.FAILED, "CloudRefused: not verified")
    later = NOW + timedelta(days=1)
    assert claims.take(OCTOBER, "two", later)
    assert claims.read(OCTOBER) == Claim(state=State.CLAIMED, by="two", at=later, tries=2)


def test_what_is_not_known_stays_claimed_and_is_told_once(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    later = NOW + claim.AT_WORK + timedelta(seconds=1)
    assert claim.turn(claims.read(OCTOBER), later) is Turn.TELL
    assert claims.told(OCTOBER, "one", "no answer")
    found = claims.read(OCTOBER)
    assert found is not None and (found.state, found.said, found.told) == (State.CLAIMED, "no answer", True)
    assert claim.turn(found, later) is Turn.NOTHING and not claims.take(OCTOBER, "two", later)


def test_who_lost_the_claim_records_nothing(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    claims.failed(OCTOBER, "one", "busy")
    claims.take(OCTOBER, "two", NOW)
    assert not claims.sent(OCTOBER, "one", "0100")
    assert not claims.failed(OCTOBER, "one", "late")
    assert not claims.told(OCTOBER, "one", "late")
    found = claims.read(OCTOBER)
    assert found is not None and (found.by, found.state, found.said) == ("two", State.CLAIMED, "")


def test_a_mail_that_was_sent_after_all_is_recorded_by_who_sent_it_even_when_a_human_was_told(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    claims.told(OCTOBER, "one", "slow")
    assert claims.sent(OCTOBER, "one", "0100")


def test_nothing_is_known_of_a_period_that_nobody_claimed(world: World) -> None:
    assert claims.read(OCTOBER) is None
    assert not claims.sent(OCTOBER, "one", "0100")
    assert claims.read(OCTOBER) is None


def test_claims_stand_beside_links_and_are_not_taken_for_one(world: World) -> None:
    registry.register(world.settings)
    claims.take(OCTOBER, "one", NOW)
    assert [link.spec.name for link in registry.links()] == ["prod"]


def test_the_table_is_told_when_a_claim_is_over(world: World) -> None:
    claims.take(OCTOBER, "one", NOW)
    item = dynamo.client().get_item(TableName=region.LINKS, Key={"id": {"S": f"mail#{OCTOBER}"}})["Item"]
    assert int(item["expires"]["N"]) == int((NOW + claim.KEPT).timestamp())


def test_times_are_kept_in_utc(world: World) -> None:
    claims.take(OCTOBER, "one", NOW.astimezone(ZoneInfo("Europe/Berlin")))
    assert dynamo.get(region.LINKS, f"mail#{OCTOBER}")["at"] == "2026-11-01T05:00:00+00:00"
