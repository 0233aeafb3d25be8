"""The state machine of the walk. States, waits and retries are here; what a state decides is in link/."""

from collections.abc import Callable

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from link import errors
from link.reading import Observation
from link.steps import State, Wanted
from stacks import functions, statements

# A custom resource has an hour. These bounds, their retries included, end a walk before.
WALK = Duration.minutes(50)
BOOT = Duration.minutes(15)
AZURE = Duration.minutes(20)
# The Function tells of itself with every turn, seconds apart. When its host dies, Azure hides the message for ten
# minutes; the state then hands over the same work with a new token, and the old message ends by itself.
AZURE_HEARTBEAT = Duration.minutes(2)
# Another walk is waited for this long at most, so that this one still has time to say that it never began.
BUSY_EVERY, BUSY_LOOKS = Duration.seconds(3), 300

# A function that ends in the middle is begun again: each state looks afresh. These are Step Functions' names for
# Lambda's throttling, a process that ended and a time-out ("Handle Lambda service exceptions" in its guide, and
# "Error names" there); the CDK adds those of Lambda's service.
ENDED_IN_THE_MIDDLE = ("Lambda.TooManyRequestsException", "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout")

ESTABLISHED = sfn.Condition.boolean_equals("$.found.established", True)

FunctionOf = Callable[[str], lambda_.IFunction]


def _payload(*, token: bool) -> sfn.TaskInput:
    fields = {"walk": sfn.JsonPath.entire_payload, "execution": sfn.JsonPath.string_at("$$.Execution.Name")}
    return sfn.TaskInput.from_object({**fields, "token": sfn.JsonPath.task_token} if token else fields)


class WalkMachine(Construct):
    """One walk: up builds or corrects the link, down removes it, and what fails on the way up is undone."""

    def __init__(self, scope: Construct, id: str, name: str, function_of: FunctionOf) -> None:
        super().__init__(scope, id)
        self._function_of = function_of
        self._ended = self._end()
        self._retire = self._retired()
        down = self._down()
        undo = self._undo(down)
        start = (
            sfn.Choice(self, "WhatIsWanted")
            .when(sfn.Condition.string_equals("$.wanted", Wanted.UP.value), self._up(undo))
            .when(sfn.Condition.string_equals("$.wanted", Wanted.DOWN.value), down)
        )
        # The CDK's own role could invoke every version of the functions too.
        invoked = [function_of(state.value).function_arn for state in State]
        role = functions.role(
            self,
            "Machine",
            f"{name}-Walk",
            iam.ServicePrincipal("states.amazonaws.com"),
            [statements.allow("lambda:InvokeFunction", on=invoked)],
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            role=role.without_policy_updates(),
            definition_body=sfn.DefinitionBody.from_chainable(start),
            timeout=WALK,
        )

    def _up(self, undo: sfn.IChainable) -> sfn.Chain:
        """Until something is changed, a failure is only reported; afterwards it is undone first."""
        booted = self._waiting_task(State.WAIT_FOR_BOOT, "$.boot", BOOT)
        explained = self._caught(self._invoke(State.EXPLAIN_BOOT, "$.boot"), State.EXPLAIN_BOOT, undo)
        # Added before the general catch, because Step Functions takes the first that matches.
        booted.add_catch(explained, errors=["States.Timeout"], result_path="$.silence")
        connected = self._waiting_task(State.CONNECT_AZURE, "$.connected", AZURE, AZURE_HEARTBEAT)
        return (
            sfn.Chain.start(self._task(State.DISCOVER, self._ended, "$.found"))
            .next(self._task(State.PREFLIGHT, self._ended, "$.preflight"))
            .next(self._task(State.LAUNCH_GATEWAY, undo))
            .next(self._caught(booted, State.WAIT_FOR_BOOT, undo))
            .next(self._task(State.ATTACH_ELASTIC_IP, undo))
            .next(self._task(State.ADJUST_ROUTES, undo))
            .next(self._caught(connected, State.CONNECT_AZURE, undo))
            .next(self._repointed_and_verified(undo))
        )

    def _repointed_and_verified(self, undo: sfn.IChainable) -> sfn.IChainable:
        """Only a link that has been up has a configuration to replace: the first one was published at its launch."""
        verified = self._verified(undo)
        repoint = self._task(State.REPOINT_GATEWAY, undo).next(verified)
        return sfn.Choice(self, "HasItBeenUp").when(ESTABLISHED, repoint).otherwise(verified)

    def _verified(self, undo: sfn.IChainable) -> sfn.Chain:
        verify = self._task(State.VERIFY, undo, "$.verdict")
        pause = sfn.Wait(self, "WaitForTunnel", time=sfn.WaitTime.duration(Duration.seconds(1)))
        up = sfn.Condition.string_equals("$.verdict.state", Observation.UP.value)
        alone = sfn.Condition.number_equals("$.verdict.unwanted", 0)
        is_it_up = sfn.Choice(self, "IsItUp").when(sfn.Condition.and_(up, alone), self._ended)
        return verify.next(is_it_up.when(up, self._retire).otherwise(pause.next(verify)))

    def _undo(self, down: sfn.IChainable) -> sfn.IChainable:
        """A link that has been up is given back to what served it; one that has not is removed again."""
        restore = self._task(State.RESTORE_GATEWAY, self._retire).next(self._retire)
        return sfn.Choice(self, "WhatWasThere").when(ESTABLISHED, restore).otherwise(down)

    def _down(self) -> sfn.Chain:
        """What cannot be removed hinders nothing else; the report names it."""
        routes = self._task(State.REMOVE_ROUTES, self._retire).next(self._retire)
        gone = self._waiting_task(State.DISCONNECT_AZURE, "$.connected", AZURE, AZURE_HEARTBEAT)
        return self._caught(gone, State.DISCONNECT_AZURE, routes).next(routes)

    def _retired(self) -> sfn.IChainable:
        """RetireGateway until no unwanted instance is left; every way but the shortest ends in it."""
        retire = self._task(State.RETIRE_GATEWAY, self._ended, "$.retired")
        pause = sfn.Wait(self, "WaitForTermination", time=sfn.WaitTime.duration(Duration.seconds(2)))
        none_left = sfn.Condition.number_equals("$.retired.left", 0)
        is_it_gone = sfn.Choice(self, "IsItGone").when(none_left, self._ended)
        return retire.next(is_it_gone.otherwise(pause.next(retire)))

    def _end(self) -> tasks.LambdaInvoke:
        report = self._retried(self._invoke(State.REPORT, "$.report"))
        failed = sfn.Fail(self, "Failed", error_path="$.report.reason", cause_path="$.report.message")
        well = sfn.Condition.string_equals("$.report.outcome", "success")
        report.next(sfn.Choice(self, "DidItGoWell").when(well, sfn.Succeed(self, "Done")).otherwise(failed))
        return report

    def _task(self, state: State, otherwise: sfn.IChainable, result_path: str | None = None) -> tasks.LambdaInvoke:
        return self._caught(self._invoke(state, result_path or f"$.did.{state.value}"), state, otherwise)

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
        task.add_retry(errors=[*ENDED_IN_THE_MIDDLE], interval=Duration.seconds(2), backoff_rate=2, max_attempts=3)
        return task

    def _caught(self, task: tasks.LambdaInvoke, state: State, otherwise: sfn.IChainable) -> tasks.LambdaInvoke:
        """A failure is kept by the name of its state. A walk that never had the link undoes nothing."""
        busy = errors.LinkBusy.__name__
        self._retried(task).add_retry(errors=[busy], interval=BUSY_EVERY, backoff_rate=1, max_attempts=BUSY_LOOKS)
        kept = f"$.failed.{state.value}"
        if otherwise is not self._ended:
            task.add_catch(self._ended, errors=[busy], result_path=kept)
        task.add_catch(otherwise, errors=["States.ALL"], result_path=kept)
        return task
