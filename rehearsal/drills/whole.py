"""What is not as it should be of a link: sentences, none when the link is whole. Pure.

It is written from what a customer may expect and shares nothing with the product's own plan, which it judges.
"""

from collections.abc import Iterator
from typing import Any

from rehearsal.drills import scene

IKE_PORTS = (500, 4500)
# The guide's, which every link has that declares no other.
POLICY = {
    "saLifeTimeSeconds": 27_000,
    "saDataSizeKilobytes": 102_400_000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA256",
    "dhGroup": "DHGroup14",
    "pfsGroup": "PFS2048",
}


def faults(now: scene.Scene) -> list[str]:
    """Everything."""
    return [*_gateway(now), *_rules(now), *_azure(now), *_published(now), *_says(now)]


def _gateway(now: scene.Scene) -> Iterator[str]:
    for one in now.instances:
        if one["State"]["Name"] != "running":
            yield f"{one['InstanceId']} is {one['State']['Name']}"
    alive = [one["InstanceId"] for one in now.instances if one["State"]["Name"] in scene.ALIVE]
    if len(alive) != 1:
        yield f"{len(alive)} gateways are alive"
    if not alive:
        return
    interface = now.interface
    if now.bearer != interface:
        yield f"the Elastic IP is on {now.bearer or 'nothing'}, the gateway is {interface}"
    if scene.interfaces(now.instance)[0]["SourceDestCheck"]:
        yield "the source/destination check is on"
    for table in now.private_tables:
        yield from _routes(now, table, interface)


def _routes(now: scene.Scene, table: dict[str, Any], interface: str) -> Iterator[str]:
    found = {route["DestinationCidrBlock"]: route for route in table["Routes"] if "DestinationCidrBlock" in route}
    for prefix in sorted(now.prefixes):
        route = found.get(prefix)
        if route is None:
            yield f"{table['RouteTableId']} has no route to {prefix}"
        elif (route.get("NetworkInterfaceId"), route["State"]) != (interface, "active"):
            yield f"{table['RouteTableId']} routes {prefix} to {route.get('NetworkInterfaceId')} ({route['State']})"
    for prefix, route in sorted(found.items()):
        if prefix not in now.prefixes and route.get("NetworkInterfaceId") == interface:
            yield f"{table['RouteTableId']} routes {prefix} to the gateway, and it is not behind Azure"


def _rules(now: scene.Scene) -> Iterator[str]:
    ike = {("udp", port, port, f"{address}/32") for address in now.gateway_addresses for port in IKE_PORTS}
    wanted = ike | {("-1", None, None, cidr) for cidr in now.cidrs}
    found = {
        (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"), networks["CidrIp"])
        for one in now.group["IpPermissions"]
        for networks in one["IpRanges"]
    }
    for protocol, first, _, cidr in sorted(wanted - found, key=str):
        yield f"no inbound rule for {cidr} {protocol} {first or 'all'}"
    for protocol, first, _, cidr in sorted(found - wanted, key=str):
        yield f"an inbound rule too many: {cidr} {protocol} {first or 'all'}"


def _azure(now: scene.Scene) -> Iterator[str]:
    if now.gateway is None:
        yield "Azure has no VPN gateway"
    if now.local_gateway is None:
        yield "Azure has no local network gateway"
    else:
        side = now.local_gateway["properties"]
        if side["gatewayIpAddress"] != now.address["PublicIp"]:
            yield f"the local network gateway has the address {side['gatewayIpAddress']}"
        if set(side["localNetworkAddressSpace"]["addressPrefixes"]) != now.cidrs:
            yield f"the local network gateway has {side['localNetworkAddressSpace']['addressPrefixes']}"
    if now.connection is None:
        yield "Azure has no connection"
        return
    if now.azure_key != now.key:
        yield "Azure has another shared key"
    if now.connection["properties"]["ipsecPolicies"] != [POLICY]:
        yield f"the connection has another policy: {_differing(now.connection)}"
    if (status := now.connection["properties"]["connectionStatus"]) != "Connected":
        yield f"Azure says {status}"


def _differing(connection: dict[str, Any]) -> str:
    """What of the connection's policy is another."""
    [found] = connection["properties"]["ipsecPolicies"] or [{}]
    return ", ".join(f"{key} {found.get(key)}" for key in sorted(POLICY) if found.get(key) != POLICY[key])


def _published(now: scene.Scene) -> Iterator[str]:
    """What the gateway is told to run."""
    told = now.configuration
    if (peers := sorted(one["peer"] for one in told["tunnels"])) != sorted(now.gateway_addresses):
        yield f"the gateway is told of the peers {peers}"
    if set(told["remote_prefixes"]) != now.prefixes:
        yield f"the gateway is told of {told['remote_prefixes']} behind Azure"
    if set(told["vpc_cidrs"]) != now.cidrs:
        yield f"the gateway is told of {told['vpc_cidrs']} in the VPC"


def _says(now: scene.Scene) -> Iterator[str]:
    """The gateway's own word."""
    states = [one["state"] for one in now.reading.get("tunnels", [])]
    if set(states) != {"up"} or now.reading.get("probe") != "up":
        yield f"the gateway says {', '.join(states) or 'nothing'}, probe {now.reading.get('probe')}"
    if now.reading.get("fault"):
        yield f"the gateway says {now.reading['fault']}"
