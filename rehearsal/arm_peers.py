"""What Azure's gateways run, for the fabric (peers.json), and what the fabric saw them do (status.json)."""

import json
import os
from pathlib import Path
from typing import Any

from rehearsal import arm_peerings
from rehearsal.arm_store import Resource, Store

POLICY = {
    "ikeEncryption": "ike_encryption",
    "ikeIntegrity": "ike_integrity",
    "dhGroup": "dh_group",
    "ipsecEncryption": "ipsec_encryption",
    "ipsecIntegrity": "ipsec_integrity",
    "pfsGroup": "pfs_group",
    "saLifeTimeSeconds": "sa_life_time_seconds",
}


def write(store: Store, path: Path) -> None:
    """Replaces peers.json in one step; it holds shared keys, so only its owner may read it."""
    half = path.with_suffix(".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(peers(store), file, indent=1)
    half.replace(path)


def peers(store: Store) -> list[dict[str, Any]]:
    """One entry for each address of each VPN gateway: both instances of an active-active one run every tunnel."""
    return [
        {
            "gateway_ip": address,
            "vnet_prefixes": _vnet_prefixes(store, gateway),
            "connections": [_tunnel(store, c) for c in _connections(store, gateway)],
        }
        for gateway in _applied(store, "virtualnetworkgateways")
        for address in addresses(store, gateway)
    ]


def addresses(store: Store, gateway: Resource) -> list[str]:
    """The public addresses that the gateway's ipConfigurations name."""
    configurations = gateway.body["properties"].get("ipConfigurations", [])
    ids = [c["properties"]["publicIPAddress"]["id"] for c in configurations]
    return [store.find(id).body["properties"]["ipAddress"] for id in ids]


def observed(store: Store, connection: Resource, status: Path) -> dict[str, Any]:
    """The read-only properties of a connection. Connected: one tunnel at least; NotConnected: it was once (ours)."""
    seen = json.loads(status.read_text()) if status.exists() else {}
    gateway = store.find(connection.body["properties"]["virtualNetworkGateway1"]["id"])
    name = connection.body["name"]
    tunnels = [seen[a][name] for a in addresses(store, gateway) if name in seen.get(a, {})]
    connected = any(tunnel["connected"] for tunnel in tunnels)
    connection.was_connected |= connected
    waiting = "Unknown" if connection.applied is None else "Connecting"
    return {
        "connectionStatus": "Connected" if connected else "NotConnected" if connection.was_connected else waiting,
        "ingressBytesTransferred": sum(tunnel["ingress_bytes"] for tunnel in tunnels),
        "egressBytesTransferred": sum(tunnel["egress_bytes"] for tunnel in tunnels),
    }


def _applied(store: Store, kind: str) -> list[Resource]:
    return [r for r in store.resources.values() if r.kind == kind and r.applied is not None]


def _vnet_prefixes(store: Store, gateway: Resource) -> list[str]:
    subnets = [c["properties"]["subnet"]["id"] for c in gateway.body["properties"]["ipConfigurations"]]
    hubs = [store.find(id) for id in sorted({subnet.partition("/subnets/")[0] for subnet in subnets})]
    networks = [network for hub in hubs for network in (hub, *arm_peerings.users(store, hub))]
    found = [network.body["properties"]["addressSpace"]["addressPrefixes"] for network in networks]
    return [prefix for prefixes in found for prefix in prefixes]


def _connections(store: Store, gateway: Resource) -> list[Resource]:
    """Those that can run: a complete policy and a key."""
    return [
        c
        for c in _applied(store, "connections")
        if c.applied is not None
        and c.applied["properties"]["virtualNetworkGateway1"]["id"].lower() == gateway.id.lower()
        and c.applied["properties"].get("ipsecPolicies")
        and c.shared_key
    ]


def _tunnel(store: Store, connection: Resource) -> dict[str, Any]:
    assert connection.applied is not None
    wanted = connection.applied["properties"]
    local = store.find(wanted["localNetworkGateway2"]["id"])
    peer = (local.applied or local.body)["properties"]
    return {
        "name": connection.body["name"],
        "peer_ip": peer["gatewayIpAddress"],
        "remote_prefixes": peer["localNetworkAddressSpace"]["addressPrefixes"],
        "shared_key": connection.shared_key,
        **{ours: wanted["ipsecPolicies"][0][azures] for azures, ours in POLICY.items()},
        "dpd_timeout_seconds": wanted.get("dpdTimeoutSeconds", 45),
        "connection_mode": wanted.get("connectionMode", "Default"),
        "resets": connection.resets,
    }
