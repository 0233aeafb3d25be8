"""Instances as EC2 runs them: client tokens, what termination takes with it, console output, state-change events."""

import base64
import json
import os
import pathlib
import queue
import threading
from typing import Any

from causeway_emulator import ebs_keys, ec2_addresses, ec2_launch
from localemu.aws.connect import connect_to
from localemu.utils.patch import patch
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.responses.general import General
from moto.ec2.responses.instances import InstanceResponse

CONSOLE_BYTES = 64 * 1024  # GetConsoleOutput returns the last 64 KB
changes: queue.Queue[tuple[Instance, str]] = queue.Queue()


def mend() -> None:
    threading.Thread(target=tell_changes, daemon=True).start()
    mend_launch()
    mend_states()
    Instance.network_interfaces = property(interfaces_shown)
    General.get_console_output = console_output

    @patch(SecurityGroupBackend.delete_security_group)
    def delete_security_group(original: Any, self: Any, name: str | None = None, group_id: str | None = None) -> None:
        for interface in self.enis.values():
            if group_id and any(group.id == group_id for group in interface.group_set):
                raise EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")
        original(self, name=name, group_id=group_id)

    @patch(NetworkInterfaceBackend.delete_network_interface)
    def delete_network_interface(original: Any, self: Any, eni_id: str) -> None:
        if self.get_network_interface(eni_id).instance:
            raise EC2ClientError("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
        original(self, eni_id)


def mend_launch() -> None:
    @patch(InstanceResponse.run_instances)
    def answer(original: Any, self: InstanceResponse) -> ActionResult:
        earlier = launched_with(self.ec2_backend, self._get_param("ClientToken"))
        if earlier is None:
            return begun(self, original(self))
        self.error_on_dryrun()
        first = earlier.instances[0]
        if (first.image_id, str(first.user_data)) != (self._get_param("ImageId"), str(self._get_param("UserData"))):
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise EC2ClientError("IdempotentParameterMismatch", message)
        return ActionResult(earlier)

    @patch(InstanceBackend.run_instances)
    def run_instances(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        tags = kwargs.get("tags", {}).get("network-interface", {})
        reservation = original(self, *args, **kwargs)
        for instance in reservation.instances:
            for interface in instance.nics.values():
                interface.add_tags(tags)
        return reservation

    @patch(Instance.prep_nics)
    def prep_nics(original: Any, self: Instance, nic_spec: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        """Interfaces that a launch makes end with the instance, unless it says otherwise."""
        for spec in nic_spec:
            spec.setdefault("DeleteOnTermination", True)
        original(self, nic_spec, *args, **kwargs)
        if not nic_spec:
            self.nics[0].delete_on_termination = True


def begun(launch: InstanceResponse, answer: ActionResult) -> ActionResult:
    """What comes of a launch that EC2 has accepted."""
    usable = ebs_keys.usable(launch)
    for instance in answer.result.instances:
        if usable:
            tell(instance, "pending", "running")
        else:
            ec2_launch.doom(instance)
            tell(instance, "pending")
    return answer


def launched_with(backend: Any, client_token: str | None) -> Any:
    reservations = backend.reservations.values() if client_token else ()
    return next((found for found in reservations if found.instances[0].client_token == client_token), None)


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
        for interface in self.nics.values():
            ec2_addresses.forget(interface)
            interface.instance = interface.attachment_id = None
            interface.status = "available"
        answer = original(self)
        ec2_launch.explain(self)
        tell(self, "shutting-down", "terminated")
        return answer


def interfaces_shown(instance: Instance) -> list[Any]:
    return [] if instance.state == "terminated" else list(instance.nics.values())


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
    region, account = instance.ec2_backend.region_name, instance.owner_id
    event = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Resources": [f"arn:aws:ec2:{region}:{account}:instance/{instance.id}"],
        "Detail": json.dumps({"instance-id": instance.id, "state": state}),
    }
    connect_to(aws_access_key_id=account, region_name=region).events.put_events(Entries=[event])
