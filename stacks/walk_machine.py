"""The state machine of the walk. States, waits and retries are here; what a state decides is in link/."""

from collections.abc import Callable

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from link import errors
from link.reading import Observation
from link.steps import State, Wanted

# A custom resource has an hour. These bounds, their retries included, end a walk before.
WALK = Duration.minutes(50)
BOOT = Duration.minutes(15)
AZURE = Duration.minutes(20)
# The Function tells of itself with every turn, seconds apart. When its host dies, Azure hides the message for ten
# minutes; the state then hands over the same work with a new token, and the old message ends by itself.
AZURE_HEARTBEAT = Duration.minutes(2)

FunctionOf = Callable[[str], lambda_.IFunction]


def _payload(*, token: bool) -> sfn.TaskInput:
    fields = {"walk": sfn.JsonPath.entire_payload, "execution": sfn.JsonPath.string_at("$$.Execution.Name")}
    return sfn.TaskInput.from_object({**fields, "token": sfn.JsonPath.task_token} if token else fields)


class WalkMachine(Construct):
    """One walk: up builds or corrects the link, down removes it."""

    def __init__(self, scope: Construct, id: str, name: str, function_of: FunctionOf) -> None:
        super().__init__(scope, id)
        self._function_of = function_of
        self._ended = self._end()
        up, down = Wanted.UP.value, Wanted.DOWN.value
        start = (
            sfn.Choice(self, "WhatIsWanted")
            .when(sfn.Condition.string_equals("$.wanted", up), self._up())
            .when(sfn.Condition.string_equals("$.wanted", down), self._down())
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_chainable(start),
            timeout=WALK,
        )

    def _up(self) -> sfn.Chain:
        booted = self._waiting_task(State.WAIT_FOR_BOOT, "$.boot", BOOT)
        # Added before the general catch, because Step Functions takes the first that matches.
        booted.add_catch(self._task(State.EXPLAIN_BOOT, "$.boot"), errors=["States.Timeout"], result_path="$.silence")
        return (
            sfn.Chain.start(self._task(State.DISCOVER, "$.azure"))
            .next(self._task(State.PREFLIGHT, "$.preflight"))
            .next(self._task(State.LAUNCH_GATEWAY))
            .next(self._failing_to_report(booted))
            .next(self._task(State.ATTACH_ELASTIC_IP))
            .next(self._task(State.ADJUST_ROUTES))
            .next(
                self._failing_to_report(self._waiting_task(State.CONNECT_AZURE, "$.connected", AZURE, AZURE_HEARTBEAT))
            )
            .next(self._verified())
        )

    def _down(self) -> sfn.Chain:
        gone = self._waiting_task(State.DISCONNECT_AZURE, "$.connected", AZURE, AZURE_HEARTBEAT)
        return (
            sfn.Chain.start(self._failing_to_report(gone)).next(self._task(State.REMOVE_ROUTES)).next(self._retired())
        )

    def _verified(self) -> sfn.Chain:
        verify = self._task(State.VERIFY, "$.verdict")
        pause = sfn.Wait(self, "WaitForTunnel", time=sfn.WaitTime.duration(Duration.seconds(1)))
        up = sfn.Condition.string_equals("$.verdict.state", Observation.UP.value)
        alone = sfn.Condition.number_equals("$.verdict.unwanted", 0)
        is_it_up = sfn.Choice(self, "IsItUp").when(sfn.Condition.and_(up, alone), self._ended)
        return verify.next(is_it_up.when(up, self._retired()).otherwise(pause.next(verify)))

    def _retired(self) -> sfn.IChainable:
        """RetireGateway until no unwanted instance is left; both directions of the walk end in it."""
        if not hasattr(self, "_retire"):
            self._retire = self._task(State.RETIRE_GATEWAY, "$.retired")
            pause = sfn.Wait(self, "WaitForTermination", time=sfn.WaitTime.duration(Duration.seconds(2)))
            none_left = sfn.Condition.number_equals("$.retired.left", 0)
            self._retire.next(
                sfn.Choice(self, "IsItGone").when(none_left, self._ended).otherwise(pause.next(self._retire))
            )
        return self._retire

    def _end(self) -> tasks.LambdaInvoke:
        report = self._retried(self._invoke(State.REPORT, "$.report"))
        failed = sfn.Fail(self, "Failed", error_path="$.report.reason", cause_path="$.report.message")
        well = sfn.Condition.string_equals("$.report.outcome", "success")
        report.next(sfn.Choice(self, "DidItGoWell").when(well, sfn.Succeed(self, "Done")).otherwise(failed))
        return report

    def _task(self, state: State, result_path: str | None = None) -> tasks.LambdaInvoke:
        return self._failing_to_report(self._invoke(state, result_path or f"$.did.{state.value}"))

    def _invoke(self, state: State, result_path: str) -> tasks.LambdaInvoke:
        return tasks.LambdaInvoke(
            self,
            state.value,
            lambda_function=self._function_of(state.value),
            payload=_payload(token=False),
            payload_response_only=True,
            result_path=result_path,
        )

    def _waiting_task(
        self, state: State, result_path: str, timeout: Duration, heartbeat: Duration | None = None
    ) -> tasks.LambdaInvoke:
        task = tasks.LambdaInvoke(
            self,
            state.value,
            lambda_function=self._function_of(state.value),
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            payload=_payload(token=True),
            task_timeout=sfn.Timeout.duration(timeout),
            heartbeat_timeout=sfn.Timeout.duration(heartbeat) if heartbeat else None,
            result_path=result_path,
        )
        if heartbeat:
            task.add_retry(errors=["States.HeartbeatTimeout"], max_attempts=2, interval=Duration.seconds(1))
        return task

    def _retried(self, task: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        names = [kind.__name__ for kind in errors.RETRYABLE]
        task.add_retry(errors=names, interval=Duration.seconds(2), backoff_rate=2, max_attempts=5)
        return task

    def _failing_to_report(self, task: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        self._retried(task).add_catch(self._ended, errors=["States.ALL"], result_path="$.error")
        return task
