"""Judges the link from the gateway's last reading and from what Azure says. Waiting is the state machine's job."""

from datetime import UTC, datetime
from typing import Any

from lambdas import settings, walk
from lambdas.clouds import aws, function, table
from lambdas.settings import Settings
from link import choose, flow, plan, verdict
from link.condition import Condition
from link.errors import CausewayError, LinkNotVerified
from link.facts import AzureFacts
from link.flow import Flow
from link.reading import Observation
from link.record import Record


class Judged(Record):
    """What Verify hands on, to the state machine and to its own next look.

    `silent`: Azure did not answer, and is asked no more in this walk.
    """

    state: Observation
    reason: str
    message: str
    looks: int = 0
    unwanted: int = 0
    silent: bool = False
    flow: Flow | None = None
    doubt: Condition | None = None


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the verdict, how often it was asked, and how many instances are unwanted. Raises LinkNotVerified.

    A doubt is waited for: Azure's status lags. When it does not pass, the higher evidence counts.
    """
    here = settings.load()
    parsed = walk.begin(event, here)
    before = Judged.model_validate(parsed.walk.verdict) if parsed.walk.verdict else None
    gateways, now = aws.gateways(here), datetime.now(UTC)
    gateway = choose.gateway(here.spec, here.deployed.agent, gateways)
    reading = table.reading(here.table)
    followed = flow.follow(before.flow if before else None, reading)
    azure = _azure(parsed, here, before)
    judged = verdict.judge(
        reading,
        azure,
        instance=gateway.id if gateway else None,
        version=table.published_version(here.table),
        probe=here.spec.probe,
        traffic=flow.judge(followed, now),
        now=now,
    )
    looks = (before.looks if before else 0) + 1
    condition, state = judged.doubt or judged.condition, judged.state
    if judged.doubt is not None and looks < verdict.DOUBT_PATIENCE:
        state = Observation.UNKNOWN
    walk.logger.info("link judged", state=state, reason=condition.reason, looks=looks)
    if state is Observation.UP and azure is not None:
        walk.keep_known(here, azure)
    if state is not Observation.UP and looks >= verdict.PATIENCE:
        raise LinkNotVerified(str(condition))
    return Judged(
        state=state,
        reason=condition.reason if judged.doubt else judged.condition.reason,
        message=judged.condition.message,
        looks=looks,
        unwanted=sum(1 for one in gateways if one != gateway),
        silent=azure is None,
        flow=followed,
        doubt=judged.doubt,
    ).model_dump(mode="json")


def _azure(event: walk.Event, here: Settings, before: Judged | None) -> AzureFacts | None:
    """Azure's view. On a link that was verified it may be missing; then it is not asked for again."""
    found = walk.found(event)
    if found.silence or (before and before.silent):
        return None
    try:
        return function.look(here.spec.azure, plan.azure_ref(here.spec, here.deployed))
    except CausewayError as exc:
        if not found.heals:
            raise
        walk.logger.warning("Azure could not be seen, and the link is judged without it", why=str(exc))
        return None
