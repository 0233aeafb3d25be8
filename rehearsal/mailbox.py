"""The cost mail of the rehearsed links: asked for as a person does, and read back from the emulator's SES."""

import csv
import email
import email.policy
import io
import json
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property

from link import region
from rehearsal import clients, places

SENT = f"{places.EMULATOR_URL}/_aws/ses"  # LocalEmu keeps what was sent
KEY = "Causeway-Statement"  # the header that names a statement (lambdas/mail/message.py)
SENDS = ": sent"  # what the function says of a statement that SES has taken


class NoMail(Exception):
    """The function failed, or what it says it has sent is not there, or is no mail of its form."""


@dataclass(frozen=True)
class Mail:
    """A mail as SES was given it. Its parts raise NoMail where it has none of the kind."""

    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    @property
    def csv(self) -> str:
        return self._part("text/csv").removeprefix("\ufeff")

    @property
    def rows(self) -> list[dict[str, str]]:
        """The attachment's rows, by column."""
        return list(csv.DictReader(io.StringIO(self.csv)))

    def _part(self, kind: str) -> str:
        for part in self.message.walk():
            if part.get_content_type() == kind:
                return str(part.get_content())
        raise NoMail(f"the mail has no {kind}")


def ask() -> Mail:
    """Has the deployed function mail what there is of the month so far, and reads it back. Raises NoMail."""
    payload = json.dumps({"so_far": True}).encode()
    answer = clients.aws("lambda").invoke(FunctionName=region.COSTS, Payload=payload)
    said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise NoMail(f"{region.COSTS} failed: {said.get('errorType')}: {said.get('errorMessage')}")
    with urllib.request.urlopen(SENT, timeout=10) as kept:
        return sent(json.load(kept)["messages"], said)


def sent(kept: list[dict[str, str]], said: list[str]) -> Mail:
    """The one mail among those that were kept of which the function has told. Raises NoMail."""
    keys = [one.removesuffix(SENDS) for one in said if one.endswith(SENDS)]
    mails = [Mail(one["RawData"].encode()) for one in kept if "RawData" in one]
    found = [one for one in mails if one.message[KEY] in keys]
    if len(found) != 1:
        raise NoMail(f"{region.COSTS} says {said}, and SES has {len(found)} of {len(mails)} mails by that name")
    return found[0]
