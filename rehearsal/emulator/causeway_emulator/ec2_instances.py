"""Instances as EC2 runs them: client tokens, what termination takes with it, console output, state-change events."""

import base64
import os
import pathlib
import queue
import threading
from typing import Any

from localemu.aws.connect import connect_to
from localemu.utils.patch import patch
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.responses.general import General

CONSOLE_BYTES = 64 * 1024  # GetConsoleOutput returns the last 64 KB
changes: queue.Queue[tuple[Instance, str]] = queue.Queue()


def mend() -> None:
    threading.Thread(target=tell_changes, daemon=True).start()
    mend_launch()
    mend_states()
    General.get_console_output = console_output

    @patch(SecurityGroupBackend.delete_security_group)
    def delete_security_group(original: Any, self: Any, name: str | None = None, group_id: str | None = None) -> None:
        for interface in self.enis.values():
            if group_id and any(group.id == group_id for group in interface.group_set):
                raise EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")
        original(self, name=name, group_id=group_id)


def mend_launch() -> None:
    @patch(InstanceBackend.run_instances)
    def run_instances(
        original: Any, self: Any, image_id: str, count: int, user_data: Any, *args: Any, **kwargs: Any
    ) -> Any:
        token = kwargs.get("client_token")
        for reservation in self.reservations.values() if token else ():
            first = reservation.instances[0]
            if first.client_token == token:
                if (first.image_id, first.user_data) != (image_id, user_data):
                    raise EC2ClientError(
                        "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent"
                    )
                return reservation
        reservation = original(self, image_id, count, user_data, *args, **kwargs)
        for instance in reservation.instances:
            tell(instance, "pending", "running")
        return reservation

    @patch(Instance.prep_nics)
    def prep_nics(original: Any, self: Instance, nic_spec: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        """Interfaces that a launch makes end with the instance, unless it says otherwise."""
        for spec in nic_spec:
            spec.setdefault("DeleteOnTermination", True)
        original(self, nic_spec, *args, **kwargs)
        if not nic_spec:
            self.nics[0].delete_on_termination = True


def mend_states() -> None:
    @patch(Instance.start)
    def start(original: Any, self: Instance) -> Any:
        if self.state == "terminated":
            raise EC2ClientError(
                "IncorrectInstanceState", f"The instance '{self.id}' is not in a state from which it can be started."
            )
        answer = original(self)
        tell(self, "pending", "running")
        return answer

    @patch(Instance.stop)
    def stop(original: Any, self: Instance) -> Any:
        if self.state == "terminated":
            raise EC2ClientError(
                "IncorrectInstanceState", f"This instance '{self.id}' is not in a state from which it can be stopped."
            )
        if self.state == "stopped":
            return self._state
        answer = original(self)
        tell(self, "stopping", "stopped")
        return answer

    @patch(Instance.terminate)
    def terminate(original: Any, self: Instance) -> Any:
        if self.state == "terminated":
            return self._state
        for address in self.ec2_backend.addresses:
            if address.eni in self.nics.values():
                address.eni.public_ip = address.eni = address.instance = address.association_id = None
        answer = original(self)
        for interface in self.nics.values():
            interface.instance = interface.attachment_id = None
            interface.status = "available"
        tell(self, "shutting-down", "terminated")
        return answer


def console_output(answers: General) -> ActionResult:
    instance = answers.ec2_backend.get_instance(answers._get_param("InstanceId"))
    console = pathlib.Path(os.environ.get("REHEARSAL_VM", ""), instance.id, "console.log")
    tail = console.read_bytes()[-CONSOLE_BYTES:] if console.is_file() else b""
    return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": base64.b64encode(tail).decode()})


def tell(instance: Instance, *states: str) -> None:
    for state in states:
        changes.put((instance, state))


def tell_changes() -> None:
    """EC2 Instance State-change Notification on the default bus, in order, from one thread."""
    while True:
        instance, state = changes.get()
        put_change(instance, state)


def put_change(instance: Instance, state: str) -> None:
    import json

    region, account = instance.ec2_backend.region_name, instance.owner_id
    event = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Resources": [f"arn:aws:ec2:{region}:{account}:instance/{instance.id}"],
        "Detail": json.dumps({"instance-id": instance.id, "state": state}),
    }
    connect_to(aws_access_key_id=account, region_name=region).events.put_events(Entries=[event])
