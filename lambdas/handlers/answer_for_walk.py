"""Answers CloudFormation for a walk that could not: it timed out, was aborted, or its last state failed."""

import json
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.clouds import walks

logger = Logger(service="causeway")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: object) -> None:
    """`event` is EventBridge's "Step Functions Execution Status Change".

    A walk that answered before is answered again, which CloudFormation ignores.
    """
    detail = event["detail"]
    answer = json.loads(detail["input"]).get("answer")
    if answer is None:
        return
    reason = f"the walk ended {detail['status']}: {detail.get('error') or ''} {detail.get('cause') or ''}".strip()
    logger.error("walk did not answer by itself", why=reason)
    walks.answer(walks.Answer.model_validate(answer), (reason,), {}, "the last event of the walk's execution")
