"""Federation in both directions, which LocalEmu has not: tokens for callers of ours, roles for tokens of a tenant's.

The account's issuer has a key of this run. Key sets are files in REHEARSAL_ISSUERS: ours is written there, the tenants'
stand there for what IAM would fetch from their addresses. Not here: ES384, request tags, SessionDurationEscalation.
"""

import datetime
import json
import os
import pathlib
import re
import time
import uuid
from typing import Any

from causeway_emulator import web_identity
from causeway_emulator.issuer import Issuer
from localemu.aws.api import CommonServiceException, RequestContext
from localemu.services.iam.provider import IamProvider
from localemu.services.iam_enforcement import enforcer, identity
from localemu.services.sts import provider as sts
from localemu.utils.patch import patch
from moto.iam.models import iam_backends

DEFAULT_S = 300
TENANT = re.compile(r"https://sts\.windows\.net/([0-9a-f-]{36})/")
DISABLED = "Outbound web identity federation is not enabled for this account."


class Outbound:
    """The account's switch, off until somebody enables it."""

    enabled = False
    issuer: Issuer


def mend() -> None:
    Outbound.issuer = Issuer(os.environ["REHEARSAL_AWS_ISSUER"], "RSA_0")  # the key id as AWS has it
    Outbound.issuer.publish(published("aws"))
    IamProvider.enable_outbound_web_identity_federation = enable
    IamProvider.disable_outbound_web_identity_federation = disable
    IamProvider.get_outbound_web_identity_federation_info = info
    sts.StsProvider.get_web_identity_token = get_web_identity_token
    sts._trust_policy_allows_web_identity = lambda role, issuer: True  # it knows no ARNs; judged below, before it

    @patch(sts.StsProvider.assume_role_with_web_identity)
    def assume_role_with_web_identity(
        original: Any, self: Any, context: RequestContext, role_arn: str, web_identity_token: str, **kwargs: Any
    ) -> Any:
        try:
            judge(role_arn, web_identity_token)
        except web_identity.Refused as refused:
            raise CommonServiceException(refused.code, refused.message, status_code=refused.status) from refused
        return original(self, context, role_arn=role_arn, web_identity_token=web_identity_token, **kwargs)


def published(name: str) -> pathlib.Path:
    return pathlib.Path(os.environ["REHEARSAL_ISSUERS"], f"{name}.json")


def enable(self: Any, context: RequestContext, **kwargs: Any) -> dict[str, Any]:
    if Outbound.enabled:
        raise CommonServiceException("FeatureEnabled", "It is enabled already.", status_code=409)
    Outbound.enabled = True
    return {"IssuerIdentifier": Outbound.issuer.url}


def disable(self: Any, context: RequestContext, **kwargs: Any) -> None:
    info(self, context)
    Outbound.enabled = False


def info(self: Any, context: RequestContext, **kwargs: Any) -> dict[str, Any]:
    if not Outbound.enabled:
        raise CommonServiceException("FeatureDisabled", DISABLED, status_code=404)
    return {"IssuerIdentifier": Outbound.issuer.url, "JwtVendingEnabled": True}


def get_web_identity_token(
    self: Any,
    context: RequestContext,
    audience: list[str],
    signing_algorithm: str,
    duration_seconds: int | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    if not Outbound.enabled:
        raise CommonServiceException("OutboundWebIdentityFederationDisabledException", DISABLED, status_code=403)
    seconds = duration_seconds or DEFAULT_S
    if signing_algorithm != "RS256" or not 60 <= seconds <= 3600 or not 1 <= len(audience) <= 10:
        raise CommonServiceException("ValidationError", "RS256, 60 to 3600 seconds, 1 to 10 audiences.")
    now = int(time.time())
    times = {"iat": now, "exp": now + seconds}
    who, account, region = subject(context), context.account_id, context.region
    claims = web_identity.outbound_claims(who, account, region, audience, str(uuid.uuid4()), times)
    expires = datetime.datetime.fromtimestamp(times["exp"], datetime.UTC)
    return {"WebIdentityToken": Outbound.issuer.sign(claims), "Expiration": expires}


def subject(context: RequestContext) -> str:
    """A role is named by its own ARN, not by its session's."""
    caller = identity.resolve_caller(enforcer._extract_access_key(context), context.account_id, context.region)
    if caller is None or caller.principal_type == "Anonymous":
        message = "The security token included in the request is invalid."
        raise CommonServiceException("InvalidClientTokenId", message, status_code=403)
    if caller.principal_type != "AssumedRole":
        return str(caller.arn)
    return str(iam_backends[caller.account_id]["global"].get_role(caller.role_name).arn)


def judge(role_arn: str, token: str) -> None:
    """Raises web_identity.Refused unless the token may have the role. The provider is the role's account's."""
    account = role_arn.split(":")[4]
    iam = iam_backends[account]["global"]
    issuer = web_identity.issuer_of(token)
    arn = f"arn:aws:iam::{account}:oidc-provider/{issuer.removeprefix('https://')}"
    provider = iam.open_id_providers.get(arn)
    if provider is None:
        message = f"No OpenIDConnect provider found in your account for {issuer}"
        raise web_identity.Refused(web_identity.INVALID, message)
    claims = web_identity.verify(token, issuer, key_set(issuer), provider.client_id_list)
    role = next((role for role in iam.roles.values() if role.arn == role_arn), None)
    if role is None or not web_identity.trusts(json.loads(role.assume_role_policy_document), arn, claims):
        raise web_identity.Refused("AccessDenied", f"Not authorized to perform {web_identity.ACTION}", 403)


def key_set(issuer: str) -> dict[str, Any]:
    tenant = TENANT.fullmatch(issuer)
    if tenant is None or not published(tenant[1]).exists():
        raise web_identity.Refused("IDPCommunicationError", f"There is no answer from {issuer}")
    return json.loads(published(tenant[1]).read_text())
