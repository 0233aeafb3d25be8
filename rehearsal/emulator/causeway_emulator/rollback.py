"""CloudFormation's way back: a failed create or update is undone, a failed delete is DELETE_FAILED.

LocalEmu 1.3.2 leaves what a failed create made, runs the deletions of a failed update and calls a failed
delete complete.
"""

from typing import Any

from localemu.aws.api.cloudformation import ChangeAction, StackStatus
from localemu.services.cloudformation.engine.v2 import change_set_model_executor as engine
from localemu.services.cloudformation.engine.v2.change_set_model import is_nothing
from localemu.services.cloudformation.engine.v2.change_set_model_preproc import DeletionPolicy, PreprocProperties
from localemu.services.cloudformation.resource_provider import OperationStatus
from localemu.services.cloudformation.v2 import provider

CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


class DeleteFailed(Exception):
    pass


class Executor(engine.ChangeSetModelExecutor):
    def __init__(self, change_set: Any) -> None:
        super().__init__(change_set)
        self.stack = change_set.stack
        self.journal: list[tuple[str, Any, Any]] = []  # (logical id, before, after) in the order they were begun
        self.failed: dict[str, str] = {}  # logical id -> reason

    def execute(self) -> engine.ChangeSetModelExecutorResult:
        if self.stack.status == StackStatus.DELETE_IN_PROGRESS:
            return self.delete_all()
        reason = None
        try:
            self.process()
        except engine.TriggerRollback as failure:
            reason = failure.reason or "failed"
        except Exception as failure:  # noqa: BLE001 - whatever failed, CloudFormation goes back
            reason = str(failure)
        if reason is None:
            self.clean_up()
            return self.result(None)
        self.roll_back()
        return self.result(reason)

    def result(self, reason: str | None) -> engine.ChangeSetModelExecutorResult:
        return engine.ChangeSetModelExecutorResult(self.resources, self.outputs, reason)

    def delete_all(self) -> engine.ChangeSetModelExecutorResult:
        if not self.stack.resolved_resources:  # a stack that was rolled back has nothing to delete
            return self.result(None)
        self.process()
        self.clean_up()
        if self.failed:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.failed.items())
            raise DeleteFailed(f"The following resource(s) failed to delete: {reasons}")
        return self.result(None)

    def clean_up(self) -> None:
        if self._deferred_actions and self.stack.status == StackStatus.UPDATE_IN_PROGRESS:
            self.stack.set_stack_status(StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS)
        for deferred in reversed(self._deferred_actions):
            deferred.action()

    def roll_back(self) -> None:
        is_update = self.stack.template is not None  # the CDK may name a first deployment an update
        verb = "update" if is_update else "create"
        reason = f"The following resource(s) failed to {verb}: [{', '.join(self.failed)}]."
        begun, ended = (
            (StackStatus.UPDATE_ROLLBACK_IN_PROGRESS, StackStatus.UPDATE_ROLLBACK_COMPLETE)
            if is_update
            else (StackStatus.ROLLBACK_IN_PROGRESS, StackStatus.ROLLBACK_COMPLETE)
        )
        self.stack.set_stack_status(begun, reason)
        old = dict(self.stack.resolved_resources)
        failed_first = dict(self.failed)
        self.failed.clear()
        # What was there goes back in the order of dependencies, because a property may refer to one that went back;
        # what is new goes away afterwards, in the opposite order.
        for name, before, _ in (entry for entry in self.journal if not self.is_new(*entry)):
            self.restore(name, before, old)
        for name, _, after in reversed([entry for entry in self.journal if self.is_new(*entry)]):
            self.remove(name, after, name in failed_first)
        if self.failed:
            ended = StackStatus.UPDATE_ROLLBACK_FAILED if is_update else StackStatus.ROLLBACK_FAILED
        if is_update:
            self.resources.update(old)
            self.keep_old_template()
        self.stack.set_stack_status(ended)

    def keep_old_template(self) -> None:
        """The caller copies these from the change set to the stack, whether it failed or not."""
        for name in ("template", "processed_template", "template_body", "resolved_parameters"):
            setattr(self._change_set, name, getattr(self.stack, name))

    def is_new(self, name: str, before: Any, after: Any) -> bool:
        """Also a removal, which was deferred and never happened: then there is nothing to remove."""
        gone, made = is_nothing(after), is_nothing(before)
        return gone or made or after.requires_replacement or before.resource_type != after.resource_type

    def restore(self, name: str, before: Any, old: dict[str, Any]) -> None:
        model = (self.resources.get(name) or {}).get("Properties") or old[name]["Properties"]
        wanted = {**old[name]["Properties"], **before.properties.properties}
        self.act(ChangeAction.Modify, name, before.resource_type, model, wanted)

    def remove(self, name: str, after: Any, failed: bool) -> None:
        if is_nothing(after):
            return
        now = self.resources.get(name) or {}
        model = now.get("Properties") or {}
        made = now.get("PhysicalResourceId") or (failed and model and after.resource_type.startswith(CUSTOM))
        if made and after.deletion_policy != DeletionPolicy.Retain:
            self.act(ChangeAction.Remove, name, after.resource_type, model, None)
            self.resources.pop(name, None)

    def act(self, action: ChangeAction, name: str, kind: str, before: Any, after: Any) -> None:
        self._process_event(
            action=action, logical_resource_id=name, resource_type=kind, event_status=OperationStatus.IN_PROGRESS
        )
        event = self._execute_resource_action(
            action=action,
            logical_resource_id=name,
            resource_type=kind,
            before_properties=PreprocProperties(properties=before),
            after_properties=PreprocProperties(properties=after) if after is not None else None,
        )
        self._process_event(
            action=action,
            logical_resource_id=name,
            resource_type=kind,
            event_status=event.status,
            reason=event.message or None,
        )

    def _execute_resource_change(self, name: str, before: Any, after: Any) -> None:
        if is_nothing(after) and name not in self.stack.resolved_resources:
            return
        self.journal.append((name, before, after))
        super()._execute_resource_change(name, before, after)

    def _process_event(self, *, event_status: OperationStatus, **event: Any) -> None:
        """A failed resource does not end the stack's own progress: its status follows when the way back is done."""
        if event_status == OperationStatus.FAILED:
            self.failed[event["logical_resource_id"]] = event.get("reason") or ""
            verb = engine.EventOperationFromAction[event["action"].value]
            event["custom_status"], event_status = f"{verb}_FAILED", OperationStatus.SUCCESS
        super()._process_event(event_status=event_status, **event)


def mend() -> None:
    provider.ChangeSetModelExecutor = Executor
