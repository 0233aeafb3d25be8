"""Which link an event is about. Pure. What else the event tells is not read: the look finds it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

GATEWAY = "causeway.gateway."


def source(link: str) -> str:
    """The source of what a link's gateway says. Its role may say nothing under another, so it stands for the link."""
    return f"{GATEWAY}{link}"


def link_of(
    event: Mapping[str, Any], links: Iterable[str], link_of_instance: Callable[[str], str | None]
) -> str | None:
    """The name of the link; None for an event that is about none of them. `event` is EventBridge's."""
    told = event.get("detail")
    detail = told if isinstance(told, Mapping) else {}
    match event.get("source"):
        case str(source) if source.startswith(GATEWAY):
            return source.removeprefix(GATEWAY)
        case "aws.ec2":
            return link_of_instance(str(detail.get("instance-id")))
        case "aws.states":
            return _named(str(detail.get("stateMachineArn")).rpartition(":")[2], links, "")
        case "aws.cloudwatch":
            return _named(str(detail.get("alarmName")), links, "-")
        case _:
            return None


def alarm(link: str, word: str) -> str:
    """The name of an alarm of a link. `word` is CamelCase, as no end of a link's name is."""
    return f"causeway-{link}-{word}"


def _named(name: str, links: Iterable[str], end: str) -> str | None:
    """The link whose resource has this name: `causeway-LINK`, and after `end` a word of its own."""
    own = name.rpartition(end)[0] if end else name
    return next((link for link in links if own == f"causeway-{link}"), None)
