"""State machines as targets of EventBridge (LocalEmu fails when the rule shapes the input), and lost heartbeats."""

import uuid
from typing import Any

from localemu.services.events import target
from localemu.services.stepfunctions.asl.component.common.error_name.states_error_name import StatesErrorName
from localemu.services.stepfunctions.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from localemu.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service_callback as callback,
)
from localemu.utils.patch import patch


def mend() -> None:
    target.StatesTargetSender.send_event = send_event

    @patch(callback.StateTaskServiceCallback._from_error)
    def _from_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
        """A lost heartbeat is States.HeartbeatTimeout; LocalEmu says States.Timeout."""
        if not isinstance(ex, callback.HeartbeatTimeoutError):
            return original(self, env, ex)
        event = self._get_timed_out_failure_event(env)
        event.error_name = StatesErrorName(typ=StatesErrorNameType.StatesHeartbeatTimeout)
        event.event_details["taskTimedOutEventDetails"]["error"] = StatesErrorNameType.StatesHeartbeatTimeout.to_name()
        return event


def send_event(self: Any, event: Any, trace_header: Any) -> None:
    self.service = "stepfunctions"
    name = event["id"] if isinstance(event, dict) and "id" in event else str(uuid.uuid4())
    text = event if isinstance(event, str) else target.to_json_str(event)
    self.client.start_execution(stateMachineArn=self.target["Arn"], name=name, input=text)
