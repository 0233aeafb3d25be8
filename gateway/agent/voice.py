"""Carries what the agent says to AWS, in a thread of its own, so that a slow network never holds up the tunnels."""

import json
import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.agent import cloud, report
from gateway.agent.fault import Fault

_log = logging.getLogger(__name__)

KEPT = 200
RETRY_S = 2.0


@dataclass(frozen=True)
class Event:
    """One event that has not been sent yet."""

    kind: str
    detail: Mapping[str, Any]


class Voice:
    """Sends events in their order and keeps the unsent ones, up to a bound. Metrics are sent once or not at all."""

    def __init__(self, line: cloud.Cloud) -> None:
        self._line = line
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._metrics: Sequence[report.Datum] = ()
        self._something = threading.Event()
        self._complaint = ""
        threading.Thread(target=self._run, name="voice", daemon=True).start()

    def say(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Queues an event."""
        self._events.append(Event(kind, detail))
        self._something.set()

    def measure(self, data: Sequence[report.Datum]) -> None:
        """Queues metric values in place of those that could not be sent before."""
        self._metrics = data
        self._something.set()

    def _run(self) -> None:
        while True:
            self._something.wait()
            self._something.clear()
            while not self._sent():
                threading.Event().wait(RETRY_S)

    def _sent(self) -> bool:
        """Whether nothing is left."""
        try:
            while self._events:
                event = self._events[0]
                self._line.send_event(event.kind, json.dumps(event.detail))
                _log.info("event sent kind=%s detail=%s", event.kind, json.dumps(event.detail))
                if self._events and self._events[0] is event:
                    self._events.popleft()
            data, self._metrics = self._metrics, ()
            if data:
                self._line.send_metrics(data)
        except (cloud.CallFailed, Fault) as exc:
            if str(exc) != self._complaint:
                _log.warning("nothing could be sent error=%s", exc)
            self._complaint = str(exc)
            return False
        self._complaint = ""
        return True
