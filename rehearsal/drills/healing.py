"""Turns healing off, or mutes the events that it hears, for as long as a drill lasts."""

import contextlib
from collections.abc import Iterator
from enum import StrEnum

from rehearsal import clients, inside, operator, world
from rehearsal.drills import outcome
from rehearsal.drills.scene import Scene

MINUTES = 60


class Healing(StrEnum):
    """What may heal during a drill."""

    ON = "on"
    OFF = "off"
    PAUSED = "paused"  # the agent still heals what it can
    MUTED = outcome.MUTED


class NotPaused(Exception):
    """The link could not be paused or resumed; the message is what the command said."""


@contextlib.contextmanager
def only(mode: Healing, now: Scene) -> Iterator[None]:
    """Heals in this mode while the body runs."""
    match mode:
        case Healing.ON:
            yield
        case Healing.OFF:
            with paused(now.link, "drill without remedy"), _without_agent(now):
                yield
        case Healing.PAUSED:
            with paused(now.link, "drill without remedy"):
                yield
        case Healing.MUTED:
            with _muted():
                yield


@contextlib.contextmanager
def paused(link: world.Link, why: str) -> Iterator[None]:
    """The watch looks at the link and changes nothing."""
    _causeway("pause", link.name, "--minutes", str(MINUTES), "--why", why)
    try:
        yield
    finally:
        _causeway("resume", link.name)


def _causeway(*arguments: str) -> None:
    status, said = operator.causeway(*arguments)
    if status != 0:
        raise NotPaused(said)


@contextlib.contextmanager
def _without_agent(now: Scene) -> Iterator[None]:
    """Libreswan by itself makes a lost connection anew at once, which heals too; so that is off as well."""
    machine = now.instance["InstanceId"]
    inside.run(machine, "systemctl stop causeway-agent; ipsec whack --impair revival")
    try:
        yield
    finally:
        with contextlib.suppress(inside.Unreachable):  # the drill may have ended the machine
            inside.run(machine, "systemctl start causeway-agent; timeout 5 ipsec whack --impair none")


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Every rule is disabled but the schedules."""
    events = clients.aws("events")
    rules = [one["Name"] for one in clients.everything("events", "list_rules", "Rules") if _is_heard(one)]
    for name in rules:
        events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in rules:
            events.enable_rule(Name=name)


def _is_heard(rule: dict[str, str]) -> bool:
    return "ScheduleExpression" not in rule and rule["State"] == "ENABLED"
