"""Fetches the published configuration every few seconds in its own thread, and the key when the version changes."""

import logging
import threading
from dataclasses import dataclass

from gateway.agent import cloud, configuration
from gateway.agent.fault import Fault

_log = logging.getLogger(__name__)

PERIOD_S = 2.0


@dataclass(frozen=True)
class Fetched:
    """A configuration with the content of its secrets file, whose text is kept out of every log by `repr`."""

    configuration: configuration.Configuration
    secrets: str

    def __repr__(self) -> str:
        return f"Fetched({self.configuration.version})"


class Feed:
    """`newest` is the last version that could be read whole, `fault` why a newer one could not."""

    def __init__(self, line: cloud.Cloud) -> None:
        self._line = line
        self.newest: Fetched | None = None
        self.fault: Fault | None = None
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
        if self.newest and self.newest.configuration.version == published.version:
            return
        wanted = configuration.parse(published.version, published.document)
        secrets = configuration.secrets_file(wanted, self._line.psk(wanted.psk_secret))
        self.newest = Fetched(wanted, secrets)
