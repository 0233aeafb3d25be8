"""Who may call the Function: bearer tokens of one AWS account's issuer, and what each role of that account may ask.

A token's `sub` is the ARN of the role that asked for it (IAM user guide, "Understanding token claims"): a state of a
link's walk, the watch of a region, or a person who may look. Whoever else comes learns nothing but "unauthorized".
"""

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import azure.functions as func
import jwt
from pydantic import TypeAdapter, ValidationError

from azure_functions.settings import Settings
from link import region
from link.spec import LinkName
from link.steps import State
from link.wanted import AzureRef

# Several times what ours are: a token of AWS's has some 2,000 characters, the work for a link some thousand bytes.
HEADER_LIMIT = 8_192
BODY_LIMIT = 65_536
LEEWAY_S = 30  # between AWS's clock and ours
# How soon the issuer is asked for its keys again. A caller with a new key tries for a minute (stacks/walk_machine.py).
PAUSE_S = 30.0
TIMEOUT_S = 5.0

_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/([A-Za-z0-9-]+)")
_LINK: TypeAdapter[str] = TypeAdapter(LinkName)


class Asks(StrEnum):
    """What a request wants: to be told what is there, or to have it changed."""

    LOOK = "look"
    WORK = "work"


STATES = {Asks.LOOK: (State.DISCOVER, State.VERIFY), Asks.WORK: (State.CONNECT_AZURE, State.DISCONNECT_AZURE)}


class Stranger(Exception):
    """The request is refused. The message is for our log alone and repeats nothing that is not proven."""


@dataclass(frozen=True)
class Caller:
    """A caller who is known, and the one link that the address names. A `region` of None is any."""

    link: str
    partition: str
    account: str
    region: str | None = None

    def check(self, ref: AzureRef) -> None:
        """Raises Stranger unless all that the body names is of the caller's account, and of the one link."""
        _, partition, _, there, account, *_ = ref.psk_secret.split(":")
        where = there if self.region is None else self.region
        named = (ref.link, ref.deployment, partition, account, there)
        if named != (self.link, f"{self.account}/{where}/{self.link}", self.partition, self.account, where):
            raise Stranger(f"the body is of another deployment than {self.link} of the caller")


class _Keys(jwt.PyJWKClient):
    """The issuer's keys. It is asked once in PAUSE_S at most, answered or not: strangers invent key ids for ever."""

    _asked_at = float("-inf")

    def fetch_data(self) -> Any:
        if time.monotonic() - self._asked_at < PAUSE_S:
            raise jwt.PyJWKClientError("the issuer was asked just now")
        self._asked_at = time.monotonic()
        return super().fetch_data()


class Callers:
    """Those whom the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Where AWS serves them: IAM API reference, EnableOutboundWebIdentityFederation.
        address = f"{settings.callers_issuer}/.well-known/jwks.json"
        self._keys = _Keys(address, timeout=TIMEOUT_S, cooldown_duration=0)

    def recognise(self, request: func.HttpRequest, asks: Asks) -> Caller:
        """Who asks, before a word of the body is read. Raises Stranger."""
        header = request.headers.get("authorization", "")
        if len(header) > HEADER_LIMIT or len(request.get_body()) > BODY_LIMIT:
            raise Stranger("too large")
        try:
            link = _LINK.validate_python(request.route_params.get("name"))
        except ValidationError:
            raise Stranger("the address names no link") from None
        bearer = _BEARER.fullmatch(header)
        if bearer is None:
            raise Stranger("no bearer token")
        return self._caller(self._subject(bearer[1]), link, asks)

    def _subject(self, token: str) -> str:
        """The proven `sub`. Whatever a token says of its own algorithm or key is only ever compared, never followed."""
        settings = self._settings
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "RS256" or not header.get("kid"):
                raise Stranger("not signed as AWS signs for us")  # without asking for keys
            claims = jwt.decode(
                token,
                self._keys.get_signing_key(header["kid"]),
                algorithms=["RS256"],
                audience=settings.callers_audience,
                issuer=settings.callers_issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, OSError, ValueError) as exc:
            # The error's own words may repeat the token's.
            raise Stranger(type(exc).__name__) from None
        if claims["aud"] not in (settings.callers_audience, [settings.callers_audience]):
            raise Stranger("for other audiences too")
        return str(claims["sub"])

    def _caller(self, subject: str, link: str, asks: Asks) -> Caller:
        role, account = _ROLE.fullmatch(subject), self._settings.callers_account
        looks = asks is Asks.LOOK
        if role and role[2] == account:
            if role[3] in (f"causeway-{link}-{state}" for state in STATES[asks]):
                return Caller(link, role[1], account)
            if looks and role[3].startswith(region.stack("")):
                return Caller(link, role[1], account, role[3].removeprefix(region.stack("")))
        if looks and subject in self._settings.callers_readers:
            return Caller(link, subject.split(":")[1], account)
        raise Stranger(f"{subject} may not {asks} at {link}")
