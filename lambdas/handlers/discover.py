"""Looks at both clouds and hands on what every later state needs: the Azure side, and what served the link before."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws, function, memory
from lambdas.settings import Settings
from link import choose, known, plan
from link.condition import Condition
from link.errors import CausewayError, condition
from link.facts import AzureFacts
from link.known import Known

# Of a link that was verified: it heals by what is known, and a Function that only starts slowly is asked again later.
PATIENCE_S = 10.0


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns what was found. Of a link that was verified as it is declared, Azure need not answer.

    Raises FunctionUnreachable and its like where nothing is known of Azure, and for a change that was just deployed.
    """
    here = settings.load()
    walk.begin(event, here)
    remembered = memory.recall_one(here.table)  # before the look: what is wished for later, it may not see
    changed = remembered.established.spec != here.spec.digest()
    kept = None if changed else known.usable(remembered.known, plan.azure_ref(here.spec, here.deployed))
    azure, silence = _azure(here, kept)
    serving = choose.serving(aws.gateways(here), aws.elastic_ip(here).interface)
    handed_on = walk.Found(
        azure=azure,
        established=remembered.established.vpc is not None,
        serving=serving.id if serving else None,
        asked=remembered.asked,
        changed=changed,
        silence=silence,
    )
    return handed_on.model_dump(mode="json")


def _azure(here: Settings, kept: Known | None) -> tuple[AzureFacts, Condition | None]:
    """Azure as it is, or as it was seen last and why."""
    ref = plan.azure_ref(here.spec, here.deployed)
    try:
        seen = function.look(here.spec.azure, ref, PATIENCE_S if kept else function.TIMEOUT_S)
    except CausewayError as exc:
        if kept is None:
            raise
        walk.logger.warning("Azure could not be seen, its last observation stands for it", why=str(exc))
        return kept.azure, condition(exc)
    walk.keep_known(here, seen, kept)
    return known.completed(seen, kept), None
