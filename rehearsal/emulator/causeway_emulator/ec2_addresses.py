"""Public addresses as EC2 gives them: one pool, an Elastic IP in place of the temporary address, blackhole routes."""

import secrets
from typing import Any

from localemu.utils.patch import patch
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import elastic_network_interfaces, route_tables
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.responses import route_tables as route_table_answers

# LocalEmu gives Elastic IPs from the low end of 198.51.100.0/24; temporary addresses come from its high end.
TEMPORARY = [f"198.51.100.{host}" for host in range(254, 127, -1)]


def elastic_of(interface: NetworkInterface) -> Any:
    return next((eip for eip in interface.ec2_backend.addresses if eip.eni is interface), None)


def temporary_address(interface: NetworkInterface) -> str:
    taken = {other.public_ip for other in interface.ec2_backend.enis.values()}
    return next(address for address in TEMPORARY if address not in taken)


def give_public_address(interface: NetworkInterface) -> None:
    """What an interface of a running instance has: its Elastic IP, else a temporary address when it asked for one."""
    elastic = elastic_of(interface)
    if elastic:
        interface.public_ip = elastic.public_ip
    elif str(interface.public_ip_auto_assign).lower() == "true":
        interface.public_ip = temporary_address(interface)
    else:
        interface.public_ip = None


def hardware_address() -> str:
    """moto's own writes "02:00:00:15402x:5702x:19102x", which no machine takes."""
    return ":".join(f"{octet:02x}" for octet in (2, *secrets.token_bytes(5)))


def mend() -> None:
    elastic_network_interfaces.random_mac_address = hardware_address
    NetworkInterface.check_auto_public_ip = give_public_address

    @patch(NetworkInterface.stop)
    def stop(original: Any, self: NetworkInterface) -> None:
        """Stopping releases the temporary address only; an Elastic IP stays."""
        if not elastic_of(self):
            original(self)

    @patch(ElasticAddressBackend.associate_address)
    def associate_address(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        address, allocation_id = kwargs.get("address"), kwargs.get("allocation_id")
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        left = found[0].eni
        answer = original(self, *args, **kwargs)
        if left and left is not answer.eni:
            give_public_address(left)
        return answer

    @patch(ElasticAddressBackend.release_address)
    def release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        eip = (self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id]))[0]
        if eip.association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {eip.public_ip} is in use.")
        original(self, address=address, allocation_id=allocation_id)

    mend_routes()


def is_blackhole(route: route_tables.Route) -> bool:
    if route.interface is None:
        return False
    instance = route.interface.instance
    gone = route.interface.id not in route.interface.ec2_backend.enis
    return bool(gone or instance is None or instance.state != "running")


def mend_routes() -> None:
    """DescribeRouteTables says active for every route, whatever became of its target."""
    route_tables.Route.is_blackhole = property(is_blackhole)
    route_table_answers.DESCRIBE_ROUTE_TABLES_RESPONSE = route_table_answers.DESCRIBE_ROUTE_TABLES_RESPONSE.replace(
        "<state>active</state>", "<state>{{ 'blackhole' if route.is_blackhole else 'active' }}</state>"
    )
