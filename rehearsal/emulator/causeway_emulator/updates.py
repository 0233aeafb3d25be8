"""Updates of resources that LocalEmu only knows how to create; what stays unknown fails instead of doing nothing."""

from typing import Any

from botocore.waiter import Waiter
from localemu.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
    convert_payload,
)
from localemu.services.cloudwatch.resource_providers.aws_cloudwatch_alarm import CloudWatchAlarmProvider
from localemu.services.events.resource_providers.aws_events_rule import EventsRuleProvider
from localemu.services.lambda_.resource_providers.aws_lambda_eventinvokeconfig import LambdaEventInvokeConfigProvider
from localemu.services.lambda_.resource_providers.aws_lambda_function import LambdaFunctionProvider
from localemu.services.logs.resource_providers.aws_logs_loggroup import LogsLogGroupProvider
from localemu.services.secretsmanager.resource_providers.aws_secretsmanager_secret import SecretsManagerSecretProvider
from localemu.utils.patch import patch

Request = Any
# Providers whose create is a "put": property that names the resource, and where the earlier name is kept.
PUT = {
    CloudWatchAlarmProvider: ("AlarmName", "AlarmName"),
    EventsRuleProvider: ("Name", "Id"),
    LambdaEventInvokeConfigProvider: ("FunctionName", "FunctionName"),
}

POLL_S = 0.1  # LocalEmu looks once a second whether a resource is there, or has been updated


def mend() -> None:
    for provider, (name, earlier) in PUT.items():
        provider.update = put_again(provider, name, earlier)
    SecretsManagerSecretProvider.update = update_secret
    LogsLogGroupProvider.update = update_log_group

    @patch(LogsLogGroupProvider.create)
    def create(original: Any, self: Any, request: Request) -> ProgressEvent:
        event = original(self, request)
        set_retention(request, event.resource_model)
        return event

    @patch(ResourceProviderExecutor.deploy_loop)
    def deploy_loop(original: Any, self: Any, *args: Any, **kwargs: Any) -> ProgressEvent:
        return original(self, *args, **{**kwargs, "sleep_time": POLL_S})

    @patch(Waiter.wait)
    def wait(original: Any, self: Waiter, **kwargs: Any) -> None:
        self.config.max_attempts, self.config.delay = int(self.config.max_attempts * self.config.delay / POLL_S), POLL_S
        original(self, **kwargs)

    @patch(LambdaFunctionProvider.update)
    def update_function(original: Any, self: Any, request: Request) -> ProgressEvent:
        """Code that stays is not stored anew: CloudFormation updates what differs."""
        code = request.desired_state.get("Code")
        if code == request.previous_state.get("Code"):
            request.desired_state.pop("Code", None)
        event = original(self, request)
        event.resource_model["Code"] = code
        return event

    @patch(ResourceProviderExecutor.execute_action)
    def execute_action(original: Any, self: Any, provider: Any, payload: dict[str, Any]) -> ProgressEvent:
        if payload["action"] not in ("Modify", "Dynamic"):
            return original(self, provider, payload)
        try:
            return provider.update(convert_payload(self.stack_name, self.stack_id, payload))
        except NotImplementedError:
            message = f"The emulator cannot update {payload['resourceType']}"
        except Exception as failure:  # noqa: BLE001 - any failure is the resource's
            message = str(failure)
        return ProgressEvent(OperationStatus.FAILED, {}, message=message)


def put_again(provider: type, name: str, earlier: str) -> Any:
    def update(self: Any, request: Request) -> ProgressEvent:
        request.desired_state.setdefault(name, request.previous_state[earlier])
        if provider is EventsRuleProvider:
            remove_targets(request)
        return self.create(request)

    return update


def remove_targets(request: Request) -> None:
    kept = {target["Id"] for target in request.desired_state.get("Targets") or []}
    gone = [target["Id"] for target in request.previous_state.get("Targets") or [] if target["Id"] not in kept]
    if gone:
        request.aws_client_factory.events.remove_targets(Rule=request.previous_state["Id"], Ids=gone)


def update_secret(self: Any, request: Request) -> ProgressEvent:
    """The value stays: GenerateSecretString is not run again unless it changes, and ours does not."""
    before, wanted = request.previous_state, request.desired_state
    if wanted.get("GenerateSecretString") != before.get("GenerateSecretString"):
        raise NotImplementedError
    request.aws_client_factory.secretsmanager.update_secret(
        SecretId=before["Id"], Description=wanted.get("Description") or ""
    )
    return ProgressEvent(OperationStatus.SUCCESS, {**wanted, "Id": before["Id"], "Name": before["Name"]})


def update_log_group(self: Any, request: Request) -> ProgressEvent:
    kept = {key: request.previous_state[key] for key in ("LogGroupName", "Arn")}
    set_retention(request, model := {**request.desired_state, **kept})
    return ProgressEvent(OperationStatus.SUCCESS, model)


def set_retention(request: Request, model: dict[str, Any]) -> None:
    if days := model.get("RetentionInDays"):
        request.aws_client_factory.logs.put_retention_policy(
            logGroupName=model["LogGroupName"], retentionInDays=int(days)
        )
