"""Judges the link from the gateway's last reading and from what Azure says. Waiting is the state machine's job."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws, function, table
from link import choose, plan, verdict
from link.errors import LinkNotVerified
from link.reading import Observation


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the verdict, how often it was asked, and how many instances are unwanted. Raises LinkNotVerified."""
    here = settings.load()
    parsed = walk.begin(event, here)
    gateways = aws.gateways(here)
    gateway = choose.gateway(here.spec, here.deployed.agent, gateways)
    judged = verdict.judge(
        table.reading(here.table),
        function.look(here.spec.azure, plan.azure_ref(here.spec, here.deployed)),
        instance=gateway.id if gateway else None,
        version=table.published_version(here.table),
        probe=here.spec.probe,
        now=datetime.now(UTC),
    )
    looks = int((parsed.walk.verdict or {}).get("looks", 0)) + 1
    walk.logger.info("link judged", state=judged.state, reason=judged.reason, looks=looks)
    if judged.state is not Observation.UP and looks >= verdict.PATIENCE:
        raise LinkNotVerified(f"{judged.reason}: {judged.message}")
    unwanted = sum(1 for one in gateways if one != gateway)
    return {**asdict(judged), "looks": looks, "unwanted": unwanted}
