"""Every difference between the wanted and the found Azure side, and the steps that follow from it."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from link import azure_plan, errors
from link.facts import AzureFacts, Connection, ConnectionStatus, LocalNetworkGateway, VpnGateway
from link.spec import IpsecPolicy
from link.wanted import AzureRef, AzureWanted

GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network/providers/Microsoft.Network"
REF = AzureRef(
    link="prod",
    deployment="dep-1",
    subscription="11111111-2222-3333-4444-555555555555",
    resource_group="network",
    vpn_gateway="vpn-gateway",
    virtual_networks=("workloads",),
    psk_secret="arn:aws:secretsmanager:eu-west-1:000000000000:secret:psk-AbCdEf",
)
WANTED = AzureWanted(
    address=IPv4Address("198.51.100.7"),
    prefixes=(IPv4Network("10.101.0.0/16"), IPv4Network("10.102.0.0/16")),
    policy=IpsecPolicy(),
    tags={"owner": "network"},
)
GATEWAY = VpnGateway(
    id=f"{GROUP}/virtualNetworkGateways/vpn-gateway",
    location="westeurope",
    sku="VpnGw1AZ",
    vpn_type="RouteBased",
    provisioning_state="Succeeded",
    addresses=(IPv4Address("203.0.113.4"),),
)
TAGS = {"owner": "network", "causeway-link": "prod", "causeway-deployment": "dep-1"}
LOCAL = LocalNetworkGateway(
    id=f"{GROUP}/localNetworkGateways/causeway-prod",
    address=WANTED.address,
    prefixes=tuple(reversed(WANTED.prefixes)),
    provisioning_state="Succeeded",
    ours=True,
    tags={**TAGS, "added-by": "an Azure policy"},
)
CONNECTION = Connection(
    id=f"{GROUP}/connections/causeway-prod",
    provisioning_state="Succeeded",
    status=ConnectionStatus.NOT_CONNECTED,
    gateway=GATEWAY.id.upper(),
    local_network_gateway=LOCAL.id.lower(),
    protocol="IKEv2",
    mode="ResponderOnly",
    policy=IpsecPolicy(),
    key_matches=True,
    ingress_bytes=0,
    egress_bytes=0,
    ours=True,
    tags=TAGS,
)


def _facts(
    gateway: VpnGateway | None = GATEWAY,
    local: LocalNetworkGateway | None = LOCAL,
    connection: Connection | None = CONNECTION,
) -> AzureFacts:
    return AzureFacts(gateway=gateway, virtual_networks=(), local_network_gateway=local, connection=connection)


def _changed[T: (VpnGateway, LocalNetworkGateway, Connection)](found: T, **changes: Any) -> T:
    return found.model_copy(update=changes)


def _plan(facts: AzureFacts, wanted: AzureWanted | None = WANTED) -> list[str]:
    return [f"{step.verb} {step.condition.reason}" for step in azure_plan.steps(REF, wanted, facts)]


def test_a_side_that_is_as_wanted_needs_nothing() -> None:
    assert _plan(_facts()) == []


def test_from_nothing_the_picture_comes_before_the_connection_and_the_key_last() -> None:
    assert _plan(_facts(local=None, connection=None)) == [
        "PutLocalNetworkGateway LocalNetworkGatewayMissing",
        "PutConnection ConnectionMissing",
        "SetSharedKey SharedKeyMissing",
    ]


def test_what_is_created_carries_everything_that_is_wanted() -> None:
    planned = azure_plan.steps(REF, WANTED, _facts(local=None, connection=None))
    local, connection, _ = (step.action for step in planned)
    assert isinstance(local, azure_plan.PutLocalNetworkGateway)
    assert isinstance(connection, azure_plan.PutConnection)
    assert (local.location, local.address, local.prefixes) == ("westeurope", WANTED.address, WANTED.prefixes)
    assert (connection.gateway, connection.local_network_gateway) == (GATEWAY.id, LOCAL.id)
    assert (connection.policy, connection.mode) == (WANTED.policy, "ResponderOnly")
    assert local.tags == connection.tags == TAGS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"address": IPv4Address("198.51.100.8")}, "GatewayAddressChanged"),
        ({"address": None}, "GatewayAddressChanged"),
        ({"prefixes": WANTED.prefixes[:1]}, "VpcPrefixesChanged"),
        ({"tags": {"causeway-link": "prod", "causeway-deployment": "dep-1"}}, "TagsChanged"),
        ({"provisioning_state": "Failed"}, "LocalNetworkGatewayFailed"),
        ({"provisioning_state": "Canceled"}, "LocalNetworkGatewayFailed"),
    ],
)
def test_a_differing_local_network_gateway_is_corrected(changes: dict[str, Any], reason: str) -> None:
    assert _plan(_facts(local=_changed(LOCAL, **changes))) == [f"PutLocalNetworkGateway {reason}"]


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"policy": None}, ["PutConnection PolicyChanged"]),
        ({"policy": IpsecPolicy(dpd_timeout_s=30)}, ["PutConnection PolicyChanged"]),
        ({"mode": "Default"}, ["PutConnection ConnectionModeChanged"]),
        ({"tags": {**TAGS, "owner": "else"}}, ["PutConnection TagsChanged"]),
        ({"provisioning_state": "Failed"}, ["PutConnection ConnectionFailed"]),
        ({"key_matches": False}, ["SetSharedKey SharedKeyChanged"]),
        ({"key_matches": None}, ["SetSharedKey SharedKeyUnknown"]),
        (
            {"mode": "Default", "key_matches": False},
            ["PutConnection ConnectionModeChanged", "SetSharedKey SharedKeyChanged"],
        ),
    ],
)
def test_a_differing_connection_is_corrected(changes: dict[str, Any], steps: list[str]) -> None:
    assert _plan(_facts(connection=_changed(CONNECTION, **changes))) == steps


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gateway": f"{GROUP}/virtualNetworkGateways/old"}, "ConnectionGatewayChanged"),
        ({"local_network_gateway": f"{GROUP}/localNetworkGateways/other"}, "ConnectionPeerChanged"),
        ({"protocol": "IKEv1"}, "ConnectionProtocolChanged"),
    ],
)
def test_what_azure_fixes_at_creation_is_made_anew(changes: dict[str, Any], reason: str) -> None:
    assert _plan(_facts(connection=_changed(CONNECTION, **changes))) == [
        f"DeleteConnection {reason}",
        "PutConnection ConnectionMissing",
        "SetSharedKey SharedKeyMissing",
    ]


@pytest.mark.parametrize("wanted", [WANTED, None])
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (_facts(gateway=_changed(GATEWAY, provisioning_state="Updating")), "VpnGatewayUpdating"),
        (_facts(local=_changed(LOCAL, provisioning_state="Creating")), "LocalNetworkGatewayCreating"),
        (_facts(connection=_changed(CONNECTION, provisioning_state="Updating")), "ConnectionUpdating"),
        (_facts(connection=_changed(CONNECTION, provisioning_state="Deleting")), "ConnectionDeleting"),
    ],
)
def test_nothing_is_begun_while_azure_is_busy(facts: AzureFacts, reason: str, wanted: AzureWanted | None) -> None:
    assert _plan(facts, wanted) == [f"Wait {reason}"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (_facts(local=_changed(LOCAL, ours=False)), "ForeignLocalNetworkGateway"),
        (_facts(connection=_changed(CONNECTION, ours=False)), "ForeignConnection"),
        (_facts(connection=_changed(CONNECTION, ours=False, provisioning_state="Updating")), "ForeignConnection"),
        (_facts(gateway=None, local=None, connection=None), "VpnGatewayMissing"),
    ],
)
def test_what_is_not_ours_is_refused_by_name(facts: AzureFacts, reason: str) -> None:
    with pytest.raises(errors.AzureFailed, match=f"^{reason}: "):
        _plan(facts)


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        (
            _facts(),
            ["DeleteConnection ConnectionUnwanted", "DeleteLocalNetworkGateway LocalNetworkGatewayUnwanted"],
        ),
        (_facts(connection=None), ["DeleteLocalNetworkGateway LocalNetworkGatewayUnwanted"]),
        (_facts(gateway=None, connection=None), ["DeleteLocalNetworkGateway LocalNetworkGatewayUnwanted"]),
        (_facts(local=None, connection=None), []),
        (_facts(local=_changed(LOCAL, ours=False), connection=_changed(CONNECTION, ours=False)), []),
        (_facts(local=_changed(LOCAL, ours=False, provisioning_state="Updating"), connection=None), []),
    ],
)
def test_removal_takes_what_is_ours_and_leaves_the_rest(facts: AzureFacts, steps: list[str]) -> None:
    assert _plan(facts, None) == steps


def test_every_step_says_why() -> None:
    for step in azure_plan.steps(REF, WANTED, _facts(local=None, connection=None)):
        assert step.condition.reason.isalnum() and step.condition.reason[0].isupper()
        assert len(step.condition.message.split()) > 3
