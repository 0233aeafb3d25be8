"""One contract for both Resource Managers: the fake of the unit tests, and the real client against the rehearsal's."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Protocol

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import models

from azure_functions import arm, arm_models, look
from azure_functions.edges import ArmEdge
from link import azure_plan, errors
from link.facts import Peered, VirtualNetwork
from link.spec import IpsecPolicy
from rehearsal import arm_peerings
from tests.azure_functions import fakes
from tests.azure_functions.conftest import Cloud

REF = fakes.REF


class Settles(Protocol):
    """Ends what runs."""

    def settle(self) -> None: ...


@dataclass
class Either:
    """A Resource Manager, and the hand that ends its operations."""

    arm: ArmEdge
    settles: Settles
    failures: list[dict[str, str]]

    def do(self, *wanted: str) -> None:
        """Begins and ends the named steps of making a link from nothing."""
        for name in wanted:
            match STEPS[name]:
                case azure_plan.PutLocalNetworkGateway() as step:
                    self.arm.put_local_network_gateway(REF, step)
                case azure_plan.PutConnection() as step:
                    self.arm.put_connection(REF, step)
                case azure_plan.SetSharedKey():
                    self.arm.set_shared_key(REF, fakes.PSK)
            self.settles.settle()


def _steps() -> dict[str, object]:
    nothing = look.find_facts(fakes.FakeArm(), fakes.FakeAws(), REF)
    actions = [step.action for step in azure_plan.steps(REF, fakes.WANTED, nothing)]
    return dict(zip(("local", "connection", "key"), actions, strict=True))


STEPS = _steps()


@pytest.fixture(params=["fake", "server"])
def either(request: pytest.FixtureRequest) -> Either:
    if request.param == "fake":
        fake = fakes.FakeArm()
        return Either(fake, fake, fake.failures)
    cloud: Cloud = request.getfixturevalue("cloud")
    return Either(cloud.arm, cloud, cloud.store.failures)


def test_the_customers_side_is_found(either: Either) -> None:
    assert either.arm.find_gateway(REF) == fakes.GATEWAY
    assert either.arm.find_virtual_network(REF, "workloads") == fakes.NETWORK


def test_what_does_not_exist_is_none(either: Either) -> None:
    other = REF.model_copy(update={"vpn_gateway": "other"})
    assert either.arm.find_gateway(other) is None
    assert either.arm.find_virtual_network(REF, "other") is None
    assert either.arm.find_local_network_gateway(REF) is None
    assert either.arm.find_connection(REF) is None


def test_what_was_written_is_found_and_needs_no_correction(either: Either) -> None:
    either.do("local", "connection", "key")
    facts = look.find_facts(either.arm, fakes.FakeAws(), REF)
    assert azure_plan.steps(REF, fakes.WANTED, facts) == ()


@pytest.mark.parametrize(
    "policy",
    [
        {"ike_encryption": "GCMAES128", "ike_integrity": "SHA384", "dh_group": "ECP384"},
        {"ipsec_encryption": "AES192", "ipsec_integrity": "SHA256", "pfs_group": "ECP256", "sa_lifetime_s": 300},
    ],
)
def test_every_part_of_a_policy_comes_back_as_it_was_written(either: Either, policy: dict[str, str]) -> None:
    step = STEPS["connection"]
    assert isinstance(step, azure_plan.PutConnection)
    wanted = IpsecPolicy.model_validate(policy)
    either.do("local")
    either.arm.put_connection(REF, azure_plan.PutConnection(**{**vars(step), "policy": wanted}))
    found = either.arm.find_connection(REF)
    assert found is not None and found.policy == wanted


def test_an_operation_is_only_begun(either: Either) -> None:
    either.do("local")
    step = STEPS["connection"]
    assert isinstance(step, azure_plan.PutConnection)
    operation = either.arm.put_connection(REF, step)
    found = either.arm.find_connection(REF)
    assert operation is not None and operation.startswith("https://")
    assert found is not None and found.provisioning_state in azure_plan.RUNNING


def test_a_second_change_while_one_runs_is_busy(either: Either) -> None:
    either.do("local", "connection")
    either.arm.set_shared_key(REF, "one")
    with pytest.raises(errors.CloudBusy, match="AnotherOperationInProgress"):
        either.arm.set_shared_key(REF, "two")


def test_the_key_is_set_by_its_own_call_and_survives_a_correction(either: Either) -> None:
    either.do("local", "connection")
    assert either.arm.read_shared_key(REF) == ""
    either.do("key", "connection")
    assert either.arm.read_shared_key(REF) == fakes.PSK


def test_a_key_is_not_there_before_its_operation_has_ended(either: Either) -> None:
    either.do("local", "connection")
    either.arm.set_shared_key(REF, fakes.PSK)
    assert either.arm.read_shared_key(REF) == ""


def test_a_connection_without_its_other_end_is_refused_in_azures_words(either: Either) -> None:
    with pytest.raises(errors.CloudRefused, match=r"^write the connection: InvalidResourceReference: "):
        either.do("connection")


def test_what_is_in_use_is_not_removed(either: Either) -> None:
    either.do("local", "connection")
    with pytest.raises(errors.CloudRefused, match="InUseResourceCannotBeDeleted"):
        either.arm.delete_local_network_gateway(REF)


def test_removal_may_be_repeated(either: Either) -> None:
    either.do("local", "connection")
    for remove in (either.arm.delete_connection, either.arm.delete_local_network_gateway):
        remove(REF)
        either.settles.settle()
        assert remove(REF) is None
    assert either.arm.find_connection(REF) is None and either.arm.find_local_network_gateway(REF) is None


def test_a_failed_operation_tells_why(either: Either) -> None:
    either.failures.append({"code": "GatewayBroken", "message": "it is broken"})
    step = STEPS["local"]
    assert isinstance(step, azure_plan.PutLocalNetworkGateway)
    operation = either.arm.put_local_network_gateway(REF, step)
    either.settles.settle()
    found = either.arm.find_local_network_gateway(REF)
    assert found is not None and found.provisioning_state == "Failed"
    assert operation is not None and either.arm.read_operation_error(REF, operation) == "GatewayBroken: it is broken"


def test_another_deployments_resources_are_not_ours(cloud: Cloud) -> None:
    Either(cloud.arm, cloud, []).do("local", "connection")
    for ref, ours in ((REF, True), (REF.model_copy(update={"deployment": "dep-2"}), False)):
        local, connection = cloud.arm.find_local_network_gateway(ref), cloud.arm.find_connection(ref)
        assert local is not None and local.ours is ours
        assert connection is not None and connection.ours is ours


def test_a_missing_resource_group_is_a_mistake_to_be_told(cloud: Cloud) -> None:
    with pytest.raises(errors.CloudRefused, match="ResourceGroupNotFound"):
        cloud.arm.find_connection(REF.model_copy(update={"resource_group": "other"}))


def test_the_token_goes_to_resource_manager_only(cloud: Cloud) -> None:
    assert cloud.arm.read_operation_error(REF, f"{cloud.server.endpoint}.example/operations/1") is None


def test_a_missing_token_end_point_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    stranger = arm.Arm(cloud.server.endpoint, ManagedIdentityCredential())
    with pytest.raises(errors.CloudRefused, match=r"^read the VPN gateway: "):
        stranger.find_gateway(REF)
    stranger.close()


def test_a_cloud_that_does_not_answer_is_busy(cloud: Cloud) -> None:
    nobody = arm.Arm("https://localhost:1", ManagedIdentityCredential())
    with pytest.raises(errors.CloudBusy, match=r"^read the VPN gateway: "):
        nobody.find_gateway(REF)
    nobody.close()


HUB, SPOKE = (f"{fakes.GROUP}/virtualNetworks/{name}" for name in ("workloads", "spoke"))


def _spoke(cloud: Cloud) -> None:
    space = {"addressPrefixes": ["10.7.0.0/16", "fd00:7::/56"]}
    cloud.store.put(SPOKE, {"location": "westeurope", "properties": {"addressSpace": space, "subnets": []}})
    cloud.settle()


def _peer(cloud: Cloud, network: str, other: str, **properties: object) -> None:
    """One side of a peering."""
    arm_peerings.put(
        cloud.store, network, "other", {"properties": {"remoteVirtualNetwork": {"id": other}, **properties}}
    )
    cloud.settle()


def _found(cloud: Cloud, name: str) -> VirtualNetwork:
    found = cloud.arm.find_virtual_network(REF, name)
    assert found is not None
    return found


def test_a_finished_peering_with_gateway_transit_shows_on_both_sides(cloud: Cloud) -> None:
    _spoke(cloud)
    _peer(cloud, HUB, SPOKE, allowGatewayTransit=True)
    assert (_found(cloud, "workloads").transit, _found(cloud, "spoke").remote_gateway_networks) == ((), ())
    _peer(cloud, SPOKE, HUB, useRemoteGateways=True)
    assert _found(cloud, "workloads").transit == (Peered(id=SPOKE, prefixes=(IPv4Network("10.7.0.0/16"),)),)
    assert _found(cloud, "spoke").remote_gateway_networks == (HUB,)


def test_a_peering_without_gateway_transit_shows_on_neither_side(cloud: Cloud) -> None:
    _spoke(cloud)
    _peer(cloud, HUB, SPOKE)
    _peer(cloud, SPOKE, HUB)
    assert (_found(cloud, "workloads").transit, _found(cloud, "spoke").remote_gateway_networks) == ((), ())


def test_a_peering_that_is_broken_off_carries_nothing(cloud: Cloud) -> None:
    _spoke(cloud)
    _peer(cloud, HUB, SPOKE, allowGatewayTransit=True)
    _peer(cloud, SPOKE, HUB, useRemoteGateways=True)
    arm_peerings.delete(cloud.store, SPOKE, "other")
    cloud.settle()
    assert _found(cloud, "workloads").transit == ()


def test_prefixes_behind_a_peering_are_those_that_it_carries(cloud: Cloud) -> None:
    """REST reference of peerings: remoteAddressSpace is what is peered, the network itself may have more."""
    carried, whole = (
        models.AddressSpace(address_prefixes=["10.7.1.0/24"]),
        models.AddressSpace(address_prefixes=["10.7.0.0/16"]),
    )
    inner = models.VirtualNetworkPeeringPropertiesFormat(
        allow_gateway_transit=True,
        peering_state="Connected",
        remote_virtual_network=models.SubResource(id=SPOKE),
        remote_address_space=carried,
        remote_virtual_network_address_space=whole,
    )
    (peered,) = arm_models.transit([models.VirtualNetworkPeering(properties=inner)])
    assert peered.prefixes == (IPv4Network("10.7.1.0/24"),)
