"""A link that is whole, as `rehearsal.drills.scene` finds it; shortened from a run."""

from typing import Any

from rehearsal import world
from rehearsal.drills import scene, whole

POLICY = whole.POLICY


def instance(id: str = "i-1", state: str = "running", interface: str = "eni-1") -> dict[str, Any]:
    nic = {"NetworkInterfaceId": interface, "SourceDestCheck": False}
    return {"InstanceId": id, "State": {"Name": state}, "NetworkInterfaces": [nic]}


def table(*routes: dict[str, Any]) -> dict[str, Any]:
    local = {"DestinationCidrBlock": "10.101.0.0/16", "GatewayId": "local", "State": "active"}
    return {
        "RouteTableId": "rtb-1",
        "Associations": [{"SubnetId": "subnet-1", "RouteTableAssociationId": "rtbassoc-1"}],
        "Routes": [local, *routes],
    }


def route(destination: str = "10.0.0.0/16", interface: str = "eni-1", state: str = "active") -> dict[str, Any]:
    return {"DestinationCidrBlock": destination, "NetworkInterfaceId": interface, "State": state}


def rule(protocol: str, port: int | None, *cidrs: str) -> dict[str, Any]:
    ports = {} if port is None else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, "IpRanges": [{"CidrIp": cidr} for cidr in cidrs], **ports}


RULES = [rule("-1", None, "10.101.0.0/16"), rule("udp", 500, "203.0.113.4/32"), rule("udp", 4500, "203.0.113.4/32")]


def connection(**properties: Any) -> dict[str, Any]:
    return {"properties": {"ipsecPolicies": [POLICY], "connectionStatus": "Connected", **properties}}


def local_gateway(address: str = "198.51.100.1", *prefixes: str) -> dict[str, Any]:
    space = {"addressPrefixes": list(prefixes or ("10.101.0.0/16",))}
    return {"properties": {"gatewayIpAddress": address, "localNetworkAddressSpace": space}}


def peered(state: str) -> dict[str, Any]:
    """The gateway's network, which lets another one use the gateway."""
    space, other = {"addressPrefixes": ["10.0.0.0/16"]}, {"addressPrefixes": ["10.4.0.0/16"]}
    peering = {"allowGatewayTransit": True, "peeringState": state, "remoteAddressSpace": other}
    return {"properties": {"addressSpace": space, "virtualNetworkPeerings": [{"properties": peering}]}}


def behind(*prefixes: str) -> dict[str, Any]:
    """The gateway's network with these ranges."""
    return {"properties": {"addressSpace": {"addressPrefixes": list(prefixes)}}}


WHOLE = scene.Scene(
    link=world.REHEARSAL,
    vpc={
        "VpcId": "vpc-1",
        "CidrBlockAssociationSet": [
            {"CidrBlock": "10.101.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
        ],
    },
    instances=(instance(),),
    address={"PublicIp": "198.51.100.1", "AssociationId": "eipassoc-1", "NetworkInterfaceId": "eni-1"},
    group={"GroupId": "sg-1", "IpPermissions": RULES},
    tables=(table(route()),),
    gateway={"properties": {}},
    gateway_addresses=("203.0.113.4",),
    network={"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
    local_gateway=local_gateway(),
    connection=connection(),
    azure_key="the same",
    key="the same",
    configuration={
        "tunnels": [{"number": 1, "peer": "203.0.113.4"}],
        "remote_prefixes": ["10.0.0.0/16"],
        "vpc_cidrs": ["10.101.0.0/16"],
    },
    reading={"tunnels": [{"number": 1, "state": "up"}], "probe": "up", "fault": None},
)
