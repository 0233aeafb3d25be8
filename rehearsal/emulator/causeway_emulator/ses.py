"""SES as an account has it that has left the sandbox: LocalEmu verifies every identity at once, and knows no account.

Not here: the sandbox, in which only verified recipients get mail, quotas, bounces.
"""

import urllib.parse
from typing import Any

from localemu.aws.api import RequestContext
from localemu.services.sesv2.provider import Sesv2Provider
from localemu.utils.patch import patch
from moto.sesv2.models import SESV2Backend


def mend() -> None:
    Sesv2Provider.get_account = get_account

    @patch(SESV2Backend.get_email_identity)
    def get_email_identity(original: Any, self: SESV2Backend, email_identity: str) -> Any:
        """An address in a path has its sign "@" encoded, and moto looks it up so."""
        return original(self, urllib.parse.unquote(email_identity))


def get_account(self: Any, context: RequestContext, **kwargs: Any) -> dict[str, Any]:
    return {"ProductionAccessEnabled": True, "SendingEnabled": True, "EnforcementStatus": "HEALTHY"}
