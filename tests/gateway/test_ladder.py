"""Which remedy is due on the gateway: the smallest that fits, with pauses that grow, and none for what is unknown."""

import pytest

from gateway.agent import ladder
from gateway.agent.ladder import Remedy


@pytest.mark.parametrize(
    ("refused", "hung", "remedy"),
    [
        (0, 0, None),
        (0, 1, None),
        (0, 2, None),
        (0, 3, Remedy.KILL),
        (1, 0, Remedy.START),
        (9, 0, Remedy.START),
    ],
)
def test_a_daemon_that_was_silent_once_is_not_killed(refused: int, hung: int, remedy: Remedy | None) -> None:
    assert ladder.for_daemon(refused, hung) is remedy


def test_a_daemon_that_loses_its_connections_again_and_again_is_restarted() -> None:
    assert [ladder.for_loaded(reloads) for reloads in range(4)] == [*[Remedy.RELOAD] * 2, *[Remedy.RESTART] * 2]


def test_a_remedy_that_does_not_help_is_tried_ever_more_seldom() -> None:
    tries = ladder.Tries()
    begun = [second for second in range(3600) if tries.may(Remedy.RESTART, "Lost", second)]
    assert begun[:6] == [0, 5, 20, 80, 380, 980]
    assert len(begun) <= 10


def test_each_reason_has_its_own_pause_and_an_old_one_is_forgotten() -> None:
    tries = ladder.Tries()
    assert [tries.may(Remedy.RELOAD, "Lost", second) for second in (0, 5, 20, 79)] == [True, True, True, False]
    assert tries.may(Remedy.RELOAD, "Changed", 79)
    assert tries.may(Remedy.KILL, "Lost", 79)
    assert tries.lately(Remedy.RELOAD, "Lost", 79) == 3
    assert tries.lately(Remedy.RELOAD, "Lost", 20 + ladder.FORGOTTEN_S) == 0
    assert [tries.may(Remedy.RELOAD, "Lost", 2000 + second) for second in (0, 4, 5)] == [True, False, True]
