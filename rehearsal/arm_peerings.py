"""Peerings of virtual networks: written as resources of their own, kept in their network's body.

Sources as in arm_store. Connected needs both sides (doc). What a peering carries is what the other network has at any
time: that Azure wants a peering to be synchronised after a change is left out (ours).
"""

from typing import Any

from rehearsal.arm_store import ArmError, Operation, Resource, Store

KEY = "virtualNetworkPeerings"


def find(store: Store, network: str, name: str) -> dict[str, Any]:
    """As a GET shows it."""
    found = next((one for one in shown(store, store.find(network)) if one["name"].lower() == name.lower()), None)
    if found is None:
        raise ArmError(404, "NotFound", f"Resource {network}/{KEY}/{name} not found.")
    return found


def put(store: Store, network: str, name: str, body: dict[str, Any]) -> tuple[Operation, bool]:
    """Writes one, by writing its network. Returns also whether it is new."""
    inner = body["properties"]
    if inner.get("useRemoteGateways") and not _lets(store, inner["remoteVirtualNetwork"]["id"], network):
        raise ArmError(400, "PeeringCannotUseRemoteGateways", f"{network} is let to use no gateway there.")  # doc
    before, others = _kept(store.find(network)), _others(store, network, name)
    return _write(store, network, [*others, {**body, "name": name}]), len(before) == len(others)


def delete(store: Store, network: str, name: str) -> Operation | None:
    """None when there is none."""
    others = _others(store, network, name)
    if len(others) == len(_kept(store.find(network))):
        return None
    return _write(store, network, others)


def shown(store: Store, network: Resource) -> list[dict[str, Any]]:
    """The network's peerings with what only Azure can tell."""
    return [{**one, "properties": {**one["properties"], **_told(store, network, one)}} for one in _kept(network)]


def users(store: Store, hub: Resource) -> list[Resource]:
    """The networks that use the gateway of this one: it lets them, they want it, and both sides are there."""
    peerings = [one["properties"] for one in shown(store, hub)]
    lets = [one for one in peerings if one.get("allowGatewayTransit") and one["peeringState"] == "Connected"]
    spokes = [store.find(one["remoteVirtualNetwork"]["id"]) for one in lets]
    return [spoke for spoke in spokes if _towards(spoke, hub.id).get("useRemoteGateways")]


def _told(store: Store, network: Resource, peering: dict[str, Any]) -> dict[str, Any]:
    other = store.resources.get(peering["properties"]["remoteVirtualNetwork"]["id"].lower())
    if other is None:
        return {"peeringState": "Disconnected", "provisioningState": network.state}
    state = "Connected" if _towards(other, network.id) else "Initiated"
    space = other.body["properties"]["addressSpace"]
    spaces = {"remoteAddressSpace": space, "remoteVirtualNetworkAddressSpace": space}
    return {**spaces, "peeringState": state, "provisioningState": network.state}


def _lets(store: Store, hub: str, network: str) -> bool:
    return bool(_towards(store.find(hub), network).get("allowGatewayTransit"))


def _towards(network: Resource, other: str) -> dict[str, Any]:
    """The properties of its peering with the other network, empty when it has none."""
    inner: list[dict[str, Any]] = [one["properties"] for one in _kept(network)]
    return next((one for one in inner if one["remoteVirtualNetwork"]["id"].lower() == other.lower()), {})


def _kept(network: Resource) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = network.body["properties"].get(KEY) or []
    return kept


def _others(store: Store, network: str, name: str) -> list[dict[str, Any]]:
    return [one for one in _kept(store.find(network)) if one["name"].lower() != name.lower()]


def _write(store: Store, network: str, peerings: list[dict[str, Any]]) -> Operation:
    body = store.find(network).body
    inner = {**body["properties"], KEY: peerings}
    operation, *_ = store.put(network, {"location": body["location"], "properties": inner})
    return operation
