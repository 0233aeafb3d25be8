"""Looks at both clouds and hands on what every later state needs: the Azure side, and what served the link before."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws, function, table
from link import choose, plan


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns what was found. Raises FunctionUnreachable when nothing is known of Azure."""
    here = settings.load()
    walk.begin(event, here)
    asked = table.looks_asked(here.table)  # before the look: what is wished for later, it may not see
    azure = function.look(here.spec.azure, plan.azure_ref(here.spec, here.deployed))
    serving = choose.serving(aws.gateways(here), aws.elastic_ip(here).interface)
    established = table.established_in(here.table) is not None
    handed_on = walk.Found(azure=azure, established=established, serving=serving.id if serving else None, asked=asked)
    return handed_on.model_dump(mode="json")
