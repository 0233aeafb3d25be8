"""Whether the link's Azure Function can be asked, and what it sees. Reads only; the Function's key is not shown."""

import urllib.error
from collections.abc import Iterator

import boto3
from botocore.exceptions import ClientError

from causeway.rows import Row, Status
from lambdas.clouds import function
from lambdas.clouds.errors import code, translated
from link.errors import CausewayError
from link.facts import AzureFacts, Connection, LocalNetworkGateway
from link.spec import AzureSide
from link.wanted import AzureRef


def key(side: AzureSide) -> Iterator[Row]:
    """Whether the secret with the Function's key is there, and readable."""
    check, name = "Function key", side.function_key_secret
    with translated(f"reading the secret {name}"):
        try:
            found = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        except ClientError as exc:
            if code(exc) != "ResourceNotFoundException":
                raise
            remedy = f"write the key to a file and: aws secretsmanager create-secret --name {name} --secret-string file://..."
            yield Row(check, Status.REFUSED, f"there is no secret {name} in this region", remedy)
            return
    if found.get("SecretString"):
        yield Row(check, Status.OK, f"secret {name}")
    else:
        yield Row(check, Status.REFUSED, f"the secret {name} holds no text", "put the Function's key into it")


def ask(side: AzureSide, ref: AzureRef) -> tuple[AzureFacts | None, tuple[Row, ...]]:
    """What the Function sees, or why it says nothing."""
    try:
        found = function.look(side, ref)
    except CausewayError as exc:
        remedy = _remedy(exc.__cause__, side)
        return None, (
            Row("Azure Function", Status.REFUSED, str(exc), remedy),
            Row("Azure side", Status.UNKNOWN, "not seen"),
        )
    answers = Row("Azure Function", Status.OK, f"{side.function_url} answers")
    return found, (answers, Row("Azure side", Status.OK, _seen(found)))


def _remedy(cause: BaseException | None, side: AzureSide) -> str:
    status = cause.code if isinstance(cause, urllib.error.HTTPError) else None
    match status:
        case 401 | 403:
            return f"the key is not the Function's: put its host key into the secret {side.function_key_secret}"
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
