"""What an Azure gateway's strongSwan and its namespace are given for an ARM connection."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from rehearsal import charon, peer
from tests.rehearsal import fabric_world as world


def test_a_connection_is_any_to_any_with_the_policy_of_arm_and_azures_ike_lifetime() -> None:
    made = peer.connection(world.AZURE_GATEWAY, world.CONNECTION)
    assert made["proposals"] == ["aes256-sha256-modp2048"]
    assert (made["rekey_time"], made["over_time"]) == ("25920s", "2880s")
    child = made["children"]["main"]
    assert (child["local_ts"], child["remote_ts"]) == (["0.0.0.0/0"], ["0.0.0.0/0"])
    assert child["esp_proposals"] == ["aes256gcm16-modp2048"]
    assert (child["rekey_time"], child["life_time"]) == ("24300s", "27000s")


def test_it_takes_any_identity_from_the_address_of_the_local_network_gateway_and_replaces_an_old_sa() -> None:
    made = peer.connection(world.AZURE_GATEWAY, world.CONNECTION)
    assert made["remote_addrs"] == ["198.51.100.1"]
    assert made["local"] == {"auth": "psk", "id": "203.0.113.4"}
    assert made["remote"] == {"auth": "psk"}
    assert made["unique"] == "replace"


@pytest.mark.parametrize(
    ("mode", "action"), [("ResponderOnly", "none"), ("Default", "start"), ("InitiatorOnly", "start")]
)
def test_only_a_responder_waits(mode: str, action: str) -> None:
    wanted = world.CONNECTION.model_copy(update={"connection_mode": mode})
    assert peer.connection(world.AZURE_GATEWAY, wanted)["children"]["main"]["start_action"] == action


def test_the_shared_key_belongs_to_both_addresses_and_stays_out_of_the_configuration() -> None:
    assert peer.secret(world.AZURE_GATEWAY, world.CONNECTION)["owners"] == ["203.0.113.4", "198.51.100.1"]
    assert "not-a-secret" not in str(peer.connection(world.AZURE_GATEWAY, world.CONNECTION))
    assert "not-a-secret" not in repr(world.CONNECTION)
    assert "not-a-secret" not in peer.configuration(Path("log"))


def test_only_prefixes_of_the_local_network_gateway_go_into_the_tunnel_and_only_once_it_exists() -> None:
    def routes(*, tunnel: bool) -> list[str]:
        lines = [line for entry in peer.plan(world.AZURE_GATEWAY, tunnel=tunnel).entries for line in entry.put]
        return [line for line in lines if line.startswith("route replace")]

    without = ["route replace blackhole 10.0.0.0/8", "route replace 10.0.0.0/16 dev vnet"]
    assert routes(tunnel=False) == without
    assert routes(tunnel=True) == [*without, "route replace 10.101.0.0/16 dev ipsec0"]


def test_the_workload_host_leaves_by_every_gateway_that_has_a_tunnel() -> None:
    def way_out(*connected: str) -> list[str]:
        entries = peer.plan_hosts({IPv4Address(address) for address in connected}).entries
        return [entry.put[0] for entry in entries if entry.key == "way out"]

    assert way_out() == []
    assert way_out("203.0.113.5") == ["route replace default src 10.0.1.10 nexthop via 100.64.255.1 dev peer5 onlink"]
    assert way_out("203.0.113.4", "203.0.113.5")[0].count("nexthop") == 2


def test_a_workload_host_never_leaves_by_another_networks_gateway() -> None:
    entries = peer.plan_hosts({IPv4Address("203.0.113.14")}).entries
    ways = {entry.namespace: entry.put[0] for entry in entries if entry.key == "way out"}
    assert ways == {"cw-vnet-2": "route replace default src 10.1.1.10 nexthop via 100.64.255.1 dev peer14 onlink"}


def test_an_address_that_belongs_to_no_virtual_network_is_named() -> None:
    stray = world.AZURE_GATEWAY.model_copy(update={"gateway_ip": IPv4Address("203.0.113.77")})
    with pytest.raises(LookupError, match=r"203\.0\.113\.77"):
        peer.plan(stray, tunnel=False)


def test_bytes_of_a_replaced_child_sa_are_not_forgotten() -> None:
    traffic = charon.Traffic()
    traffic.note({"uniqueid": b"1", "bytes-in": b"10", "bytes-out": b"20"})
    traffic.note({"uniqueid": b"1", "bytes-in": b"15", "bytes-out": b"30"})
    traffic.note({"uniqueid": b"2", "bytes-in": b"1", "bytes-out": b"2"})
    assert traffic.total() == (16, 32)


@pytest.mark.parametrize(
    ("ike", "children", "carries"),
    [
        ("ESTABLISHED", ["INSTALLED"], True),
        ("REKEYING", ["INSTALLED"], True),
        ("ESTABLISHED", ["REKEYING"], True),
        ("ESTABLISHED", ["REKEYED", "INSTALLED"], True),
        ("ESTABLISHED", [], False),
        ("ESTABLISHED", ["INSTALLING"], False),
        ("ESTABLISHED", ["DELETING"], False),
        ("CONNECTING", ["CREATED"], False),
        ("DELETING", ["INSTALLED"], False),
    ],
)
def test_a_tunnel_is_connected_also_while_an_sa_of_it_is_renewed(ike: str, children: list[str], carries: bool) -> None:
    found = {f"main-{number}": {"state": state.encode()} for number, state in enumerate(children)}
    assert charon.carries({"state": ike.encode(), "child-sas": found}) == carries
