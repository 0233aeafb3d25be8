"""What the agent decides: routes that never lead out in clear text, and help for a tunnel that is down."""

import pytest

from gateway.agent import decide
from gateway.agent.decide import Awaited, Nudge
from gateway.agent.status import Route
from tests.gateway import documents

BLOCKING = {Route("10.0.0.0/16", "", 4000), Route("172.16.0.0/24", "", 4000)}
FIRST = {Route("10.0.0.0/16", "ipsec1", 10), Route("172.16.0.0/24", "ipsec1", 10)}
SECOND = {Route("10.0.0.0/16", "ipsec2", 20), Route("172.16.0.0/24", "ipsec2", 20)}


@pytest.mark.parametrize(
    ("up", "silent", "routes"),
    [
        (set(), set(), BLOCKING),
        ({1}, set(), BLOCKING | FIRST),
        ({2}, set(), BLOCKING | SECOND),
        ({1, 2}, set(), BLOCKING | FIRST | SECOND),
        ({1, 2}, {1}, BLOCKING | SECOND),
        ({1, 2}, {2}, BLOCKING | FIRST),
        ({1, 2}, {1, 2}, BLOCKING | FIRST | SECOND),
        ({1}, {1}, BLOCKING | FIRST),
        (set(), {1, 2}, BLOCKING),
    ],
)
def test_each_prefix_leads_through_tunnels_that_are_up_and_answer_and_else_nowhere(
    up: set[int], silent: set[int], routes: set[Route]
) -> None:
    assert decide.wanted_routes(documents.parsed(), frozenset(up), frozenset(silent)) == routes


def test_a_tunnel_that_is_not_configured_gets_no_route() -> None:
    assert decide.wanted_routes(documents.parsed(tunnels=1), frozenset({2}), frozenset()) == BLOCKING


def test_only_connections_whose_text_changed_are_loaded_anew() -> None:
    before, after = documents.parsed().ipsec_conf, documents.parsed().ipsec_conf.replace("203.0.113.5", "203.0.113.9")
    assert decide.connection_changes(before, before) == decide.ConnectionChanges((), ())
    assert decide.connection_changes(before, after) == decide.ConnectionChanges((), ("causeway-2",))
    assert decide.connection_changes("", before) == decide.ConnectionChanges((), ("causeway-1", "causeway-2"))


def test_a_connection_that_is_not_wanted_any_more_is_deleted() -> None:
    one = documents.parsed(tunnels=1).ipsec_conf
    changes = decide.connection_changes(documents.parsed().ipsec_conf, one)
    assert changes.delete == ("causeway-2",)


@pytest.mark.parametrize(
    ("state", "nudge"),
    [
        (None, Nudge.INITIATE),
        ('#9: "causeway-1":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 3s;', Nudge.RESTART),
        ('#9: "causeway-1":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 14s;', Nudge.RESTART),
        ('#9: "causeway-1":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 0s;', Nudge.NOTHING),
        ('#9: "causeway-1":500 IKE_SA_INIT_I0 (waiting for KE to finish); CRYPTO_TIMEOUT in 60s;', Nudge.NOTHING),
        ('#9: "causeway-1":4500 IKE_AUTH_I (sent IKE_AUTH request); RETRANSMIT in 3s;', Nudge.NOTHING),
        ('#9: "causeway-1":4500 ESTABLISHED_IKE_SA (established IKE SA); REKEY in 9s;', Nudge.NOTHING),
    ],
)
def test_a_tunnel_that_is_down_is_helped_without_disturbing_a_negotiation(state: str | None, nudge: Nudge) -> None:
    assert decide.nudge((state,) if state else (), ours=True) is nudge


def test_a_negotiation_is_not_ended_while_another_tunnel_is_up() -> None:
    far = '#9: "causeway-1":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 3s;'
    assert decide.nudge((far,), ours=True, alone=False) is Nudge.NOTHING
    assert decide.nudge((), ours=True, alone=False) is Nudge.INITIATE
    assert decide.nudge((far,), ours=False, alone=False) is Nudge.TERMINATE


def test_without_the_elastic_ip_the_peer_hears_nothing_from_here() -> None:
    state = '#9: "causeway-1":4500 ESTABLISHED_IKE_SA (established IKE SA); REKEY in 9s;'
    assert decide.nudge((), ours=False) is Nudge.NOTHING
    assert decide.nudge((state,), ours=False) is Nudge.TERMINATE
    assert decide.nudge((state,), ours=None) is Nudge.NOTHING
    assert decide.nudge((), ours=None) is Nudge.NOTHING


@pytest.mark.parametrize(
    ("ours", "up", "awaited"),
    [
        (None, set(), Awaited.ADDRESS),
        (False, {1, 2}, Awaited.ADDRESS),
        (True, set(), Awaited.TUNNEL),
        (True, {1}, Awaited.TUNNEL),
        (True, {1, 2}, Awaited.NOTHING),
    ],
)
def test_a_gateway_waits_for_its_address_and_then_for_each_tunnel(
    ours: bool | None, up: set[int], awaited: Awaited
) -> None:
    assert decide.awaited(documents.parsed(), ours, frozenset(up)) is awaited


def test_an_owed_answer_is_waited_for_where_nothing_else_is() -> None:
    owes = frozenset({1})
    assert decide.awaited(documents.parsed(), True, frozenset({1, 2}), owes) is Awaited.ANSWER
    assert decide.awaited(documents.parsed(), True, frozenset({1}), owes) is Awaited.TUNNEL
    assert decide.awaited(documents.parsed(), False, frozenset({1, 2}), owes) is Awaited.ADDRESS
