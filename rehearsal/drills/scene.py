"""What both clouds hold of one link now, read with the customer's own access: what a drill breaks, and what it judges.

A scene is one look. Nothing of the product is asked but what it keeps in the link's table, and nothing is changed.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from rehearsal import checks, clients, deploy, world

ANYWHERE = "0.0.0.0/0"
ALIVE = ("pending", "running")


@dataclass(frozen=True)
class Scene:
    """AWS's words as boto3 gives them, Azure's as JSON; None for what is not there."""

    link: world.Link
    vpc: dict[str, Any]
    instances: tuple[dict[str, Any], ...]
    address: dict[str, Any]
    group: dict[str, Any]
    tables: tuple[dict[str, Any], ...]
    gateway: dict[str, Any] | None
    gateway_addresses: tuple[str, ...]
    network: dict[str, Any]
    local_gateway: dict[str, Any] | None
    connection: dict[str, Any] | None
    azure_key: str | None
    key: str
    configuration: dict[str, Any]
    reading: dict[str, Any]

    @property
    def instance(self) -> dict[str, Any]:
        """The gateway: alive, and bearing the Elastic IP where there are several. Raises LookupError."""
        alive = [one for one in self.instances if one["State"]["Name"] in ALIVE]
        if not alive:
            raise LookupError("no gateway is alive")
        return min(alive, key=lambda one: self.bearer not in [nic["NetworkInterfaceId"] for nic in interfaces(one)])

    @property
    def interface(self) -> str:
        """The gateway's interface."""
        return str(interfaces(self.instance)[0]["NetworkInterfaceId"])

    @property
    def bearer(self) -> str | None:
        """The interface that has the Elastic IP."""
        return self.address.get("NetworkInterfaceId") if self.address.get("AssociationId") else None

    @property
    def private_tables(self) -> list[dict[str, Any]]:
        """Those that serve a subnet and do not lead to the internet."""
        return [table for table in self.tables if _subnets(table) and not _is_public(table)]

    @property
    def cidrs(self) -> set[str]:
        return {one["CidrBlock"] for one in self.vpc["CidrBlockAssociationSet"] if is_there(one)}

    @property
    def prefixes(self) -> set[str]:
        """What is behind Azure: the gateway's network, and those that it lets use the gateway."""
        peerings = [one["properties"] for one in self.network["properties"].get("virtualNetworkPeerings", [])]
        lets = [one for one in peerings if one.get("allowGatewayTransit") and one["peeringState"] == "Connected"]
        spaces = [self.network["properties"]["addressSpace"], *(one["remoteAddressSpace"] for one in lets)]
        return {prefix for space in spaces for prefix in space["addressPrefixes"]}

    def host_table(self) -> dict[str, Any]:
        """The route table of the private host's subnet."""
        subnets = clients.aws("ec2").describe_subnets(Filters=[_of(self.vpc)])["Subnets"]
        own = next(one for one in subnets if self.link.vpc.host.address in IPv4Network(one["CidrBlock"]))
        return next(table for table in self.tables if own["SubnetId"] in _subnets(table))


def is_there(block: dict[str, Any]) -> bool:
    """A CIDR that was taken from a VPC stays listed for a while."""
    return bool(block["CidrBlockState"]["State"] == "associated")


def interfaces(instance: dict[str, Any]) -> list[dict[str, Any]]:
    return list(instance.get("NetworkInterfaces", []))


def _subnets(table: dict[str, Any]) -> list[str]:
    return [one["SubnetId"] for one in table["Associations"] if "SubnetId" in one]


def _is_public(table: dict[str, Any]) -> bool:
    return any(
        route.get("DestinationCidrBlock") == ANYWHERE and route.get("GatewayId", "").startswith("igw-")
        for route in table["Routes"]
    )


def _of(vpc: dict[str, Any]) -> dict[str, Any]:
    return {"Name": "vpc-id", "Values": [vpc["VpcId"]]}


def look(link: world.Link) -> Scene:
    """One look at both clouds."""
    ec2 = clients.aws("ec2")
    declared = next(one for one in deploy.declared() if one["name"] == link.name)
    [vpc] = ec2.describe_vpcs(VpcIds=[declared["aws"]["vpc"]])["Vpcs"]
    own = [{"Name": "tag:causeway-link", "Values": [link.name]}]
    reservations = ec2.describe_instances(Filters=own)["Reservations"]
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    [address] = ec2.describe_addresses(Filters=own)["Addresses"]
    [group] = ec2.describe_security_groups(Filters=own)["SecurityGroups"]
    configuration = checks.document(link, "configuration")
    gateway = azure("virtual_network_gateways", link.vnet.gateway)
    found = _connection(link)
    return Scene(
        link=link,
        vpc=vpc,
        instances=tuple(one for one in instances if one["State"]["Name"] != "terminated"),
        address=address,
        group=group,
        tables=tuple(ec2.describe_route_tables(Filters=[_of(vpc)])["RouteTables"]),
        gateway=gateway,
        gateway_addresses=_addresses(gateway),
        network=azure("virtual_networks", link.vnet.name) or {},
        local_gateway=azure("local_network_gateways", link.stack),
        connection=found,
        azure_key=_azure_key(link) if found else None,
        key=clients.aws("secretsmanager").get_secret_value(SecretId=configuration["psk_secret"])["SecretString"],
        configuration=configuration,
        reading=checks.document(link, "reading"),
    )


def azure(kind: str, name: str) -> dict[str, Any] | None:
    """One resource of the group as JSON."""
    try:
        return dict(getattr(clients.arm(), kind).get(clients.RESOURCE_GROUP, name).as_dict())
    except ResourceNotFoundError:
        return None


def _connection(link: world.Link) -> dict[str, Any] | None:
    return azure("virtual_network_gateway_connections", link.stack)


def _azure_key(link: world.Link) -> str | None:
    connections = clients.arm().virtual_network_gateway_connections
    try:
        return str(connections.get_shared_key(clients.RESOURCE_GROUP, link.stack).value)
    except ResourceNotFoundError:
        return None  # deleted since


def _addresses(gateway: dict[str, Any] | None) -> tuple[str, ...]:
    configurations = gateway["properties"].get("ipConfigurations", []) if gateway else []
    ids = [one["properties"]["publicIPAddress"]["id"] for one in configurations]
    found = [azure("public_ip_addresses", id.split("/")[-1]) for id in ids]
    return tuple(one["properties"]["ipAddress"] for one in found if one)
