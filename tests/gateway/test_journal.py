"""What is wrong with a tunnel, from what Libreswan 5.2 wrote; the words of tests/fixtures are its own."""

from pathlib import Path

import pytest

from gateway.agent import journal
from gateway.agent.fault import Fault

FIXTURES = Path(__file__).parents[1] / "fixtures" / "libreswan-5.2"
WELL = (
    '"causeway-1" #16: initiator established Child SA using #15; IPsec tunnel [0.0.0.0/0===0.0.0.0/0] '
    "{ESPinUDP=>0xa8b045d4 <0xae314209 xfrm=AES_GCM_16_256-NONE NATD=203.0.113.4:4500 DPD=active}"
)


def lines(name: str) -> list[str]:
    return (FIXTURES / f"{name}.txt").read_text().splitlines()


def reasons(text: list[str], before: dict[str, Fault] | None = None) -> dict[str, str]:
    return {connection: fault.reason for connection, fault in journal.name(text, before or {}).items()}


@pytest.mark.parametrize(
    ("fixture", "reason"),
    [
        ("log-ike-refused", "PolicyMismatch"),
        ("log-child-refused", "PolicyMismatch"),
        ("log-key-refused", "SharedKeyMismatch"),
        ("log-peers-key-refused", "SharedKeyMismatch"),
        ("log-peer-silent", "PeerSilent"),
    ],
)
def test_what_the_daemon_wrote_has_a_name_until_the_tunnel_is_well(fixture: str, reason: str) -> None:
    assert reasons(lines(fixture)) == {"causeway-1": reason}
    assert reasons([*lines(fixture), WELL]) == {}
    assert reasons([WELL, *lines(fixture)]) == {"causeway-1": reason}


def test_a_peer_is_silent_before_the_daemon_gives_up_but_not_while_it_refuses() -> None:
    assert reasons(lines("log-peer-silent")[:4]) == {"causeway-1": "PeerSilent"}
    assert reasons(lines("log-peer-silent")[:3]) == {}
    refused = lines("log-ike-refused")
    ends_repeated = refused[: 1 + max(n for n, line in enumerate(refused) if "will wait 2" in line)]
    assert reasons(ends_repeated) == {"causeway-1": "PolicyMismatch"}


def test_what_is_wrong_stays_while_nothing_new_is_written_and_another_tunnel_is_well() -> None:
    before = {"causeway-1": Fault("PolicyMismatch", "no")}
    assert reasons([], before) == {"causeway-1": "PolicyMismatch"}
    assert journal.name(lines("log-ike-refused"), before) == before
    assert reasons([WELL.replace("causeway-1", "causeway-2")], before) == {"causeway-1": "PolicyMismatch"}
