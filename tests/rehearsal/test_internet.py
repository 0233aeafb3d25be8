"""Translation and counting on the internet, as text."""

from ipaddress import IPv4Address

from rehearsal import internet
from tests.rehearsal import fabric_world as world


def test_only_living_instances_with_a_public_address_are_translated() -> None:
    assert internet.public_addresses(world.VIEW) == {IPv4Address("10.101.0.5"): IPv4Address("198.51.100.1")}
    assert internet.public_addresses(world.with_gateway(public_ip=None)) == {}
    assert internet.public_addresses(world.with_gateway(state="terminated")) == {}


def test_translation_is_one_to_one_and_stateless() -> None:
    text = internet.render(internet.public_addresses(world.VIEW), [world.VNET])
    assert "ip saddr set ip saddr map { 10.101.0.5 : 198.51.100.1 }" in text
    assert "ip daddr set ip daddr map { 198.51.100.1 : 10.101.0.5 }" in text
    assert " ct " not in text


def test_without_public_addresses_there_is_no_empty_map() -> None:
    assert "map" not in internet.render({}, [])


def test_clear_text_is_counted_before_anything_is_translated() -> None:
    text = internet.render(internet.public_addresses(world.VIEW), [world.VNET])
    assert "ip daddr { 10.0.0.0/16, 10.101.0.0/16, 10.102.0.0/16 } counter name clear_text drop" in text
    assert text.index("counter name clear_text drop") < text.index("ip saddr set")


def test_a_source_without_public_address_is_dropped_after_translation_and_is_no_clear_text() -> None:
    text = internet.render(internet.public_addresses(world.VIEW), [world.VNET])
    assert text.index("ip saddr set") < text.index("ip saddr 10.0.0.0/8 counter name no_public_address drop")


def test_outer_bytes_are_counted_in_each_direction_and_survive_a_reload() -> None:
    text = internet.render(internet.public_addresses(world.VIEW), [world.VNET])
    assert "ip saddr 198.51.100.1 udp sport { 500, 4500 } counter name from_198.51.100.1" in text
    assert "ip daddr 198.51.100.1 udp dport { 500, 4500 } counter name to_198.51.100.1" in text
    assert "delete table" not in text


def test_what_crossed_is_counted_over_all_addresses_that_the_aws_side_had() -> None:
    one, two = (IPv4Address(f"198.51.100.{last}") for last in (1, 130))
    found = {
        internet.counter_name(direction, address): internet.Counter(1, size)
        for direction, address, size in (("from", one, 1000), ("to", one, 70), ("from", two, 200), ("to", two, 5))
    }
    found |= {internet.CLEAR_TEXT: internet.Counter(1, 84), internet.NO_PUBLIC_ADDRESS: internet.Counter(1, 84)}
    assert (internet.outer_bytes("from", found), internet.outer_bytes("to", found)) == (1200, 75)


def test_the_way_to_an_azure_gateway_is_its_own_link() -> None:
    entries = internet.plan(world.VIEW, {IPv4Address("203.0.113.4"): "peer0"}, []).entries
    assert "route replace 203.0.113.4/32 dev peer0" in [line for entry in entries for line in entry.put]
