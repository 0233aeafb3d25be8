"""The only caller of Azure Resource Manager. Each function has one effect, may be repeated, and returns our types.

Nothing here waits for a long-running operation: it is begun, and the next look sees how far it is.
"""

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.network import NetworkManagementClient, models

from azure_functions import arm_models, translate
from link import azure_plan
from link.facts import Connection, ConnectionStatus, LocalNetworkGateway, VirtualNetwork, VpnGateway
from link.wanted import AzureRef

LONGEST_SLEEP_S = 2


class _ShortRetries(RetryPolicy[HttpRequest, HttpResponse]):
    """The library sleeps for as long as Retry-After says. Waiting is the queue's: a longer one is raised at once."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        wait_s = self.get_retry_after(response)
        return (wait_s is None or wait_s <= LONGEST_SLEEP_S) and bool(super().is_retry(settings, response))


class Arm:
    """ARM as seen by one identity. One client for each subscription, made when it is first used."""

    def __init__(self, endpoint: str, credential: TokenCredential) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._clients: dict[str, NetworkManagementClient] = {}

    def _client(self, ref: AzureRef) -> NetworkManagementClient:
        if ref.subscription not in self._clients:
            self._clients[ref.subscription] = NetworkManagementClient(
                self._credential,
                ref.subscription,
                base_url=self._endpoint,
                credential_scopes=[f"{self._endpoint}/.default"],
                # The queue looks again anyway: the library's own ten retries would hold the message for minutes.
                retry_policy=_ShortRetries(retry_total=2, retry_backoff_max=LONGEST_SLEEP_S),
            )
        return self._clients[ref.subscription]

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            client.close()

    def find_gateway(self, ref: AzureRef) -> VpnGateway | None:
        """The customer's VPN gateway with the addresses of its instances, in the order of its configurations."""
        gateways = self._client(ref).virtual_network_gateways
        found = _found("read the VPN gateway", lambda: gateways.get(ref.resource_group, ref.vpn_gateway))
        if found is None:
            return None
        configurations = found.properties.ip_configurations or []
        ids = [
            c.properties.public_ip_address.id for c in configurations if c.properties and c.properties.public_ip_address
        ]
        addresses = [self._find_address(ref, id) for id in ids if id]
        return VpnGateway(
            id=found.id or "",
            location=found.location or "",
            sku=arm_models.word(found.properties.sku.name if found.properties.sku else None),
            vpn_type=arm_models.word(found.properties.vpn_type),
            provisioning_state=arm_models.word(found.properties.provisioning_state),
            addresses=tuple(address for address in addresses if address is not None),
            virtual_network=arm_models.gateway_network(configurations),
        )

    def _find_address(self, ref: AzureRef, public_ip: str) -> IPv4Address | None:
        """The public address may stand in another resource group; its id says in which."""
        parts = public_ip.split("/")
        addresses = self._client(ref).public_ip_addresses
        found = _found("read the gateway's public address", lambda: addresses.get(parts[4], parts[-1]))
        text = found and found.properties and found.properties.ip_address
        return IPv4Address(text) if text else None

    def find_virtual_network(self, ref: AzureRef, name: str) -> VirtualNetwork | None:
        """One virtual network with its IPv4 prefixes; the IPv6 ones are no part of a link."""
        networks = self._client(ref).virtual_networks
        found = _found("read the virtual network", lambda: networks.get(ref.resource_group, name))
        if found is None:
            return None
        space = found.properties.address_space if found.properties else None
        peerings = (found.properties.virtual_network_peerings if found.properties else None) or []
        return VirtualNetwork(
            id=found.id or "",
            prefixes=arm_models.prefixes(space),
            remote_gateway_networks=arm_models.remote_gateway_networks(peerings),
            transit=arm_models.transit(peerings),
        )

    def find_local_network_gateway(self, ref: AzureRef) -> LocalNetworkGateway | None:
        """The local network gateway of our name, ours or not."""
        gateways = self._client(ref).local_network_gateways
        found = _found("read the local network gateway", lambda: gateways.get(ref.resource_group, ref.name))
        if found is None:
            return None
        address = found.properties.gateway_ip_address
        return LocalNetworkGateway(
            id=found.id or "",
            address=IPv4Address(address) if address else None,
            prefixes=arm_models.prefixes(found.properties.local_network_address_space),
            provisioning_state=arm_models.word(found.properties.provisioning_state),
            ours=arm_models.ours(ref, found.tags),
            tags=dict(found.tags or {}),
        )

    def find_connection(self, ref: AzureRef) -> Connection | None:
        """The connection of our name, ours or not. Its key is not compared here."""
        connections = self._client(ref).virtual_network_gateway_connections
        found = _found("read the connection", lambda: connections.get(ref.resource_group, ref.name))
        if found is None:
            return None
        inner = found.properties
        peer = inner.local_network_gateway2
        return Connection(
            id=found.id or "",
            provisioning_state=arm_models.word(inner.provisioning_state),
            status=ConnectionStatus(arm_models.word(inner.connection_status) or "Unknown"),
            gateway=inner.virtual_network_gateway1.id or "",
            local_network_gateway=(peer.id or "") if peer else "",
            protocol=arm_models.word(inner.connection_protocol),
            mode=arm_models.word(inner.connection_mode),
            policy=arm_models.policy(inner),
            key_matches=None,
            ingress_bytes=inner.ingress_bytes_transferred or 0,
            egress_bytes=inner.egress_bytes_transferred or 0,
            ours=arm_models.ours(ref, found.tags),
            tags=dict(found.tags or {}),
        )

    def read_shared_key(self, ref: AzureRef) -> str:
        """The connection's key, empty when it has none. Needs the action connections/sharedKey."""
        connections = self._client(ref).virtual_network_gateway_connections
        found = _found("read the shared key", lambda: connections.get_shared_key(ref.resource_group, ref.name))
        return (found.value or "") if found else ""

    def put_local_network_gateway(self, ref: AzureRef, step: azure_plan.PutLocalNetworkGateway) -> str | None:
        """Begins to create or correct it. Like every begin here, returns the address of the operation's status."""
        body = arm_models.local_network_gateway_body(step)
        gateways = self._client(ref).local_network_gateways
        return _begin(
            "write the local network gateway",
            lambda **kw: gateways.begin_create_or_update(ref.resource_group, ref.name, body, **kw),
        )

    def put_connection(self, ref: AzureRef, step: azure_plan.PutConnection) -> str | None:
        """Begins to create or correct it. A PUT without a key leaves the key as it is."""
        connections = self._client(ref).virtual_network_gateway_connections
        body = arm_models.connection_body(step)
        return _begin(
            "write the connection",
            lambda **kw: connections.begin_create_or_update(ref.resource_group, ref.name, body, **kw),
        )

    def set_shared_key(self, ref: AzureRef, psk: str) -> str | None:
        """Begins to write the key. Needs the action connections/sharedKey."""
        connections = self._client(ref).virtual_network_gateway_connections
        key = models.ConnectionSharedKey(value=psk)
        return _begin(
            "set the shared key", lambda **kw: connections.begin_set_shared_key(ref.resource_group, ref.name, key, **kw)
        )

    def reset_connection(self, ref: AzureRef) -> str | None:
        """Begins to take the tunnel down and up again. Needs the action connections/resetconnection."""
        connections = self._client(ref).virtual_network_gateway_connections
        return _begin(
            "reset the connection", lambda **kw: connections.begin_reset_connection(ref.resource_group, ref.name, **kw)
        )

    def delete_connection(self, ref: AzureRef) -> str | None:
        """Begins to remove it; nothing happens when it is gone."""
        connections = self._client(ref).virtual_network_gateway_connections
        return _begin(
            "remove the connection", lambda **kw: connections.begin_delete(ref.resource_group, ref.name, **kw)
        )

    def delete_local_network_gateway(self, ref: AzureRef) -> str | None:
        """Begins to remove it; nothing happens when it is gone."""
        gateways = self._client(ref).local_network_gateways
        return _begin(
            "remove the local network gateway", lambda **kw: gateways.begin_delete(ref.resource_group, ref.name, **kw)
        )

    def read_operation_error(self, ref: AzureRef, operation: str) -> str | None:
        """Azure's words for an operation that failed. They are in its status only, the resource says just "Failed"."""
        if not operation.startswith(f"{self._endpoint}/"):
            return None  # the address comes out of a message, and the request bears our token
        with translate.azure("read the operation"):
            body = self._client(ref).send_request(HttpRequest("GET", operation)).json()
        error = body.get("error") or {}
        return f"{error['code']}: {error.get('message', '')}" if "code" in error else None


def _found[T](doing: str, get: Callable[[], T]) -> T | None:
    with translate.azure(doing):
        try:
            return get()
        except ResourceNotFoundError as exc:
            # Only the resource may be missing; a wrong subscription or resource group is a mistake to be told.
            if exc.error is not None and exc.error.code in ("ResourceNotFound", "NotFound"):
                return None
            raise


def _begin(doing: str, begin: Callable[..., Any]) -> str | None:
    seen: list[str | None] = []

    def keep(response: PipelineResponse[Any, Any]) -> None:
        seen.append(response.http_response.headers.get("Azure-AsyncOperation"))

    with translate.azure(doing):
        begin(polling=False, raw_response_hook=keep)
    return seen[-1] if seen else None
