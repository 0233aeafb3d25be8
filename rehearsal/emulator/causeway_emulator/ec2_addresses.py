"""Public addresses as EC2 gives them: one pool, an Elastic IP in place of the temporary address; valid MACs."""

import itertools
import secrets
from typing import Any

from localemu.utils.patch import patch
from moto.ec2.exceptions import EC2ClientError, ResourceAlreadyAssociatedError
from moto.ec2.models import elastic_network_interfaces
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

# LocalEmu gives Elastic IPs from the low end of 198.51.100.0/24; temporary addresses come from its high end.
temporary = itertools.cycle([f"198.51.100.{host}" for host in range(254, 127, -1)])


def elastic_of(interface: NetworkInterface) -> Any:
    return next((eip for eip in interface.ec2_backend.addresses if eip.eni is interface), None)


def find_elastic(backend: Any, address: str | None, allocation_id: str | None) -> Any:
    return (backend.address_by_ip([address]) if address else backend.address_by_allocation([allocation_id]))[0]


def forget(interface: NetworkInterface) -> None:
    """Termination takes the Elastic IP off the interface."""
    elastic = elastic_of(interface)
    if elastic:
        elastic.eni = elastic.instance = elastic.association_id = None
    interface.public_ip = None


def temporary_address(interface: NetworkInterface) -> str:
    """The next one round: an instance that starts again gets another address, as in EC2."""
    taken = {other.public_ip for other in interface.ec2_backend.enis.values()}
    return next(address for address in temporary if address not in taken)


def mac_address() -> str:
    """moto's own is not one (02:00:00:3102x:...)."""
    return "02:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(5))


def give_public_address(interface: NetworkInterface) -> None:
    """What an interface of a running instance has: its Elastic IP, else a temporary address when it asked for one."""
    elastic = elastic_of(interface)
    if elastic:
        interface.public_ip = elastic.public_ip
    elif str(interface.public_ip_auto_assign).lower() == "true":
        interface.public_ip = temporary_address(interface)
    else:
        interface.public_ip = None


def mend() -> None:
    NetworkInterface.check_auto_public_ip = give_public_address
    elastic_network_interfaces.random_mac_address = mac_address

    @patch(NetworkInterface.stop)
    def stop(original: Any, self: NetworkInterface) -> None:
        """Stopping releases the temporary address only; an Elastic IP stays."""
        if not elastic_of(self):
            original(self)

    @patch(ElasticAddressBackend.associate_address)
    def associate_address(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        elastic = find_elastic(self, kwargs.get("address"), kwargs.get("allocation_id"))
        target = kwargs.get("eni") or kwargs["instance"].nics[0]
        instance = kwargs.get("instance") or target.instance  # an interface that no instance has may bear an address
        if instance and instance.state == "terminated":
            raise EC2ClientError("InvalidInstanceID", "The instance is not in a valid state for this operation.")
        if elastic.eni is target:
            return elastic
        if elastic.eni and not kwargs.get("reassociate"):
            raise ResourceAlreadyAssociatedError(elastic.public_ip)
        replaced = elastic_of(target)
        if replaced:
            replaced.eni = replaced.instance = replaced.association_id = None
        left, elastic.eni = elastic.eni, None
        if left:
            give_public_address(left)
        answer = original(self, *args, **{**kwargs, "reassociate": True})
        answer.instance = target.instance
        return answer

    @patch(ElasticAddressBackend.disassociate_address)
    def disassociate_address(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        """moto asks for the interface's new address while the old association still stands."""
        held = {elastic: elastic.eni for elastic in self.addresses if elastic.eni}
        original(self, *args, **kwargs)
        for elastic, interface in held.items():
            if elastic.eni is None:
                give_public_address(interface)

    @patch(ElasticAddressBackend.release_address)
    def release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        elastic = find_elastic(self, address, allocation_id)
        if elastic.association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {elastic.public_ip} is in use.")
        original(self, address=address, allocation_id=allocation_id)
