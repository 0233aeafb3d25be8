"""What STS says in a token of its own, and what it demands of somebody else's before it gives a role. No LocalEmu here.

Claims: IAM user guide, "Understanding token claims"; a token has no nbf. Order and codes of the refusals: STS API
reference, AssumeRoleWithWebIdentity; their words as people have reported them.
"""

from collections.abc import Collection
from typing import Any

import jwt

ACTION = "sts:AssumeRoleWithWebIdentity"
INVALID = "InvalidIdentityToken"
Claims = dict[str, Any]


class Refused(Exception):
    """`code` as STS names it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def outbound_claims(
    subject: str, account: str, region: str, audience: list[str], token_id: str, times: Claims
) -> Claims:
    """One audience is text, several are a list."""
    said = {"aws_account": account, "source_region": region}
    aud = audience[0] if len(audience) == 1 else audience
    return {"aud": aud, "sub": subject, "jti": token_id, **times, "https://sts.amazonaws.com/": said}


def issuer_of(token: str) -> str:
    """Who it says has issued it: nothing is verified yet."""
    try:
        return str(jwt.decode(token, options={"verify_signature": False})["iss"])
    except (jwt.InvalidTokenError, KeyError) as exc:
        raise Refused(INVALID, "The ID Token provided is not a valid JWT.") from exc


def verify(token: str, issuer: str, key_set: dict[str, Any], audiences: Collection[str]) -> Claims:
    """The token's claims when the issuer has signed it, for one of the audiences, and its time is now."""
    try:
        keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(key_set).keys}
        key = keys[jwt.get_unverified_header(token).get("kid")]
        required = {"require": ["aud", "exp", "iat", "iss", "sub"]}
        return jwt.decode(token, key, ["RS256"], audience=list(audiences), issuer=issuer, options=required)
    except jwt.ExpiredSignatureError as exc:
        raise Refused("ExpiredTokenException", "Token expired") from exc
    except jwt.InvalidAudienceError as exc:
        raise Refused(INVALID, "Incorrect token audience") from exc
    except KeyError as exc:
        raise Refused(INVALID, "Couldn't retrieve verification key from your identity provider") from exc
    except jwt.InvalidTokenError as exc:
        raise Refused(INVALID, f"The web identity token cannot be verified: {exc}") from exc


def trusts(policy: dict[str, Any], provider: str, claims: Claims) -> bool:
    """Whether the role's trust policy lets these claims of this provider, by its ARN, take the role."""
    name = provider.partition(":oidc-provider/")[2]
    said = {f"{name}:{claim}": claims[claim] for claim in ("aud", "sub")}
    return any(_allows(statement, provider, said) for statement in _listed(policy.get("Statement")))


def _allows(statement: dict[str, Any], provider: str, said: dict[str, str]) -> bool:
    """A condition that is not understood here is not met."""
    principal = statement.get("Principal")
    trusted = _listed(principal.get("Federated")) if isinstance(principal, dict) else []
    met = (
        operator == "StringEquals" and said.get(key) in _listed(values)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )
    named = provider in trusted and ACTION in _listed(statement.get("Action"))
    return statement.get("Effect") == "Allow" and named and all(met)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
