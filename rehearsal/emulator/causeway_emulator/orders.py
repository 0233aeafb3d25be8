"""What a drill has ordered, and what has happened of it. No LocalEmu here."""

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

ENDLESS = float("inf")


@dataclass
class Order:
    """`kind` and `target`: throttle or refuse a service.Operation, kill a function (`when`: start, before or after),
    full for a zone, quota for service/code.
    """

    kind: str
    target: str
    left: float = ENDLESS  # how many times more
    until: float = ENDLESS
    when: str = ""
    call: str = ""  # of a kill: at this service.Operation, not at the first that writes
    holding: str = ""  # of a refusal: text that the call's parameters contain
    code: str = ""  # the error, of a refusal or of a full zone
    value: float = 0  # of a quota

    def asks_for(self, kind: str, target: str, when: str, call: str, text: str) -> bool:
        same = (self.kind, self.target, self.when) == (kind, target, when)
        return same and self.call in ("", call) and self.holding in text and self.left > 0 and time.time() < self.until


@dataclass
class Book:
    """The orders that stand, and what has been done."""

    standing: list[Order] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def add(self, order: dict[str, Any]) -> None:
        """As the client side sends it: `calls` and `seconds` bound it, or are None."""
        seconds, calls = order.pop("seconds", None), order.pop("calls", None)
        until = ENDLESS if seconds is None else time.time() + seconds
        with self.lock:
            self.standing.append(Order(**order, left=ENDLESS if calls is None else calls, until=until))

    def clear(self) -> None:
        with self.lock:
            self.standing.clear()
            self.done.clear()

    def take(self, kind: str, target: str, when: str = "", call: str = "", text: str = "") -> Order | None:
        """The order that asks for this fault now; then it counts as done."""
        with self.lock:
            for order in self.standing:
                if order.asks_for(kind, target, when, call, text):
                    order.left -= 1
                    what = {"kind": kind, "target": target, "when": when, "call": call, "at": time.time()}
                    self.done.append({**what, "code": order.code} if order.code else what)
                    return order
        return None

    def value(self, target: str) -> float | None:
        """The quota that was set last."""
        with self.lock:
            values = [order.value for order in self.standing if order.kind == "quota" and order.target == target]
        return values[-1] if values else None
