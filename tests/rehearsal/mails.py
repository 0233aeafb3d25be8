"""Mails as the product composes them."""

from datetime import UTC, datetime

from lambdas.mail import drawing, message
from lambdas.mail.drawing import Drawn
from link.cost.statement import Statement
from rehearsal.mailbox import Mail
from tests import statements

DATE = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)


def drawn(said: Statement | None = None) -> Drawn:
    return drawing.draw(said or statements.statement())


def mail(said: Statement | None = None, key: str = "month#2026-10-01") -> Mail:
    return Mail(message.compose(drawn(said), key, "causeway@example.com", ["network@example.com"], DATE))
