"""Whether the link's Azure Function knows whoever runs this, and what it sees. Reads only; no token is shown."""

import urllib.error

import jwt
from botocore.exceptions import BotoCoreError, ClientError

from causeway import rows
from causeway.rows import Row, Status
from lambdas.clouds import function
from link.errors import CausewayError, Refused
from link.facts import AzureFacts, Connection, LocalNetworkGateway
from link.spec import AzureSide
from link.wanted import AzureRef


def ask(side: AzureSide, ref: AzureRef) -> tuple[AzureFacts | None, tuple[Row, ...]]:
    """What the Function sees, or why it says nothing."""
    try:
        found = function.look(side, ref)
    except CausewayError as exc:
        return None, (
            Row("Azure Function", Status.REFUSED, *explained(exc, side)),
            Row("Azure side", Status.UNKNOWN, "not seen"),
        )
    answers = Row("Azure Function", Status.OK, f"{side.function_url} answers")
    return found, (answers, Row("Azure side", Status.OK, _seen(found)))


def explained(exc: CausewayError, side: AzureSide) -> tuple[str, str]:
    """What happened, and what to do about it."""
    if isinstance(exc, Refused) and exc.condition:
        return str(exc.condition.model_copy(update={"remedy": ""})), exc.condition.remedy
    return str(exc), _remedy(exc.__cause__, side)


def _remedy(cause: BaseException | None, side: AzureSide) -> str:
    if isinstance(cause, (ClientError, BotoCoreError)):
        return rows.ALLOW
    match cause.code if isinstance(cause, urllib.error.HTTPError) else None:
        case 401:
            return (
                f"it does not let {_who(side)} look: azd env set CALLERS_READERS with this ARN (after a comma where "
                "others are), then azd provision; its log line 'caller refused' tells other reasons"
            )
        case 404:
            return "deploy the Function's package to this address, or correct azure.function_url"
        case 400:
            return "deploy the Function's package of this version of Causeway"
        case 424:
            return "Azure refuses the Function: correct the names under azure, or its identity's role assignment"
        case None:
            return "correct azure.function_url; see that the Function app runs and can be reached from here"
        case _:
            return "try again; when it stays, the Function app's log in Azure tells more"


def _who(side: AzureSide) -> str:
    """The ARN by which AWS names the caller in tokens: a session's role with its path, which no other call tells."""
    return str(jwt.decode(function.token(side), options={"verify_signature": False})["sub"])


def _seen(found: AzureFacts) -> str:
    gateway = found.gateway
    what = "no VPN gateway"
    if gateway:
        addresses = ", ".join(map(str, gateway.addresses)) or "no address"
        what = f"VPN gateway {gateway.sku}, {gateway.vpn_type}, {gateway.provisioning_state}, {addresses}"
    prefixes = ", ".join(map(str, found.prefixes)) or "no prefix"
    ours = _named("local network gateway", found.local_network_gateway), _named("connection", found.connection)
    return "; ".join((what, f"behind it {prefixes}", *ours))


def _named(kind: str, found: LocalNetworkGateway | Connection | None) -> str:
    if found is None:
        return f"no {kind} of the link yet"
    return f"the link's {kind} is there" if found.ours else f"a foreign {kind} has the link's name"
