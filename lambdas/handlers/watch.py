"""Looks at the region's links: at all of them each minute, at one when an event or an operator asks for it.

An event says nothing but "look at this link". Whatever it tells is looked at afresh.
"""

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas import azure_looks, boots, watch
from lambdas.clouds import aws, registry, table
from lambdas.settings import Settings
from link.healing_state import HealingState
from link.record import Declared
from link.watched import link_of

SCHEDULE = "Scheduled Event"
OPERATOR = "operator"


class Asked(Declared):
    """What an operator or a walk asks: a look at a link; `minutes` of a pause before it; `resume` ends a pause
    and has what was tried forgotten: a human has been here."""

    link: str
    trigger: str = OPERATOR
    minutes: int | None = None
    why: str = "maintenance"
    resume: bool = False


@watch.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> list[dict[str, Any]]:
    """Returns what became of each look. Raises what AWS raised when nothing could be looked at."""
    now = datetime.now(UTC)
    rows = registry.rows()
    trigger = str(event.get("detail-type") or event.get("trigger") or OPERATOR)
    links = rows.links if trigger == SCHEDULE else _asked(event, rows.links, now)
    boots.fail_waits(event, links)
    # Each hour, and at each look that somebody asks for: a link that is new need not wait for the hour's turn.
    counts = trigger != SCHEDULE or now.minute == 0
    surveys = trigger == OPERATOR
    scheduled = trigger == SCHEDULE
    topic = os.environ["CAUSEWAY_ALERTS"]
    asked = azure_looks.Asked(trigger, now, topic, counts=counts, surveys=surveys, scheduled=scheduled)
    outcomes = watch.look_at(links, asked)
    if scheduled:
        watch.report_unlooked(outcomes, rows, asked)
    return [asdict(outcome) for outcome in outcomes]


def _asked(event: dict[str, Any], links: tuple[Settings, ...], now: datetime) -> tuple[Settings, ...]:
    """The link that is meant, with the wish counted, so that a walk at work is followed by one more look."""
    name = event.get("link") or link_of(event, [link.spec.name for link in links], aws.link_of_instance)
    found = tuple(link for link in links if link.spec.name == name)
    for link in found:
        if "detail-type" not in event:
            _maintain(link, Asked.model_validate(event), now)
        table.ask_look(link.table)
    return found


def _maintain(link: Settings, asked: Asked, now: datetime) -> None:
    if asked.minutes is not None:
        table.pause(link.table, now + timedelta(minutes=asked.minutes), asked.why)
    if asked.resume:
        table.resume(link.table)
        table.clear_reading(link.table)
        table.keep_healing(link.table, HealingState())
