"""Wraps what was drawn into a message: text and HTML as alternatives, the attachment beside. Same input, same bytes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage

from lambdas.mail.drawing import Drawn

# SES sets Message-ID and Date itself ("Amazon SES header fields" in its developer guide); this one it leaves.
KEY_HEADER = "Causeway-Statement"


def compose(drawn: Drawn, key: str, sender: str, recipients: Sequence[str], date: datetime) -> bytes:
    """The bytes to send. `key` names the statement among all of this sender's: sent again it has the same Message-ID.

    `date` is aware. Lines end with CR LF and have at most 78 characters (RFC 5322 allows 998). Raises ValueError when
    an address or the key has a line end.
    """
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = drawn.subject
    message["Date"] = date
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2].rstrip('>')}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told to a machine
    message[KEY_HEADER] = key
    # Quoted-printable: the HTML has no character beyond ASCII as a rule, and a person can read the source.
    message.set_content(drawn.text, cte="quoted-printable")
    message.add_alternative(drawn.html, subtype="html", cte="quoted-printable")
    message.add_attachment(
        drawn.csv,
        maintype="text",
        subtype="csv",
        filename=drawn.csv_name,
        params={"charset": "utf-8", "header": "present"},
    )
    for depth, part in enumerate(one for one in message.walk() if one.is_multipart()):
        part.set_boundary(f"{digest}-{depth}")  # the library's own are random
    return message.as_bytes()
