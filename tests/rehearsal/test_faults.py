"""Faults that a drill orders at the rehearsal's Resource Manager, as the real azure-mgmt-network client meets them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient

from rehearsal import arm_faults, faults, places
from tests import resource_manager

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "network"
LOCAL = {
    "location": "westeurope",
    "properties": {
        "gatewayIpAddress": "198.51.100.7",
        "localNetworkAddressSpace": {"addressPrefixes": ["10.101.0.0/16"]},
    },
}


@dataclass
class Arm:
    """The server, and the real client as the Function has it and as the owner has it."""

    server: resource_manager.Running
    function: NetworkManagementClient
    owner: NetworkManagementClient

    def put(self, name: str) -> None:
        self.function.local_network_gateways.begin_create_or_update(GROUP, name, LOCAL, polling=False)  # type: ignore[call-overload]

    def state(self, name: str) -> Any:
        found = self.function.local_network_gateways.get(GROUP, name)
        return found.as_dict()["properties"]["provisioningState"]


@pytest.fixture
def arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arm]:
    with (
        resource_manager.running(tmp_path) as server,
        client(server) as function,
        client(server, user_agent=arm_faults.OWNER) as owner,
    ):
        monkeypatch.setattr(places, "ARM_URL", server.endpoint)
        monkeypatch.setattr(places, "TLS", tmp_path)
        yield Arm(server, function, owner)


def client(server: resource_manager.Running, **options: Any) -> NetworkManagementClient:
    scope = [f"{server.endpoint}/.default"]
    credential = ManagedIdentityCredential()
    return NetworkManagementClient(
        credential, SUBSCRIPTION, server.endpoint, credential_scopes=scope, retry_total=0, **options
    )


def test_a_refusal_says_when_to_come_again_and_ends_with_clear(arm: Arm) -> None:
    faults.arm_refuse(429, seconds=60, retry_after_s=7, path="localNetworkGateways")
    with pytest.raises(HttpResponseError) as refused:
        arm.put("aws")
    headers = refused.value.response.headers  # type: ignore[union-attr]
    assert (refused.value.status_code, headers["Retry-After"]) == (429, "7")
    assert [fault["status"] for fault in faults.arm_faults()] == [429]
    assert not arm.server.store.resources
    faults.arm_clear()
    arm.put("aws")
    assert faults.arm_faults() == []


def test_other_paths_and_the_owner_are_not_refused(arm: Arm) -> None:
    arm.put("aws")
    faults.arm_refuse(500, seconds=60, path="connections")
    assert arm.state("aws") == "Updating"
    faults.arm_refuse(500, seconds=60)
    with pytest.raises(HttpResponseError, match="Ordered by a drill"):
        arm.state("aws")
    assert arm.owner.local_network_gateways.get(GROUP, "aws").name == "aws"


def test_a_refusal_ends_with_its_time(arm: Arm) -> None:
    arm.put("aws")
    faults.arm_refuse(500, seconds=0)
    assert arm.state("aws") == "Updating"


def test_a_stuck_operation_stays_updating_until_clear_and_the_next_one_ends(arm: Arm) -> None:
    faults.arm_stick("localNetworkGateways")
    arm.put("one")
    arm.put("two")
    arm.server.settle()
    assert (arm.state("one"), arm.state("two")) == ("Updating", "Succeeded")
    with pytest.raises(HttpResponseError, match="AnotherOperationInProgress"):
        arm.put("one")
    faults.arm_clear()
    assert arm.state("one") == "Succeeded"
