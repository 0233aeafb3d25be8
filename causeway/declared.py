"""Reads the wanted links from the cdk.json that a person names."""

import json
from pathlib import Path

from link.declared import parse_links
from link.errors import SpecInvalid
from link.spec import LinkSpec


def read(path: Path) -> tuple[LinkSpec, ...]:
    """The links. Raises SpecInvalid with one line for every fault of the file."""
    try:
        document = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecInvalid(f"{path} cannot be read: {exc}; name another with --cdk-json") from exc
    except json.JSONDecodeError as exc:
        raise SpecInvalid(f"{path} is not JSON: {exc}; correct it there") from exc
    context = document.get("context") if isinstance(document, dict) else None
    return parse_links(context.get("links") if isinstance(context, dict) else None)
