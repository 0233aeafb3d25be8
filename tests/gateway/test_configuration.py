"""The controller's document is read whole by the agent, and the secrets file holds what Libreswan can read."""

import json
from ipaddress import IPv4Address

import pytest

from gateway.agent import configuration
from gateway.agent.fault import Fault
from link import spec
from tests.gateway import documents


def test_the_controllers_document_round_trips() -> None:
    probe = spec.Probe(address=IPv4Address("10.0.1.10"), port=443)
    document = documents.document(probe=probe)
    read = configuration.parse("v7", document.model_dump_json())
    assert read.version == "v7"
    assert read.elastic_ip == document.elastic_ip
    assert [(tunnel.number, tunnel.peer) for tunnel in read.tunnels] == [(t.number, t.peer) for t in document.tunnels]
    assert read.remote_prefixes == document.remote_prefixes
    assert read.probe == configuration.Target(probe.address, 443)
    assert (read.ipsec_conf, read.nftables) == (document.ipsec_conf, document.nftables)
    assert read.psk_secret == document.psk_secret
    assert all(f"conn {tunnel.connection}\n" in read.ipsec_conf for tunnel in read.tunnels)
    assert all(f'"{tunnel.interface}"' in read.nftables for tunnel in read.tunnels)


def test_a_field_of_a_newer_controller_is_passed_over() -> None:
    text = json.dumps({**json.loads(documents.document().model_dump_json()), "shiny": 1})
    assert configuration.parse("v1", text).probe is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"elastic_ip": "nowhere"}', "null"])
def test_what_is_no_configuration_is_a_fault_and_not_a_crash(text: str) -> None:
    with pytest.raises(Fault, match="ConfigurationInvalid: version v2"):
        configuration.parse("v2", text)


def test_the_secrets_file_has_a_line_for_each_peer() -> None:
    assert configuration.secrets_file(documents.parsed(), "abcXYZ09") == (
        '198.51.100.10 203.0.113.4 : PSK "abcXYZ09"\n198.51.100.10 203.0.113.5 : PSK "abcXYZ09"\n'
    )


@pytest.mark.parametrize("psk", ["", 'a"b', "a\nb", "schlüssel"])
def test_a_key_that_cannot_be_written_is_a_fault_that_does_not_show_it(psk: str) -> None:
    with pytest.raises(Fault, match="PskUnusable") as caught:
        configuration.secrets_file(documents.parsed(), psk)
    assert not psk or psk not in str(caught.value)
