"""Reads what is wanted from the cdk.json that a person names."""

import json
from dataclasses import dataclass
from pathlib import Path

from link.cost.wanted import CostMail
from link.declared import parse_cost_mail, parse_links
from link.errors import SpecInvalid
from link.spec import LinkSpec


@dataclass(frozen=True)
class Declared:
    """The wanted links, and the mail about their costs, if one is wanted."""

    links: tuple[LinkSpec, ...]
    cost_mail: CostMail | None


def read(path: Path) -> Declared:
    """What the file says. Raises SpecInvalid with one line for every fault of it."""
    try:
        document = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecInvalid(f"{path} cannot be read: {exc}; name another with --cdk-json") from exc
    except json.JSONDecodeError as exc:
        raise SpecInvalid(f"{path} is not JSON: {exc}; correct it there") from exc
    context = document.get("context") if isinstance(document, dict) else None
    given = context if isinstance(context, dict) else {}
    links = parse_links(given.get("links"))
    return Declared(links, parse_cost_mail(given.get("cost_mail"), links))
