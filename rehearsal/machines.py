"""Keeps the virtual machines equal to the emulator's instances, and tells the emulator of one that ended by itself."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal import aws_view, dhcp, places, vm, vpc, wires

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


@dataclass(frozen=True)
class Orders:
    """Instance ids: what to boot, what to end, what ended without being told to."""

    boot: frozenset[str]
    end: frozenset[str]
    ended_itself: frozenset[str]


def decide(view: aws_view.View, running: frozenset[str], booted: frozenset[str]) -> Orders:
    """`booted` names those that were booted since they last became living."""
    living = frozenset(found.instance_id for found in view.instances if found.living)
    # An address is free only when the machine that had it is off; the emulator gives it away at once.
    leaving = {found.private_ip for found in view.instances if found.instance_id in running - living}
    waiting = frozenset(found.instance_id for found in view.instances if found.private_ip in leaving)
    return Orders(living - running - booted - waiting, running - living, (living & booted) - running)


class Machines:
    """Acts on the orders; remembers only what it has booted."""

    def __init__(self, ec2: "EC2Client") -> None:
        self._ec2 = ec2
        self._booted: frozenset[str] = frozenset()

    def ensure(self, view: aws_view.View) -> None:
        instances = {found.instance_id: found for found in view.instances}
        orders = decide(view, frozenset(vm.running()), self._booted)
        self._booted &= frozenset(name for name, found in instances.items() if found.living)
        _serve_addresses(view)
        for instance_id in orders.boot:
            self._boot(view, instances[instance_id])
            self._booted |= {instance_id}
        for instance_id in orders.end:
            if vm.stop(instance_id) and instance_id not in instances:  # terminated: a stopped one keeps its disk
                vm.discard(instance_id)
        for instance_id in orders.ended_itself:
            self._report_end(instance_id)

    def _boot(self, view: aws_view.View, instance: aws_view.Instance) -> None:
        subnet = next(found for found in view.subnets if found.subnet_id == instance.subnet_id)
        answer = self._ec2.describe_instance_attribute(InstanceId=instance.instance_id, Attribute="userData")
        user_data = base64.b64decode(answer.get("UserData", {}).get("Value", ""))
        bridge, cidr = vpc.bridge_name(subnet), str(subnet.cidr)
        vm.start(vm.Machine(instance.instance_id, str(instance.private_ip), instance.mac, cidr, bridge, user_data))
        port = vm.tap_name(instance.instance_id)
        wires.ip(places.NAMESPACE_VPC, [f"link set {port} type bridge_slave isolated on"])

    def _report_end(self, instance_id: str) -> None:
        """What EC2 does when a machine shuts itself down depends on an attribute of the instance."""
        answer = self._ec2.describe_instance_attribute(
            InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior"
        )
        if answer.get("InstanceInitiatedShutdownBehavior", {}).get("Value") == "terminate":
            self._ec2.terminate_instances(InstanceIds=[instance_id])
        else:
            self._ec2.stop_instances(InstanceIds=[instance_id])


def _serve_addresses(view: aws_view.View) -> None:
    for subnet in view.subnets:
        hosts = {
            found.mac: str(found.private_ip)
            for found in view.instances
            if found.living and found.subnet_id == subnet.subnet_id
        }
        if hosts:
            dhcp.ensure(vpc.bridge_name(subnet), str(subnet.cidr), hosts)


def end_all() -> None:
    """End every machine and its address service now; the consoles stay for the reader."""
    for instance_id in vm.running():
        vm.kill(instance_id)
        vm.discard(instance_id)
    dhcp.stop_all()
