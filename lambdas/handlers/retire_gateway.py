"""Ends every gateway instance that is not wanted, and takes the Elastic IP off when the link goes."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import apply as cloud
from lambdas.clouds import aws
from lambdas.settings import Settings
from link import plan
from link.errors import GatewayLingers
from link.steps import Goal, State

PATIENCE = 150  # looks, two seconds apart: EC2 ends an instance within a few minutes


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns what was done, how many unwanted instances are not terminated yet, and how often it was asked.

    When the link goes, the Elastic IP counts too until it is free: CloudFormation could not release it.
    """
    here = settings.load()
    parsed = walk.begin(event, here)
    if parsed.walk.goal is Goal.DOWN:
        _end_all(here)
    did = walk.apply(parsed, here, State.RETIRE_GATEWAY)
    found = aws.look(here)
    kept = walk.kept(parsed, here, found)
    left = [one.id for one in found.gateways if one.id != kept]
    if parsed.walk.goal is Goal.DOWN and found.elastic_ip.association:
        left.append(found.elastic_ip.allocation)
    looks = int((parsed.walk.retired or {}).get("looks", 0)) + 1
    if left and looks >= PATIENCE:
        raise GatewayLingers(f"{', '.join(left)} is not gone yet; EC2 may need longer, try again")
    return {"did": did, "left": len(left), "looks": looks}


def _end_all(here: Settings) -> None:
    """What costs ends first, by a look at the instances alone: the rest of the VPC may be in any state."""
    for one in plan.retire_all(aws.gateways(here)):
        cloud.apply(one, here, "")
