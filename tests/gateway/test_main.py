"""The loop, on a machine that is a few values: which routes it holds, and what it says of the tunnels."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.agent import act, decide, look, main, report
from gateway.agent.configuration import Configuration, Settings
from gateway.agent.feed import Fetched
from gateway.agent.heal import Healer
from gateway.agent.metadata import Metadata
from gateway.agent.status import ChildSa, Interface, Route
from tests.gateway import documents

WELL = '#1: "causeway-{}":4500 ESTABLISHED_IKE_SA (established IKE SA); REKEY in 906s; newest; idle;'
ASKED = WELL.replace("REKEY", "RETRANSMIT in 0s; REKEY")
DEAD = WELL.replace("REKEY", "RETRANSMIT in 1s; REKEY")
CALLING = '#2: "causeway-{}":500 IKE_SA_INIT_I (sent IKE_SA_INIT request); RETRANSMIT in 3s; idle;'


@dataclass
class Machine:
    """`asked` are the peers that owe an answer, `dead` those that owe it for long, `calling` those that have no SA yet.

    `states_read` is how often the daemon was asked for its states.
    """

    up: frozenset[int] = frozenset({1, 2})
    asked: frozenset[int] = frozenset()
    dead: frozenset[int] = frozenset()
    calling: frozenset[int] = frozenset()
    nudged: list[tuple[str, decide.Nudge]] = field(default_factory=list)
    routes: set[Route] = field(default_factory=set)
    now: float = 1000.0
    states_read: int = 0

    def states(self) -> Mapping[int, tuple[str, ...]]:
        self.states_read += 1
        says = {number: DEAD if number in self.dead else ASKED if number in self.asked else WELL for number in self.up}
        says |= dict.fromkeys(self.calling, CALLING)
        return {number: (line.format(number),) for number, line in says.items()}

    @property
    def ways(self) -> set[str]:
        """Through what traffic for the other side may leave."""
        return {route.interface for route in self.routes} - {""}


class Quiet:
    """In place of the threads that talk with AWS and read the journal."""

    wrong: Mapping[str, Any] = {}
    fault = newest = None

    def __init__(self, *_: object) -> None: ...


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    for name in ("Cloud", "Feed", "Voice", "Journal"):
        monkeypatch.setattr(main, name, Quiet)
    monkeypatch.setattr(time, "monotonic", lambda: machine.now)
    monkeypatch.setattr(Metadata, "bears", lambda *_: True)
    monkeypatch.setattr(Healer, "compare", lambda *_: False)
    monkeypatch.setattr(look, "child_sas", lambda: tuple(ChildSa(n, n, 1, 1) for n in machine.up))
    monkeypatch.setattr(look, "states", machine.states)
    monkeypatch.setattr(look, "routes", lambda: frozenset(machine.routes))
    monkeypatch.setattr(look, "interfaces", lambda: (Interface("ipsec1", up=True, mtu=1400),))
    monkeypatch.setattr(look, "own_address", lambda: "10.101.0.5")
    monkeypatch.setattr(act, "raise_interfaces", lambda _: None)
    monkeypatch.setattr(act, "nudge", lambda *what: machine.nudged.append(what))
    monkeypatch.setattr(act, "carry", lambda routes, _source: machine.routes.update(routes))
    monkeypatch.setattr(act, "add_route", lambda route, _source: machine.routes.add(route))
    monkeypatch.setattr(act, "remove_route", machine.routes.remove)
    return machine


@pytest.fixture
def agent(machine: Machine) -> main.Agent:
    return main.Agent(Settings("main", "eu-west-1", "table"), "i-1", Metadata())


def round_of(agent: main.Agent, machine: Machine, wanted: Configuration) -> list[str]:
    """What one round says of the tunnels."""
    machine.now += 1
    return [tunnel.state for tunnel in agent._keep(Fetched(wanted, "secrets"))]


UP, DOWN = report.UP, report.DOWN


def test_the_traffic_of_a_dead_peer_moves_at_once_and_comes_back_when_it_has_answered_for_a_while(
    agent: main.Agent, machine: Machine
) -> None:
    both = documents.parsed()
    assert (round_of(agent, machine, both), machine.ways) == ([UP, UP], {"ipsec1", "ipsec2"})
    machine.dead = frozenset({1})
    assert (round_of(agent, machine, both), machine.ways) == ([DOWN, UP], {"ipsec2"})
    machine.dead, machine.up = frozenset(), frozenset({2})
    assert (round_of(agent, machine, both), machine.ways) == ([DOWN, UP], {"ipsec2"})
    machine.up = frozenset({1, 2})
    assert agent._came(decide.Awaited.TUNNEL, both, frozenset({2}))
    assert machine.ways == {"ipsec2"}
    seen = [(round_of(agent, machine, both), machine.ways) for _ in range(5)]
    assert seen == [([DOWN, UP], {"ipsec2"})] * 4 + [([UP, UP], {"ipsec1", "ipsec2"})]


def test_a_round_begins_early_when_an_owed_answer_becomes_late(agent: main.Agent, machine: Machine) -> None:
    both, machine.asked = documents.parsed(), frozenset({1})
    round_of(agent, machine, both)
    assert not agent._came(decide.Awaited.ANSWER, both, machine.up)
    machine.dead = frozenset({1})
    assert agent._came(decide.Awaited.ANSWER, both, machine.up)


def test_where_no_peer_answers_traffic_goes_on_by_the_sas(agent: main.Agent, machine: Machine) -> None:
    both, machine.dead = documents.parsed(), frozenset({1, 2})
    assert (round_of(agent, machine, both), machine.ways) == ([UP, UP], {"ipsec1", "ipsec2"})


def test_a_link_with_one_tunnel_looks_at_nothing_more_than_before(agent: main.Agent, machine: Machine) -> None:
    machine.up = machine.dead = frozenset({1})
    assert (round_of(agent, machine, documents.parsed(tunnels=1)), machine.ways) == ([UP], {"ipsec1"})
    assert machine.states_read == 0


def test_a_negotiation_that_waits_is_begun_anew_only_where_no_other_tunnel_is_up(
    agent: main.Agent, machine: Machine
) -> None:
    both, machine.up, machine.calling = documents.parsed(), frozenset({2}), frozenset({1})
    round_of(agent, machine, both)  # learns that it bears the Elastic IP
    round_of(agent, machine, both)
    assert machine.nudged == []
    machine.up = frozenset()
    round_of(agent, machine, both)
    assert ("causeway-1", decide.Nudge.RESTART) in machine.nudged
