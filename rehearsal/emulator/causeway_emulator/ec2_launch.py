"""Launches that EC2 has no room for, or that end at once: capacity in a zone, and keys that the caller may not use."""

import threading
from typing import Any

from causeway_emulator import faults, refusals
from localemu.utils.patch import patch
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason

ENDS_AFTER_S = 2.0  # "immediately", within seconds
REASON = "Client.InternalError"
FAILED = StateReason(f"{REASON}: Client error on launch", REASON)


def mend() -> None:
    @patch(InstanceBackend.run_instances)
    def run_instances(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        """moto has done with dry runs here: EC2 says nothing of capacity to one."""
        if refusal := without_room(self, kwargs):
            error = EC2ClientError(refusal.code, refusal.message)
            error.code = refusal.status
            raise error
        return original(self, *args, **kwargs)


def without_room(backend: Any, launch: dict[str, Any]) -> refusals.Refusal | None:
    """The first interface's subnet decides on the zone."""
    named = [one["SubnetId"] for one in launch.get("nics") or [] if one.get("SubnetId")]
    subnet = next(iter(named), launch.get("subnet_id"))
    if subnet is None:
        return None
    zone = backend.get_subnet(subnet).availability_zone
    order = faults.book.take("full", zone, "", "ec2.RunInstances")
    if order is None:
        return None
    others = {one.name for one in RegionsAndZonesBackend.zones[backend.region_name]} - {zone}
    return refusals.without_room(order.code, zone, others, subnet, launch["instance_type"])


def doom(instance: Instance) -> None:
    """It is pending, and then it ends: nobody has seen it run."""
    instance._state = InstanceState("pending", 0)
    instance.launch_failed = True
    threading.Timer(ENDS_AFTER_S, instance.terminate).start()


def explain(instance: Instance) -> None:
    """Why a doomed instance has ended, in place of its user's wish."""
    if getattr(instance, "launch_failed", False):
        instance._reason, instance.state_reason = REASON, FAILED
