"""The rehearsal's Resource Manager under the real azure-mgmt-network client."""

import json
import ssl
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient

from rehearsal import arm_identity
from rehearsal.emulator.causeway_emulator.issuer import Issuer
from tests import resource_manager

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "network"
FORGER = arm_identity.issuer(resource_manager.TENANT)  # all its own but the name
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
NETWORK = {
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    "subnets": [{"name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.255.0/27"}}],
}
LOCAL = {"gatewayIpAddress": "198.51.100.7", "localNetworkAddressSpace": {"addressPrefixes": ["10.101.0.0/16"]}}
POLICY = {
    "saLifeTimeSeconds": 27000,
    "saDataSizeKilobytes": 102400000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA256",
    "dhGroup": "DHGroup14",
    "pfsGroup": "PFS2048",
}
CONNECTION = {
    "connectionType": "IPsec",
    "connectionProtocol": "IKEv2",
    "connectionMode": "ResponderOnly",
    "dpdTimeoutSeconds": 45,
    "ipsecPolicies": [POLICY],
    "virtualNetworkGateway1": {"id": f"{ID}/virtualNetworkGateways/vpn", "properties": {}},
    "localNetworkGateway2": {"id": f"{ID}/localNetworkGateways/aws", "properties": {}},
}


def _gateway(*addresses: str) -> dict[str, Any]:
    subnet = {"id": f"{ID}/virtualNetworks/vnet/subnets/GatewaySubnet"}
    fronts = [
        {"name": a, "properties": {"subnet": subnet, "publicIPAddress": {"id": f"{ID}/publicIPAddresses/{a}"}}}
        for a in addresses
    ]
    return {"gatewayType": "Vpn", "vpnType": "RouteBased", "sku": {"name": "VpnGw1AZ"}, "ipConfigurations": fronts}


@dataclass
class Cloud:
    """The server and the real client."""

    server: resource_manager.Running
    client: NetworkManagementClient

    def put(self, kind: str, name: str, properties: Any, *, polling: bool = False) -> Any:
        """Begins a PUT by the real client, as JSON."""
        body = json.dumps({"location": "westeurope", "properties": properties}).encode()
        return getattr(self.client, kind).begin_create_or_update(GROUP, name, body, polling=polling)

    def settle(self) -> None:
        """Ends what runs."""
        self.server.settle()

    def link(self) -> None:
        """A local network gateway and a connection with a key."""
        self.put("local_network_gateways", "aws", LOCAL)
        self.settle()
        self.put("virtual_network_gateway_connections", "link", CONNECTION)
        self.settle()
        self.set_key("OnlyLetters")
        self.settle()

    def set_key(self, value: str) -> None:
        """Begins to set the key."""
        connections = self.client.virtual_network_gateway_connections
        connections.begin_set_shared_key(GROUP, "link", {"value": value}, polling=False)

    def peers(self) -> Any:
        """What the fabric reads."""
        return json.loads((self.server.state / "peers.json").read_text())

    def connection(self) -> Any:
        """The connection's properties as they came over the wire."""
        return self.client.virtual_network_gateway_connections.get(GROUP, "link").as_dict()["properties"]


def _client(server: resource_manager.Running, scope: str) -> NetworkManagementClient:
    return NetworkManagementClient(
        ManagedIdentityCredential(), SUBSCRIPTION, server.endpoint, credential_scopes=[scope], retry_total=0
    )


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A customer's network, public addresses and gateway stand."""
    with resource_manager.running(tmp_path) as server:
        found = Cloud(server, _client(server, f"{server.endpoint}/.default"))
        found.put("virtual_networks", "vnet", NETWORK)
        found.put("public_ip_addresses", "one", {"publicIPAllocationMethod": "Static"})
        found.put("public_ip_addresses", "two", {"publicIPAllocationMethod": "Static"})
        found.put("virtual_network_gateways", "vpn", _gateway("one"))
        found.settle()
        yield found
        found.client.close()


def test_an_operation_is_polled_to_its_end_by_the_real_client(cloud: Cloud) -> None:
    poller = cloud.put("local_network_gateways", "aws", LOCAL, polling=True)
    cloud.settle()
    assert poller.result().as_dict()["properties"]["provisioningState"] == "Succeeded"
    gone = cloud.client.local_network_gateways.begin_delete(GROUP, "aws")
    cloud.settle()
    gone.result()
    assert list(cloud.client.local_network_gateways.list(GROUP)) == []


def test_a_failed_operation_raises_arms_error_in_the_real_client(cloud: Cloud) -> None:
    cloud.server.store.failures.append({"code": "GatewayBroken", "message": "it is broken"})
    poller = cloud.put("local_network_gateways", "aws", LOCAL, polling=True)
    cloud.settle()
    with pytest.raises(HttpResponseError, match="GatewayBroken"):
        poller.result()


@pytest.mark.parametrize(
    ("kind", "properties", "words"),
    [
        ("local_network_gateways", {**LOCAL, "gatewayIp": "x"}, "InvalidRequestFormat.*gatewayIp: could not find"),
        ("local_network_gateways", {**LOCAL, "gatewayIpAddress": 7}, "gatewayIpAddress: expected str"),
        ("local_network_gateways", {"localNetworkAddressSpace": {"addressPrefixes": "x"}}, "expected an array"),
        ("virtual_network_gateway_connections", {**CONNECTION, "connectionMode": "Polite"}, "'Polite' is not a"),
        ("virtual_network_gateway_connections", {**CONNECTION, "connectionType": None}, "connectionType: is required"),
        (
            "virtual_network_gateway_connections",
            {**CONNECTION, "ipsecPolicies": [{k: v for k, v in POLICY.items() if k != "pfsGroup"}]},
            r"ipsecPolicies\[0\].pfsGroup: is required",
        ),
        (
            "virtual_network_gateway_connections",
            {**CONNECTION, "ipsecPolicies": [{**POLICY, "dhGroup": "DHGroup99"}]},
            "'DHGroup99' is not a DhGroup",
        ),
        (
            "virtual_network_gateway_connections",
            {**CONNECTION, "localNetworkGateway2": {"id": f"{ID}/localNetworkGateways/none", "properties": {}}},
            "InvalidResourceReference",
        ),
        (
            "virtual_network_gateways",
            {"ipConfigurations": [{"properties": {"subnet": {"id": f"{ID}/virtualNetworks/vnet/subnets/none"}}}]},
            "InvalidResourceReference",
        ),
    ],
)
def test_a_wrong_body_is_refused_in_arms_form(cloud: Cloud, kind: str, properties: Any, words: str) -> None:
    cloud.put("local_network_gateways", "aws", LOCAL)
    cloud.settle()
    with pytest.raises(HttpResponseError, match=words) as caught:
        cloud.put(kind, "new", properties)
    assert caught.value.status_code == 400


def test_read_only_fields_of_a_body_are_ignored(cloud: Cloud) -> None:
    cloud.put("local_network_gateways", "aws", {**LOCAL, "provisioningState": "Failed"})
    cloud.settle()
    found = cloud.client.local_network_gateways.get(GROUP, "aws").as_dict()
    assert found["properties"]["provisioningState"] == "Succeeded"


def test_a_connections_protocol_cannot_be_changed(cloud: Cloud) -> None:
    cloud.link()
    with pytest.raises(HttpResponseError, match="ConnectionProtocolCannotBeChanged"):
        cloud.put("virtual_network_gateway_connections", "link", {**CONNECTION, "connectionProtocol": "IKEv1"})


def test_a_local_network_gateway_in_use_cannot_be_deleted(cloud: Cloud) -> None:
    cloud.link()
    with pytest.raises(HttpResponseError, match="InUseResourceCannotBeDeleted"):
        cloud.client.local_network_gateways.begin_delete(GROUP, "aws", polling=False)


@pytest.mark.parametrize("key", ["", "x" * 129, "ü", "two\nlines"])
def test_a_key_that_azure_refuses_is_refused(cloud: Cloud, key: str) -> None:
    cloud.link()
    with pytest.raises(HttpResponseError, match="InvalidSharedKey"):
        cloud.set_key(key)


def test_each_kind_is_listed_for_itself(cloud: Cloud) -> None:
    cloud.link()
    names = {
        kind: [found.name for found in getattr(cloud.client, kind).list(GROUP)]
        for kind in ("virtual_networks", "public_ip_addresses", "virtual_network_gateway_connections")
    }
    assert names == {
        "virtual_networks": ["vnet"],
        "public_ip_addresses": ["one", "two"],
        "virtual_network_gateway_connections": ["link"],
    }


def test_the_shared_key_is_in_no_answer_but_its_own(cloud: Cloud) -> None:
    cloud.link()
    cloud.put("virtual_network_gateway_connections", "link", {**CONNECTION, "sharedKey": "Another"})
    cloud.settle()
    connections = cloud.client.virtual_network_gateway_connections
    shown = json.dumps(cloud.connection())
    assert "OnlyLetters" not in shown and "Another" not in shown
    assert connections.get_shared_key(GROUP, "link").value == "OnlyLetters"


def test_the_fabric_reads_what_works_and_only_its_owner_may(cloud: Cloud) -> None:
    cloud.link()
    assert cloud.peers() == [
        {
            "gateway_ip": "203.0.113.4",
            "vnet_prefixes": ["10.0.0.0/16"],
            "connections": [
                {
                    "name": "link",
                    "peer_ip": "198.51.100.7",
                    "remote_prefixes": ["10.101.0.0/16"],
                    "shared_key": "OnlyLetters",
                    "ike_encryption": "AES256",
                    "ike_integrity": "SHA256",
                    "dh_group": "DHGroup14",
                    "ipsec_encryption": "GCMAES256",
                    "ipsec_integrity": "GCMAES256",
                    "pfs_group": "PFS2048",
                    "sa_life_time_seconds": 27000,
                    "dpd_timeout_seconds": 45,
                    "connection_mode": "ResponderOnly",
                    "resets": 0,
                }
            ],
        }
    ]
    assert stat.S_IMODE((cloud.server.state / "peers.json").stat().st_mode) == 0o600


def _peer(cloud: Cloud, network: str, other: str, **properties: bool) -> Any:
    inner = {"remoteVirtualNetwork": {"id": f"{ID}/virtualNetworks/{other}"}, **properties}
    body = json.dumps({"properties": inner}).encode()
    begin = cloud.client.virtual_network_peerings.begin_create_or_update
    poller = begin(GROUP, network, other, body)  # type: ignore[call-overload]
    cloud.settle()
    return poller.result().as_dict()["properties"]


def _peered(cloud: Cloud) -> Cloud:
    """A network with a gateway's, and one that uses it."""
    cloud.put("virtual_networks", "spoke", {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "subnets": []})
    cloud.settle()
    _peer(cloud, "vnet", "spoke", allowGatewayTransit=True)
    _peer(cloud, "spoke", "vnet", useRemoteGateways=True)
    return cloud


def test_a_peering_is_connected_when_both_sides_are_there_and_carries_the_others_prefixes(cloud: Cloud) -> None:
    _peered(cloud)
    for network, other, prefix in (("vnet", "spoke", "10.7.0.0/16"), ("spoke", "vnet", "10.0.0.0/16")):
        alone = cloud.client.virtual_network_peerings.get(GROUP, network, other).as_dict()
        [inside] = cloud.client.virtual_networks.get(GROUP, network).as_dict()["properties"]["virtualNetworkPeerings"]
        assert inside == alone and alone["properties"]["peeringState"] == "Connected"
        assert alone["properties"]["remoteAddressSpace"]["addressPrefixes"] == [prefix]
    gone = cloud.client.virtual_network_peerings.begin_delete(GROUP, "spoke", "vnet")
    cloud.settle()
    gone.result()
    left = cloud.client.virtual_network_peerings.get(GROUP, "vnet", "spoke").as_dict()
    assert left["properties"]["peeringState"] == "Initiated"


def test_the_fabric_reads_the_prefixes_of_networks_that_use_the_gateway(cloud: Cloud) -> None:
    cloud.link()
    _peered(cloud)
    assert cloud.peers()[0]["vnet_prefixes"] == ["10.0.0.0/16", "10.7.0.0/16"]
    _peer(cloud, "spoke", "vnet", useRemoteGateways=False)
    assert cloud.peers()[0]["vnet_prefixes"] == ["10.0.0.0/16"]


def test_a_gateway_is_used_only_where_its_network_lets_it(cloud: Cloud) -> None:
    cloud.put("virtual_networks", "spoke", {"addressSpace": {"addressPrefixes": ["10.7.0.0/16"]}, "subnets": []})
    cloud.settle()
    with pytest.raises(HttpResponseError, match="PeeringCannotUseRemoteGateways"):
        _peer(cloud, "spoke", "vnet", useRemoteGateways=True)
    with pytest.raises(HttpResponseError, match="InvalidRequestFormat"):
        _peer(cloud, "spoke", "vnet", useRemoteGateway=True)


def test_a_network_written_whole_keeps_its_peerings(cloud: Cloud) -> None:
    """As the drills write one: what a GET showed, with other prefixes."""
    _peered(cloud)
    found = cloud.client.virtual_networks.get(GROUP, "spoke").as_dict()["properties"]
    cloud.put("virtual_networks", "spoke", {**found, "addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}})
    cloud.settle()
    assert cloud.peers()[0]["vnet_prefixes"] == ["10.0.0.0/16", "10.8.0.0/16"]


def test_a_change_works_when_its_operation_has_ended_not_before(cloud: Cloud) -> None:
    cloud.link()
    cloud.put("virtual_network_gateway_connections", "link", {**CONNECTION, "dpdTimeoutSeconds": 30})
    assert cloud.peers()[0]["connections"][0]["dpd_timeout_seconds"] == 45
    cloud.settle()
    assert cloud.peers()[0]["connections"][0]["dpd_timeout_seconds"] == 30


def test_both_instances_of_an_active_active_gateway_run_the_connection(cloud: Cloud) -> None:
    cloud.link()
    cloud.put("virtual_network_gateways", "vpn", _gateway("one", "two"))
    cloud.settle()
    found = {peer["gateway_ip"]: [c["name"] for c in peer["connections"]] for peer in cloud.peers()}
    assert found == {"203.0.113.4": ["link"], "203.0.113.5": ["link"]}


def test_the_connections_status_and_bytes_are_the_peers(cloud: Cloud) -> None:
    cloud.link()
    assert cloud.connection()["connectionStatus"] == "Connecting"
    seen = {"connected": True, "ingress_bytes": 5, "egress_bytes": 7}
    (cloud.server.state / "status.json").write_text(json.dumps({"203.0.113.4": {"link": seen}}))
    found = cloud.connection()
    assert (found["ingressBytesTransferred"], found["egressBytesTransferred"]) == (5, 7)
    assert found["connectionStatus"] == "Connected"
    (cloud.server.state / "status.json").write_text(json.dumps({"203.0.113.4": {"link": {**seen, "connected": False}}}))
    assert cloud.connection()["connectionStatus"] == "NotConnected"


def test_a_reset_shows_once_its_operation_has_ended(cloud: Cloud) -> None:
    cloud.link()
    connections = cloud.client.virtual_network_gateway_connections
    connections.begin_reset_connection(GROUP, "link", polling=False)
    assert cloud.peers()[0]["connections"][0]["resets"] == 0
    with pytest.raises(HttpResponseError, match="AnotherOperationInProgress"):
        connections.begin_reset_connection(GROUP, "link")
    cloud.settle()
    assert cloud.peers()[0]["connections"][0]["resets"] == 1
    with pytest.raises(HttpResponseError, match="ResourceNotFound"):
        connections.begin_reset_connection(GROUP, "nobody")


def test_every_operation_is_in_the_log_with_its_times(cloud: Cloud) -> None:
    cloud.link()
    lines = [json.loads(line) for line in (cloud.server.state / "operations.jsonl").read_text().splitlines()]
    assert [(line["op"], line["resource"].rpartition("/")[2]) for line in lines[-3:]] == [
        ("PUT", "aws"),
        ("PUT", "link"),
        ("PUT sharedkey", "link"),
    ]
    assert all(line["started"] <= line["ended"] for line in lines)


def test_a_token_for_another_audience_is_refused(cloud: Cloud) -> None:
    stranger = _client(cloud.server, "https://management.azure.com/.default")
    with pytest.raises(ClientAuthenticationError, match="AuthenticationFailed"):
        stranger.virtual_networks.get(GROUP, "vnet")
    stranger.close()


@pytest.mark.parametrize(("issuer", "seconds"), [(FORGER, 60), (resource_manager.issuer(), -60)])
def test_a_token_that_another_key_signed_or_that_has_expired_is_refused(
    cloud: Cloud, issuer: Issuer, seconds: int
) -> None:
    token = issuer.sign({"aud": cloud.server.endpoint, "exp": int(time.time()) + seconds})
    request = urllib.request.Request(f"{cloud.server.endpoint}{ID}/virtualNetworks?api-version=1")
    request.add_header("Authorization", f"Bearer {token}")
    trust = ssl.create_default_context(cafile=str(cloud.server.authority))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=trust)
    refused.value.close()
    assert refused.value.code == 401


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("resource=x&api-version=2019-08-01", {}, 403),
        ("resource=x&api-version=2019-08-01", {"X-IDENTITY-HEADER": "wrong"}, 403),
        ("resource=x", {"X-IDENTITY-HEADER": resource_manager.IDENTITY_HEADER}, 400),
        ("api-version=2019-08-01", {"X-IDENTITY-HEADER": resource_manager.IDENTITY_HEADER}, 400),
    ],
)
def test_the_identity_end_point_refuses(cloud: Cloud, query: str, headers: dict[str, str], status: int) -> None:
    request = urllib.request.Request(f"{cloud.server.identity_endpoint}?{query}", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert caught.value.code == status
