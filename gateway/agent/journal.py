"""Names why a tunnel does not come up, or will not survive its next rekey, from the daemon's own log."""

import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.agent import program
from gateway.agent.fault import Fault

_log = logging.getLogger(__name__)

HURRY_S = 3.0
PERIOD_S = 15.0  # while all tunnels are up: a rekey that fails leaves the old keys for minutes
LINES = "400"
CURSOR = Path("/run/causeway/journal.cursor")

# In the words of Libreswan 5.2, whose strings are the only documentation of them.
_WORDS = (
    ("PolicyMismatch", "one side refuses what the other proposes", r"NO_PROPOSAL_CHOSEN|INVALID_KE_PAYLOAD"),
    ("SharedKeyMismatch", "the two sides have different keys", r"AUTHENTICATION_FAILED"),
    ("PeerSilent", "the other side does not answer", r"second timeout exceeded after \d+ retransmits"),
)
# A refused first message is repeated too, so this names nothing that has a name.
_REPEATED = re.compile(r"IKE_SA_INIT_I: retransmission; will wait [1-9]")
_WELL = re.compile(r"\b(established|rekeyed) Child SA\b")
_LINE = re.compile(r'^"(causeway-\d+)"(?:\[\d+\])? #\d+: (.*)$')


def name(lines: Iterable[str], before: Mapping[str, Fault]) -> Mapping[str, Fault]:
    """What is wrong with each connection after these lines, if it was `before` them."""
    wrong = dict(before)
    for match in filter(None, map(_LINE.match, lines)):
        connection, words = match.groups()
        if _WELL.search(words):
            wrong.pop(connection, None)
        for reason, sentence, pattern in _WORDS:
            known = connection in wrong and wrong[connection].reason == reason
            if re.search(pattern, words) and not known:  # the same words with another number are no news
                wrong[connection] = Fault(reason, f"{connection}: {sentence}: {words[:160]}")
        if _REPEATED.search(words):
            wrong.setdefault(connection, Fault("PeerSilent", f"{connection}: the other side does not answer"))
    return wrong


class Journal:
    """Reads what is new, in a thread of its own. `wrong` has what is wrong with which connection."""

    def __init__(self) -> None:
        self.wrong: Mapping[str, Fault] = {}
        self._hurry = threading.Event()
        CURSOR.unlink(missing_ok=True)
        threading.Thread(target=self._run, name="journal", daemon=True).start()

    def attend(self, down: bool) -> None:
        """While a tunnel is down, what is new is read soon."""
        (self._hurry.set if down else self._hurry.clear)()

    def _run(self) -> None:
        complaint = ""
        asked = [program.JOURNALCTL, "-u", "ipsec.service", "-o", "cat", "-b", "-q"]
        while True:
            try:
                said = program.run([*asked, "-n", LINES, f"--cursor-file={CURSOR}"], timeout_s=10)
                self.wrong = name(said.splitlines(), self.wrong)
            except program.ProgramFailed as exc:
                if str(exc) != complaint:
                    _log.warning("journal not read error=%s", exc)
                complaint = str(exc)
            self._hurry.wait(PERIOD_S)
            time.sleep(HURRY_S)
