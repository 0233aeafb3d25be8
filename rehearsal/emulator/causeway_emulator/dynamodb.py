"""Scan with a filter on the key, which LocalEmu refuses as it does for Query; AWS refuses it for Query only."""

from typing import Any

from localemu.services.dynamodb import provider


def mend() -> None:
    provider._validate_filter_expression_not_using_keys = accept


def accept(*args: Any) -> None:
    """Query is let off too: none of ours filters."""
