"""Rules as EventBridge runs them: what a rule says now counts, not what it said when it got its target.

LocalEmu 1.3.2 makes a job at each PutTargets and never ends one, so a rule fires twice after an update; and a disabled
rule fires.
"""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from crontab import CronTab
from localemu.services.events.models import Rule, RuleState, events_stores
from localemu.services.events.provider import EventsProvider
from localemu.services.events.rule import RuleService
from localemu.utils.patch import patch
from localemu.utils.threads import start_worker_thread

LOOK_S = 0.5
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def mend() -> None:
    RuleService.create_schedule_job = lambda self, job: None
    EventsProvider.on_before_start = start

    @patch(EventsProvider._process_rules)
    def _process_rules(original: Any, self: EventsProvider, rule: Rule, *args: Any, **kwargs: Any) -> None:
        if rule.state != RuleState.DISABLED:
            original(self, rule, *args, **kwargs)


def start(provider: EventsProvider) -> None:
    threading.Thread(target=run, args=[provider], daemon=True).start()


def run(provider: EventsProvider) -> None:
    due: dict[tuple[str, str], float] = {}
    while True:
        now = time.time()
        rules = {(rule.arn, rule.schedule_expression): rule for rule in scheduled()}
        due = {key: due.get(key) or now + wait_s(key[1], now) for key in rules}
        for key, rule in rules.items():
            if due[key] <= now:
                due[key] += wait_s(key[1], due[key])
                fire(provider, rule)
        time.sleep(LOOK_S)


def scheduled() -> Iterator[Rule]:
    for _, _, store in events_stores.iter_stores():
        for bus in list(store.event_buses.values()):
            for rule in list(bus.rules.values()):
                if rule.schedule_expression and rule.state != RuleState.DISABLED:
                    yield rule


def wait_s(expression: str, now: float) -> float:
    """A rate counts from the rule's creation (EventBridge user guide, "Creating a rule that runs on a schedule")."""
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return int(rate[1]) * SECONDS[rate[2]]
    fields = expression.removeprefix("cron(").removesuffix(")").replace("?", "*")
    return float(CronTab(fields).next(now, default_utc=True))


def fire(provider: EventsProvider, rule: Rule) -> None:
    job = provider._get_scheduled_rule_job_function(rule.account_id, rule.region, rule)
    start_worker_thread(lambda *_: job(), name="rule-by-schedule")
