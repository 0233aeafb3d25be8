"""Sends the mails that are owed, each once, and warns once a month when the forecast passes the budget."""

from dataclasses import replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from lambdas import books
from lambdas.books import Gathered
from lambdas.clouds import alerts, claims, ses
from lambdas.cost_settings import CostSettings
from lambdas.mail import drawing, message, rounding
from link.cost import claim, compose, period, schedule
from link.cost.claim import Turn
from link.cost.period import Period
from link.cost.statement import Every
from link.errors import CausewayError, MailFateUnknown
from link.notification import Message

logger = Logger(service="causeway")

DAY = timedelta(days=1)
BUDGET_AT = 6  # o'clock, where the reader is: once a day the forecast is compared with the budget


def tick(here: CostSettings, by: str, now: datetime) -> list[str]:
    """What is due at this hour. `by` names this run. Returns what became of each period; raises the first error last.

    A failed mail keeps no other one back, and is owed again in the next hour.
    """
    zone, every = here.mail.zone, here.mail.every
    candidates = schedule.ended(every, zone, datetime.min.replace(tzinfo=now.tzinfo), now)
    turns = {one: claim.turn(claims.read(one.key), now) for one in candidates}
    outcomes = [_told(here, one, now) for one, turn in turns.items() if turn is Turn.TELL]
    due = [one for one, turn in turns.items() if turn is Turn.SEND]
    if not due and not _looks_at_budget(here, now):
        return outcomes
    gathered = books.gather(here, _start(here, due, now), now)
    owed = [one for one in due if not _is_before_all(gathered, one, by, now)]
    errors: list[CausewayError] = []
    for one in owed:
        try:
            outcomes.append(_send(here, gathered, one, one.key, by, now))
        except CausewayError as exc:
            errors.append(exc)
    if _looks_at_budget(here, now):
        outcomes += _warn(here, gathered, by, now)
    if errors:
        raise errors[0]
    return outcomes


def _is_before_all(gathered: Gathered, over: Period, by: str, now: datetime) -> bool:
    """The period was over when the first gateway began to count. That stays so, and need not be looked up again."""
    if gathered.since is None:
        return True
    if over.end > gathered.since:
        return False
    if claims.take(over.key, by, now):
        claims.sent(over.key, by, "nothing: no gateway counted yet")
    return True


def so_far(here: CostSettings, by: str, now: datetime) -> list[str]:
    """Mails what there is of the period that runs, because somebody asks for it. What is owed later stays owed."""
    over = period.so_far(now, here.mail.every, here.mail.zone)
    gathered = books.gather(here, _start(here, [over], now), now)
    return [_send(here, gathered, over, f"{over.key}#{by}", by, now)]


def _start(here: CostSettings, due: list[Period], now: datetime) -> datetime:
    """From when on is counted: the period before the first that is due, the month, and the days of the forecast."""
    zone = here.mail.zone
    month = period.containing(min([now, *(one.start for one in due)]), Every.MONTH, zone)
    return min([month.start - DAY, now - 8 * DAY, *(period.before(one, zone).start for one in due)])


def _send(here: CostSettings, gathered: Gathered, over: Period, key: str, by: str, now: datetime) -> str:
    """Draws, claims by the key, sends, and records what became of it: only who may have sent leaves a claim open."""
    known = replace(gathered.books, known=books.known(gathered, over))
    drawn = drawing.draw(compose.statement(known, over, now))
    mail = message.compose(drawn, key, here.mail.sender, here.mail.recipients, now)
    if not claims.take(key, by, now):
        return f"{key}: somebody else sends it"
    try:
        sent = ses.send(mail)
    except MailFateUnknown as exc:
        _unknown(here, key, by, str(exc))
        raise
    except CausewayError as exc:
        claims.failed(key, by, str(exc))  # the function fails, which its alarm tells
        raise
    claims.sent(key, by, sent)
    logger.info("cost mail sent", period=key, ses_id=sent)
    return f"{key}: sent"


NEVER = "It is not sent again by itself, so that nobody gets it twice. See docs/runbook.md, CostMailUnknown."


def _unknown(here: CostSettings, key: str, by: str, why: str) -> None:
    alerts.tell(here.alerts, Message(f"Causeway: the cost mail {key} may not have arrived", f"{why}\n{NEVER}"))
    claims.told(key, by, why)


def _told(here: CostSettings, over: Period, now: datetime) -> str:
    """Somebody claimed the period and never said how it ended."""
    kept = claims.read(over.key)
    assert kept is not None  # it was read a moment ago, and claims are not removed before months
    _unknown(here, over.key, kept.by, f"the function that had claimed it at {kept.at:%Y-%m-%d %H:%M} UTC was ended")
    return f"{over.key}: its fate is not known"


def _looks_at_budget(here: CostSettings, now: datetime) -> bool:
    return here.mail.budget is not None and now.astimezone(here.mail.zone).hour == BUDGET_AT


def _warn(here: CostSettings, gathered: Gathered, by: str, now: datetime) -> list[str]:
    """One warning a month, when the forecast passes the budget."""
    budget, expected = here.mail.budget, compose.expect(gathered.books, now)
    month = period.containing(now, Every.MONTH, here.mail.zone)
    if budget is None or expected is None or expected <= budget:
        return []
    key = f"budget#{month.key}"
    if claim.turn(claims.read(key), now) is not Turn.SEND or not claims.take(key, by, now):
        return []
    what = f"{rounding.money(expected)} is forecast for {month.label}, and the budget is {rounding.money(budget)}."
    alerts.tell(here.alerts, Message(f"Causeway: the links pass their budget in {month.label}", what))
    claims.sent(key, by, "told")
    return [f"{key}: told"]
