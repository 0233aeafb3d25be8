"""State machines as targets of EventBridge: LocalEmu fails on the missing event id when the rule shapes the input."""

import uuid
from typing import Any

from localemu.services.events import target


def mend() -> None:
    target.StatesTargetSender.send_event = send_event


def send_event(self: Any, event: Any, trace_header: Any) -> None:
    self.service = "stepfunctions"
    name = event["id"] if isinstance(event, dict) and "id" in event else str(uuid.uuid4())
    text = event if isinstance(event, str) else target.to_json_str(event)
    self.client.start_execution(stateMachineArn=self.target["Arn"], name=name, input=text)
