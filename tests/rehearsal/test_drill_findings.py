"""Findings that stand while the gateway dies: what is made in Azure, what is foreign, what is wrong in the end."""

import dataclasses
import re
import threading
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient, models

from rehearsal import clients, operator, spokes
from rehearsal.drills import alerts, catalogue, findings, scene, whole
from rehearsal.drills.findings import Finding
from tests import resource_manager
from tests.rehearsal import drill_scene
from tests.rehearsal.drill_scene import WHOLE, instance, route, table

SPOKE = IPv4Network("10.4.0.0/16")
FOREIGN = {"DestinationCidrBlock": "10.0.128.0/17", "NetworkInterfaceId": "eni-9", "State": "blackhole"}
NAMES = ("foreign-route", "overlap", "lost-peering", "route-quota")


def drill(name: str) -> Any:
    [found] = catalogue.named(f"finding-then-gateway-terminated-{name}")
    return found


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetworkManagementClient]:
    """Resource Manager with the hub; its operations end by themselves."""
    with resource_manager.running(tmp_path) as server:
        monkeypatch.setattr(server.store, "_later", lambda _, end: threading.Timer(0, end).start())
        scope = [f"{server.endpoint}/.default"]
        credential = ManagedIdentityCredential()
        with NetworkManagementClient(
            credential, clients.SUBSCRIPTION, server.endpoint, credential_scopes=scope, polling_interval=0
        ) as client:
            monkeypatch.setattr(clients, "arm", lambda: client)
            body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
            client.virtual_networks.begin_create_or_update(
                clients.RESOURCE_GROUP, "hub", models.VirtualNetwork(body)
            ).result()
            yield client


def prefixes(client: NetworkManagementClient) -> set[str]:
    found = client.virtual_networks.get(clients.RESOURCE_GROUP, "hub").as_dict()
    return dataclasses.replace(WHOLE, network=found).prefixes


def test_a_spoke_is_behind_the_gateway_until_its_peering_is_lost(network: NetworkManagementClient) -> None:
    before = network.virtual_networks.get(clients.RESOURCE_GROUP, "hub").as_dict()
    spokes.make("spoke", SPOKE, "hub")
    assert prefixes(network) == {"10.0.0.0/16", "10.4.0.0/16"}
    inner = network.virtual_networks.get(clients.RESOURCE_GROUP, "spoke").as_dict()["properties"]
    [peering] = inner["virtualNetworkPeerings"]
    assert peering["properties"]["useRemoteGateways"]
    spokes.part("spoke", "hub")
    assert prefixes(network) == {"10.0.0.0/16"}
    spokes.delete("spoke", "hub")
    assert [one.name for one in network.virtual_networks.list(clients.RESOURCE_GROUP)] == ["hub"]
    assert network.virtual_networks.get(clients.RESOURCE_GROUP, "hub").as_dict() == before


def test_a_spoke_that_was_made_in_part_or_not_at_all_is_deleted(network: NetworkManagementClient) -> None:
    spokes.delete("spoke", "hub")
    spokes.make("spoke", SPOKE, "hub")
    network.virtual_network_peerings.begin_delete(clients.RESOURCE_GROUP, "spoke", "hub").result()
    spokes.delete("spoke", "hub")
    assert [one.name for one in network.virtual_networks.list(clients.RESOURCE_GROUP)] == ["hub"]


NOW = dataclasses.replace(WHOLE, instances=(instance("i-2", interface="eni-2"),))
REPLACED = dataclasses.replace(
    NOW, address={**WHOLE.address, "NetworkInterfaceId": "eni-2"}, tables=(table(route(interface="eni-2")),)
)


def test_routes_to_the_gateway_are_not_foreign_and_what_the_customer_has_is() -> None:
    assert findings.foreign(WHOLE) == findings.foreign(REPLACED)
    peered = dataclasses.replace(WHOLE, network=named(drill_scene.peered("Connected")), tables=(table(FOREIGN),))
    assert findings.foreign(peered) == {
        "rtb-1 routes 10.101.0.0/16 to local",
        "rtb-1 routes 10.0.128.0/17 to eni-9",
        "the virtual network has 10.0.0.0/16",
        "the virtual network's peering spoke is Connected",
    }


def named(network: dict[str, Any]) -> dict[str, Any]:
    for one in network["properties"]["virtualNetworkPeerings"]:
        one["name"] = "spoke"
    return network


def test_what_is_foreign_is_neither_taken_nor_changed_nor_left_behind() -> None:
    finding = Finding("RouteTaken", lambda _: None, lambda _: None, alerted=True)
    before = dataclasses.replace(WHOLE, tables=(table(route(), FOREIGN),))
    kept = dataclasses.replace(REPLACED, tables=(table(route(interface="eni-2"), FOREIGN),))
    assert list(finding.faults(before, kept)) == []
    assert list(finding.faults(before, REPLACED)) == ["foreign, and gone: rtb-1 routes 10.0.128.0/17 to eni-9"]
    dead = dataclasses.replace(NOW, tables=(table(FOREIGN, route()),))  # still leads to the gateway that died
    assert list(finding.faults(before, dead)) == ["foreign, and new: rtb-1 routes 10.0.0.0/16 to eni-1"]


def test_an_alert_is_due_before_the_gateway_dies() -> None:
    finding = Finding("RouteTaken", lambda _: None, lambda _: None)
    assert list(finding.faults(WHOLE, REPLACED)) == ["no alert of RouteTaken before the gateway died"]


def test_what_must_have_become_of_a_finding_is_asked_of_the_link_as_it_is_then() -> None:
    finding = Finding("R", lambda _: None, lambda _: None, findings.keeps_its_routes, alerted=True)
    assert list(finding.faults(WHOLE, REPLACED)) == ["rtb-1 has lost its route to 10.4.0.0/16"]


@pytest.mark.parametrize(("after", "looks", "alerted"), [(1, 1, True), (3, 3, True), (99, None, False)])
def test_looks_are_asked_for_until_a_person_is_alerted(
    after: int, looks: int | None, alerted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    message = {"Subject": "RouteTaken", "Message": "", "Timestamp": "1970-01-01T00:00:00+00:00"}
    monkeypatch.setattr(operator, "causeway", lambda *words: asked.append(words))
    monkeypatch.setattr(alerts, "told", lambda since: [message] if len(asked) >= after else [])
    monkeypatch.setattr(findings, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(findings, "ALERTED_WITHIN_S", 60.0 if alerted else 0.02)
    made: list[scene.Scene] = []
    finding = Finding("RouteTaken", made.append, lambda _: None, alerted=not alerted)
    finding.prepare(WHOLE)
    assert (made, finding.alerted) == ([WHOLE], alerted)
    assert set(asked) == {("look", "rehearsal")} and len(asked) == (looks or len(asked))


def test_an_overlapping_range_is_not_routed() -> None:
    assert list(findings.is_not_routed(REPLACED)) == []
    routed = dataclasses.replace(REPLACED, tables=(table(route("10.101.200.0/24", "eni-2")),))
    assert list(findings.is_not_routed(routed)) == ["rtb-1 routes 10.101.200.0/24"]


@pytest.mark.parametrize(
    ("found", "lost"),
    [
        ([route("10.4.0.0/16", "eni-2")], False),
        ([route("10.4.0.0/16", "eni-1")], True),
        ([route("10.4.0.0/16", "eni-2", "blackhole")], True),
        ([], True),
    ],
)
def test_a_network_that_lost_its_peering_keeps_its_routes_by_the_new_gateway(
    found: list[dict[str, Any]], lost: bool
) -> None:
    now = dataclasses.replace(REPLACED, tables=(table(*found),))
    assert list(findings.keeps_its_routes(now)) == (["rtb-1 has lost its route to 10.4.0.0/16"] if lost else [])


def test_a_full_table_holds_as_many_routes_as_it_has_without_the_local_one() -> None:
    assert findings.routes_held(WHOLE) == 1
    more = dataclasses.replace(WHOLE, tables=(table(route()), table(route(), FOREIGN)))
    assert findings.routes_held(more) == 2


BEHIND = {
    "overlap": dataclasses.replace(WHOLE, network=drill_scene.behind("10.0.0.0/16", "10.101.200.0/24")),
    "lost-peering": dataclasses.replace(
        WHOLE,
        tables=(table(route(), route("10.4.0.0/16")),),
        configuration={**WHOLE.configuration, "remote_prefixes": ["10.0.0.0/16", "10.4.0.0/16"]},
    ),
    "route-quota": dataclasses.replace(
        WHOLE,
        network=drill_scene.behind("10.0.0.0/16", "10.3.0.0/16"),
        configuration={**WHOLE.configuration, "remote_prefixes": ["10.0.0.0/16", "10.3.0.0/16"]},
    ),
    "foreign-route": dataclasses.replace(WHOLE, tables=(table(route(), FOREIGN),)),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_finding_s_own_faults_are_tolerated_and_no_others(name: str) -> None:
    means = whole.faults(BEHIND[name])
    assert bool(means) == (name != "foreign-route")
    assert [one for one in means if drill(name).counts(one)] == []
    others = whole.faults(dataclasses.replace(BEHIND[name], tables=(table(),), address={"PublicIp": "198.51.100.1"}))
    counted = [one for one in others if drill(name).counts(one)]
    assert "rtb-1 has no route to 10.0.0.0/16" in counted
    assert any("Elastic IP" in one for one in counted)
    assert drill(name).counts("rtb-1 has no route to 10.101.0.0/16")


def test_each_finding_has_the_bound_and_the_sign_of_the_plain_drill() -> None:
    [plain] = catalogue.named("gateway-terminated")
    for name in NAMES:
        one = drill(name)
        assert (one.sign, one.healer, one.group, one.loss, one.break_) == (
            plain.sign,
            plain.healer,
            plain.group,
            plain.loss,
            plain.break_,
        )
        assert re.compile(one.tolerated)
