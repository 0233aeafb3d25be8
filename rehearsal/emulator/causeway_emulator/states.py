"""What LocalEmu has otherwise in Step Functions: a rule's shaped input, lost or early heartbeats, metrics."""

import uuid
from typing import Any

from localemu.aws.connect import connect_to
from localemu.services.events import target
from localemu.services.stepfunctions.asl.component.common.error_name.states_error_name import StatesErrorName
from localemu.services.stepfunctions.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from localemu.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service_callback as callback,
)
from localemu.services.stepfunctions.asl.eval.callback.callback import CallbackEndpoint
from localemu.services.stepfunctions.backend.execution import Execution
from localemu.utils.patch import patch

# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
METRICS = {"FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut", "ABORTED": "ExecutionsAborted"}


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

    @patch(CallbackEndpoint.notify_heartbeat)
    def notify_heartbeat(original: Any, self: CallbackEndpoint) -> bool:
        """Until the task's own call has returned LocalEmu knows no heartbeat, and says that the token is invalid."""
        original(self)
        return True

    @patch(CallbackEndpoint.setup_heartbeat_endpoint)
    def setup_heartbeat_endpoint(original: Any, self: CallbackEndpoint, heartbeat_seconds: int) -> Any:
        """An answer that came before the task's own call returned is not waited for until the heartbeat is lost."""
        endpoint = original(self, heartbeat_seconds)
        if self.get_outcome() is not None:
            endpoint.notify()
        return endpoint

    @patch(Execution.publish_execution_status_change_event)
    def publish_execution_status_change_event(original: Any, self: Execution) -> None:
        if metric := METRICS.get(self.exec_status):
            put_metric(self, metric)
        original(self)


def put_metric(execution: Execution, name: str) -> None:
    dimensions = [{"Name": "StateMachineArn", "Value": execution.state_machine.arn}]
    client = connect_to(aws_access_key_id=execution.account_id, region_name=execution.region_name).cloudwatch
    data = {"MetricName": name, "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}
    client.put_metric_data(Namespace="AWS/States", MetricData=[data])


def send_event(self: Any, event: Any, trace_header: Any) -> None:
    self.service = "stepfunctions"
    name = event["id"] if isinstance(event, dict) and "id" in event else str(uuid.uuid4())
    text = event if isinstance(event, str) else target.to_json_str(event)
    self.client.start_execution(stateMachineArn=self.target["Arn"], name=name, input=text)
