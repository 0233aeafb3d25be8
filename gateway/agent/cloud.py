"""Talks with AWS: fetches the configuration and the key, sends events and metrics. Four calls, standard library only.

Every call has its own connection: one kept open would be dead after the Elastic IP moves here.
"""

import http.client
import json
import os
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from gateway.agent import report, sign
from gateway.agent.configuration import Settings
from gateway.agent.fault import Fault
from gateway.agent.metadata import Metadata

NAMESPACE = "Causeway"
PATIENCE_S = 5.0
JSON_1_0, JSON_1_1 = "application/x-amz-json-1.0", "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class CallFailed(Exception):
    """AWS did not answer, or said no; its own words are in the message."""


@dataclass(frozen=True)
class Published:
    """The item of the link's table, still text."""

    version: str
    document: str


class Cloud:
    """A client for one thread. AWS_ENDPOINT_URL in the environment stands for all of AWS, as in every SDK."""

    def __init__(self, settings: Settings, metadata: Metadata) -> None:
        self._settings = settings
        self._metadata = metadata
        self._endpoint = os.environ.get("AWS_ENDPOINT_URL", "")

    def published(self) -> Published:
        """What the controller published last. Raises Fault when there is nothing or it cannot be read."""
        asked = {"TableName": self._settings.table, "Key": {"id": {"S": "configuration"}}}
        try:
            answer = self._call("dynamodb", "DynamoDB_20120810.GetItem", JSON_1_0, asked)
        except CallFailed as exc:
            raise Fault("ConfigurationUnreadable", f"table {self._settings.table}: {exc}") from exc
        item = answer.get("Item")
        if not item:
            raise Fault("ConfigurationMissing", f"table {self._settings.table} holds no configuration yet")
        return Published(version=item["version"]["S"], document=item["document"]["S"])

    def psk(self, secret: str) -> str:
        """The pre-shared key. Raises Fault."""
        try:
            answer = self._call("secretsmanager", "secretsmanager.GetSecretValue", JSON_1_1, {"SecretId": secret})
            return str(answer["SecretString"])
        except (CallFailed, KeyError) as exc:
            raise Fault("PskUnreadable", f"secret {secret}: {exc}") from exc

    def send_event(self, kind: str, detail: str) -> None:
        """Puts one event on the default bus. Raises CallFailed or Fault."""
        entry = {"Source": report.source(self._settings.link), "DetailType": kind, "Detail": detail}
        answer = self._call("events", "AWSEvents.PutEvents", JSON_1_1, {"Entries": [entry]})
        if answer.get("FailedEntryCount"):
            raise CallFailed(f"event refused: {answer['Entries'][0].get('ErrorMessage')}")

    def send_metrics(self, data: Sequence[report.Datum]) -> None:
        """Puts metric values. Raises CallFailed or Fault."""
        fields = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": NAMESPACE}
        for number, datum in enumerate(data, start=1):
            start = f"MetricData.member.{number}"
            fields |= {f"{start}.{name}": value for name, value in datum.fields().items()}
        self._post("monitoring", {"content-type": FORM}, urllib.parse.urlencode(fields).encode())

    def _call(self, service: str, target: str, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        text = self._post(service, {"content-type": kind, "x-amz-target": target}, json.dumps(asked).encode())
        try:
            return dict(json.loads(text))
        except ValueError as exc:
            raise CallFailed(f"{service} answered no JSON") from exc

    def _post(self, service: str, headers: Mapping[str, str], body: bytes) -> str:
        region = self._settings.region
        url = urllib.parse.urlsplit(self._endpoint or f"https://{service}.{region}.{self._metadata.domain()}")
        request = sign.Request(service, region, url.netloc, headers, body)
        signed = sign.headers(request, self._metadata.credentials(), datetime.now(UTC))
        connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = connect(url.netloc, timeout=PATIENCE_S)
        try:
            connection.request("POST", "/", body, signed)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as exc:
            raise CallFailed(f"{service} did not answer: {exc}") from exc
        finally:
            connection.close()
        if response.status != HTTPStatus.OK:
            raise CallFailed(f"{service} answered {response.status}: {' '.join(text.split())[:300]}")
        return text
