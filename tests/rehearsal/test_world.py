"""The customer's world: an Azure gateway with one address, or an active-active one with two."""

import pytest

from rehearsal import arm_validate, world

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/vnet-1/subnets/GatewaySubnet"


@pytest.mark.parametrize(("link", "active_active"), [(world.REHEARSAL, False), (world.ACTIVE_ACTIVE, True)])
def test_a_gateway_has_an_address_for_each_of_its_instances(link: world.Link, active_active: bool) -> None:
    addresses = [str(address) for address in link.gateway_addresses]
    body = world.gateway(SUBNET, addresses)
    fronts = [one["properties"]["publicIPAddress"]["id"] for one in body["properties"]["ipConfigurations"]]
    assert fronts == ["203.0.113.4", "203.0.113.5"][: 2 if active_active else 1]
    assert body["properties"]["activeActive"] is active_active
    assert arm_validate.faults("virtualnetworkgateways", body) == []
