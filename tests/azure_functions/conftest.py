"""The rehearsal's Resource Manager with the customer's network in it, and the Function's real client."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential

from azure_functions import arm
from rehearsal.arm_store import Store
from tests import resource_manager
from tests.azure_functions import app as apps
from tests.azure_functions import fakes, tokens


@dataclass
class Cloud:
    """The server and a client of it."""

    server: resource_manager.Running
    arm: arm.Arm

    @property
    def store(self) -> Store:
        """What the server knows."""
        return self.server.store

    def settle(self) -> None:
        """Ends every operation that runs."""
        self.server.settle()


@pytest.fixture
def issuer() -> Iterator[tokens.Issuer]:
    """The AWS account's."""
    with tokens.serving() as found:
        yield found


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, issuer: tokens.Issuer) -> apps.App:
    """The app, which has been asked nothing yet."""
    return apps.load(monkeypatch, issuer)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A virtual network and a VPN gateway with one address."""
    with resource_manager.running(tmp_path) as server:
        client = arm.Arm(server.endpoint, ManagedIdentityCredential())
        _customer(server)
        yield Cloud(server, client)
        client.close()


def _customer(server: resource_manager.Running) -> None:
    def put(kind: str, name: str, properties: dict[str, Any]) -> None:
        server.store.put(f"{fakes.GROUP}/{kind}/{name}", {"location": "westeurope", "properties": properties})

    subnet = {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.255.0/27"}}
    space = {"addressPrefixes": ["10.0.0.0/16", "fd00:db8::/56"]}
    put("virtualNetworks", "workloads", {"addressSpace": space, "subnets": [subnet]})
    put("publicIPAddresses", "gateway-address", {"publicIPAllocationMethod": "Static"})
    front = {
        "subnet": {"id": f"{fakes.GROUP}/virtualNetworks/workloads/subnets/GatewaySubnet"},
        "publicIPAddress": {"id": f"{fakes.GROUP}/publicIPAddresses/gateway-address"},
    }
    configurations = [{"name": "default", "properties": front}]
    kind = {"gatewayType": "Vpn", "vpnType": "RouteBased", "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"}}
    put("virtualNetworkGateways", "vpn-gateway", {**kind, "ipConfigurations": configurations})
    server.settle()
