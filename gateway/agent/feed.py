"""Fetches the published configuration every few seconds in its own thread, and the key when the version changes."""

import logging
import threading
import time
from dataclasses import dataclass

from gateway.agent import cloud, configuration
from gateway.agent.fault import Fault

_log = logging.getLogger(__name__)

PERIOD_S = 2.0
KEY_S = 5.0  # how often the key is read again while a tunnel is down: it may have been changed


@dataclass(frozen=True)
class Fetched:
    """A configuration with the content of its secrets file, whose text is kept out of every log by `repr`."""

    configuration: configuration.Configuration
    secrets: str

    def __repr__(self) -> str:
        return f"Fetched({self.configuration.version})"


class Feed:
    """`newest` is the last version that could be read whole, `fault` why a newer one could not.

    Somebody who is `anxious`, because a tunnel is down, wants to know of another key as well.
    """

    def __init__(self, line: cloud.Cloud) -> None:
        self._line = line
        self.newest: Fetched | None = None
        self.fault: Fault | None = None
        self.anxious = False
        self._key_due = 0.0
        threading.Thread(target=self._run, name="feed", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Fault as fault:
                if self.fault is None or self.fault.reason != fault.reason:
                    _log.warning("configuration not fetched fault=%s", fault)
                self.fault = fault
            else:
                self.fault = None
            threading.Event().wait(PERIOD_S)

    def look(self) -> None:
        """Fetches once. Raises Fault."""
        published = self._line.published()
        known = self.newest is not None and self.newest.configuration.version == published.version
        if known and not (self.anxious and time.monotonic() >= self._key_due):
            return
        wanted = configuration.parse(published.version, published.document)
        secrets = configuration.secrets_file(wanted, self._line.psk(wanted.psk_secret))
        self.newest = Fetched(wanted, secrets)
        self._key_due = time.monotonic() + KEY_S
