"""The instance metadata service, version 2: who this instance is, its public address, its role's credentials."""

import http.client
import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv4Address

from gateway.agent.fault import Fault
from gateway.agent.sign import Credentials

_log = logging.getLogger(__name__)

ADDRESS = "169.254.169.254"
TOKEN_PATH = "/latest/api/token"  # noqa: S105 (a path)
TOKEN_S = 21_600
ROLES = "/latest/meta-data/iam/security-credentials/"
RENEW_BEFORE = timedelta(minutes=5)


class Metadata:
    """A client for one thread."""

    def __init__(self, host: str = ADDRESS, port: int = 80) -> None:
        self._host = host
        self._port = port
        self._token: str | None = None
        self._credentials: Credentials | None = None

    def instance(self) -> str | None:
        """The instance's id; None when the service does not answer."""
        return self._read("/latest/meta-data/instance-id") or None

    def wait_for_instance(self) -> str:
        """The instance's id; waits for the service, without which nothing here works."""
        while not (instance := self.instance()):
            _log.warning("the metadata service does not answer")
            time.sleep(1)
        return instance

    def bears(self, elastic_ip: IPv4Address) -> bool | None:
        """Whether the Elastic IP is associated with this instance; None when the service does not answer."""
        found = self._read("/latest/meta-data/public-ipv4")
        return None if found is None else found == str(elastic_ip)

    def domain(self) -> str:
        """The end of AWS's host names here; China has another than the rest."""
        return self._read("/latest/meta-data/services/domain") or "amazonaws.com"

    def credentials(self) -> Credentials:
        """The role's credentials, renewed before they end. Raises Fault."""
        if self._credentials is None or datetime.now(UTC) > self._credentials.expires_at - RENEW_BEFORE:
            self._credentials = self._fetch_credentials()
        return self._credentials

    def _fetch_credentials(self) -> Credentials:
        role = self._read(ROLES)
        text = self._read(ROLES + role) if role else None
        try:
            found = json.loads(text or "{}")
            ends = datetime.fromisoformat(found["Expiration"])
            return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], ends)
        except (ValueError, KeyError) as exc:
            raise Fault("CredentialsMissing", "the instance's metadata hold no credentials of a role") from exc

    def _read(self, path: str) -> str | None:
        """The text, "" when there is none (404), None when the service did not answer."""
        try:
            if self._token is None:
                self._token = self._ask("PUT", TOKEN_PATH, {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_S)})
            return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})
        except (OSError, http.client.HTTPException):
            self._token = None
            return None

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=1)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            text = response.read().decode().strip()
        finally:
            connection.close()
        if response.status == HTTPStatus.NOT_FOUND:
            return ""
        if response.status != HTTPStatus.OK:
            raise http.client.HTTPException(f"status {response.status}")
        return text
