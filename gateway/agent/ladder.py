"""Decides which remedy on the gateway is due, the smallest first, and when it may be tried again. Pure."""

from enum import StrEnum

# Seconds from one try of a remedy to the next; the last one stays. So a daemon is killed at most ten times an hour.
PAUSES_S = (5.0, 15.0, 60.0, 300.0, 600.0)
# A remedy that was not needed for so long begins with the first pause again.
FORGOTTEN_S = 1800.0
# A look that had to be given up says nothing of the daemon; several in a row do. Traffic passes meanwhile.
HUNG_LOOKS = 3
RELOADS = 2


class Remedy(StrEnum):
    """What the agent does by itself beside nudging a negotiation (decide.Nudge)."""

    RESTORE = "restore"
    RELOAD = "reload"
    START = "start"
    RESTART = "restart"
    KILL = "kill"


def for_daemon(refused: int, hung: int) -> Remedy | None:
    """For looks in a row at which there was no daemon, or at which it did not answer. A running one is not started."""
    if hung >= HUNG_LOOKS:
        return Remedy.KILL
    return Remedy.START if refused else None


def for_loaded(reloads: int) -> Remedy:
    """The daemon does not hold the connections that it was given. `reloads`: how often that was mended lately."""
    return Remedy.RELOAD if reloads < RELOADS else Remedy.RESTART


class Tries:
    """Remembers what was tried when, and so damps it. What is tried is a remedy for a reason."""

    def __init__(self) -> None:
        self._times: dict[tuple[Remedy, str], tuple[float, ...]] = {}

    def lately(self, remedy: Remedy, reason: str, now: float) -> int:
        """How often it was tried and not forgotten."""
        times = self._times.get((remedy, reason), ())
        return len(times) if times and now - times[-1] < FORGOTTEN_S else 0

    def may(self, remedy: Remedy, reason: str, now: float) -> bool:
        """Whether its pause is over; it is tried now if so."""
        tried = self.lately(remedy, reason, now)
        before = self._times.get((remedy, reason), ()) if tried else ()
        if before and now - before[-1] < PAUSES_S[min(tried, len(PAUSES_S)) - 1]:
            return False
        self._times[remedy, reason] = (*before, now)
        return True
