"""The Function is away while something else breaks: the AWS side heals by what is known of Azure.

When the Function is back the world does not differ, so nothing may be written to Azure.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rehearsal import faults, places, services
from rehearsal.drills import alerts, eyes
from rehearsal.drills.scene import Scene

TWO_LOOKS_S = 130.0  # of the schedule, each minute
HEALS_S = 150.0  # longer than any bound but a boot's
ALERT_S = 420.0  # an alert is due after five minutes; the looks that notice and alert are a minute apart
REASON = "FunctionUnreachable"


@dataclass
class WithoutFunction:
    """`break_other` breaks something while the Function is away. `alerts`: and a person is alerted meanwhile."""

    break_other: Callable[[Scene], object]
    alerts: bool = False
    was_away: bool = False
    left: tuple[str, ...] = ()  # what was not repaired when the Function came back
    writes_before: int = 0
    back_at: float = 0.0

    def break_(self, now: Scene) -> None:
        faults.functions_gone()
        self.break_other(now)

    def come_back(self, before: Scene) -> None:
        self.left = tuple(eyes.of_link(before.link))
        self.was_away = not services.listens(places.FUNCTIONS_PORT)
        self.writes_before = len(eyes.azure_writes())
        self.back_at = time.time()
        faults.functions_back()

    def judge(self, _: Scene, broke_at: float) -> Iterator[str]:
        messages = alerts.told(broke_at) if self.alerts else []
        yield from self.faults(eyes.writes_since(self.writes_before), messages)

    def faults(self, writes: list[str], messages: list[dict[str, str]]) -> Iterator[str]:
        """What is wrong, from what was written to Azure since the Function is back, and from all messages."""
        if not self.was_away:
            yield "the Function was there before the fault had ended"
        yield from (f"not repaired while the Function was away: {one}" for one in self.left)
        yield from (f"Azure was written when the Function was back: {one}" for one in writes)
        if self.alerts and not alerts.with_reason(REASON, messages, self.back_at):
            yield f"no alert of {REASON} while the Function was away"
