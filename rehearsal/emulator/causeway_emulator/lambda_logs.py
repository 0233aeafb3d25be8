"""A function's log lines go to the group it declares and make none; LocalEmu ignores the first, does the second.

A group that comes back after its stack was destroyed is what AWS would not do: the role may not create one.
"""

import contextlib
import time
from typing import Any

from localemu.aws.connect import connect_to
from localemu.services.lambda_.invocation import logs
from localemu.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localemu.utils.patch import patch


def mend() -> None:
    logs.LogHandler.run_log_loop = write_until_shutdown

    @patch(ExecutionEnvironment.get_log_group_name)
    def get_log_group_name(original: Any, self: ExecutionEnvironment) -> str:
        declared = (self.function_version.config.logging_config or {}).get("LogGroup")
        return declared or original(self)


def write_until_shutdown(handler: logs.LogHandler, *_: Any, **__: Any) -> None:
    client = connect_to.with_assumed_role(
        region_name=handler.region, role_arn=handler.role_arn, service_principal="lambda"
    ).logs
    while (item := handler.log_queue.get()) is not logs.QUEUE_SHUTDOWN:
        try:
            write(client, item)
        except client.exceptions.ResourceNotFoundException:
            continue  # the group is gone, or never was


def write(client: Any, item: logs.LogItem) -> None:
    now_ms = int(time.time() * 1000)
    lines = [{"timestamp": now_ms, "message": f"{line}\n"} for line in item.logs.split("\n") if line]
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_stream(logGroupName=item.log_group, logStreamName=item.log_stream)
    client.put_log_events(logGroupName=item.log_group, logStreamName=item.log_stream, logEvents=lines)
