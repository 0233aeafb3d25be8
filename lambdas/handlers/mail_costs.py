"""Wakes each hour and mails what the links cost, when a mail is owed; or at once, when somebody asks for it."""

from datetime import UTC, datetime
from typing import Any

from lambdas import cost_settings, costs


@costs.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> list[str]:
    """`event` is the schedule's, or {"so_far": true}. Returns what became of each period that was due.

    Raises what kept a mail from being sent.
    """
    send = costs.so_far if event.get("so_far") else costs.tick
    return send(cost_settings.load(), str(context.aws_request_id), datetime.now(UTC))
