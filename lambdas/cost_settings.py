"""What the stack tells the function that mails costs, read once from the environment."""

import os
from collections.abc import Mapping
from functools import cache

from lambdas import settings
from link.cost.wanted import CostMail
from link.record import Record


class CostSettings(Record):
    """The declared mail, the regions that have links, the topic of those who are told when a mail fails.

    `azure_prices` is where Azure's Retail Prices interface answers.
    """

    mail: CostMail
    regions: tuple[str, ...]
    alerts: str
    azure_prices: str


def from_environment(environment: Mapping[str, str]) -> CostSettings:
    """Raises pydantic's ValidationError, which names the field, when a value is missing or empty."""
    return CostSettings.model_validate(
        {
            "mail": CostMail.model_validate_json(environment.get("CAUSEWAY_COST_MAIL", "")),
            "regions": environment.get("CAUSEWAY_REGIONS", "").split(","),
            "alerts": environment.get("CAUSEWAY_ALERTS") or None,
            "azure_prices": settings.azure_prices(environment),
        }
    )


@cache
def load() -> CostSettings:
    """The settings of this function."""
    return from_environment(os.environ)
