"""Looks at both clouds and hands on what the Azure side is, which every later state needs."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function
from link import plan


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the Azure facts. Raises FunctionUnreachable when nothing is known of Azure."""
    here = settings.load()
    walk.parse(event, here)
    found = function.look(here.spec.azure, plan.azure_ref(here.spec, here.deployment, here.psk_secret))
    return found.model_dump(mode="json")
