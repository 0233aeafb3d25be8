"""A function's log lines go to the log group of its LoggingConfig; LocalEmu takes the setting and ignores it."""

from typing import Any

from localemu.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localemu.utils.patch import patch


def mend() -> None:
    @patch(ExecutionEnvironment.get_log_group_name)
    def get_log_group_name(original: Any, self: ExecutionEnvironment) -> str:
        declared = (self.function_version.config.logging_config or {}).get("LogGroup")
        return declared or original(self)
