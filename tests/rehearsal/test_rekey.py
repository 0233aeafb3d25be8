"""Who renewed what, as it is read from the logs of both daemons, and the lifetimes that make them do it."""

from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from link import ipsec, spec, wanted
from rehearsal import peer, rekey
from tests.rehearsal import fabric_world as world

TUNNELS = (
    wanted.Tunnel(number=1, peer=IPv4Address("203.0.113.4")),
    wanted.Tunnel(number=2, peer=IPv4Address("203.0.113.5")),
)
CONF = ipsec.render_conf(IPv4Address("198.51.100.1"), TUNNELS, spec.IpsecPolicy())
FIXTURES = Path(__file__).parent.parent / "fixtures"
PLUTO = (FIXTURES / "libreswan-5.2" / "log-rekeys.txt").read_text()
CHARON = (FIXTURES / "strongswan-5.9.8" / "rekeys.txt").read_text()
RENEWED = Counter(
    {
        (rekey.GATEWAY, rekey.CHILD): 2,
        (rekey.PEER, rekey.IKE): 1,
        (rekey.PEER, rekey.CHILD): 1,
        (rekey.GATEWAY, rekey.IKE): 1,
    }
)
REFUSED = (FIXTURES / "libreswan-5.2" / "log-child-refused.txt").read_text()
SHORT = peer.Lifetimes(ike_s=60, child_s=30)


def test_the_gateways_lifetimes_become_the_rehearsals_in_every_tunnel_and_nothing_else_changes() -> None:
    changed = rekey.shortened(CONF, SHORT).splitlines()
    added = [line.strip() for line in changed if line not in CONF.splitlines()]
    assert added == ["ikelifetime=60s", "ipsec-lifetime=30s", "rekeymargin=8s", "rekeyfuzz=0%"] * 2
    assert len(changed) == len(CONF.splitlines()) + 2


def test_a_configuration_without_a_lifetime_is_not_passed_on_unchanged() -> None:
    with pytest.raises(LookupError, match="ikelifetime"):
        rekey.shortened(CONF.replace("ikelifetime", "ike_lifetime"), SHORT)


def test_the_peer_takes_the_rehearsals_lifetimes_instead_of_azures() -> None:
    made = peer.connection(world.AZURE_GATEWAY, world.CONNECTION, SHORT)
    child = made["children"]["main"]
    assert (made["rekey_time"], made["over_time"]) == ("54s", "6s")
    assert (child["rekey_time"], child["life_time"]) == ("27s", "30s")


@pytest.mark.parametrize("act", rekey.ACTS, ids=str)
def test_only_the_side_that_should_renew_an_sa_has_reason_to(act: rekey.Act) -> None:
    ours, theirs = act.lifetimes(rekey.GATEWAY), act.lifetimes(rekey.PEER)
    assert (ours.child_s < theirs.child_s) == (act.child == rekey.GATEWAY)
    assert (ours.ike_s < theirs.ike_s) == (act.ike == rekey.GATEWAY)


def test_the_gateways_log_tells_who_renewed_what() -> None:
    assert rekey.by_pluto(PLUTO) == RENEWED


def test_the_peers_log_tells_the_same() -> None:
    assert rekey.by_charon(CHARON) == RENEWED


def test_a_refused_child_sa_and_an_ikes_first_are_no_renewals() -> None:
    assert rekey.by_pluto(REFUSED) == Counter()
