"""Talks with AWS: fetches the configuration and the key, sends events and metrics. The only user of botocore."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session

from gateway.agent import report
from gateway.agent.configuration import Settings
from gateway.agent.fault import Fault

NAMESPACE = "Causeway"
PATIENCE = botocore.config.Config(
    connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}
)
CloudError = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)


@dataclass(frozen=True)
class Published:
    """The item of the link's table, still text."""

    version: str
    document: str


class Cloud:
    """Clients with short patience, made when first needed: each costs time at boot.

    Credentials are the instance role's. Another end point comes from the environment, if at all.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = botocore.session.get_session()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()  # a botocore session makes one client at a time; clients may be shared

    def forget(self) -> None:
        """Drops open connections: after a change of the instance's address they are dead."""
        self._clients = {}

    def _client(self, service: str) -> Any:
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service, region_name=self._settings.region, config=PATIENCE
                )
            return self._clients[service]

    def published(self) -> Published:
        """What the controller published last. Raises Fault when there is nothing or it cannot be read."""
        try:
            answer = self._client("dynamodb").get_item(
                TableName=self._settings.table, Key={"id": {"S": "configuration"}}
            )
        except CloudError as exc:
            raise Fault("ConfigurationUnreadable", f"table {self._settings.table}: {exc}") from exc
        item = answer.get("Item")
        if not item:
            raise Fault("ConfigurationMissing", f"table {self._settings.table} holds no configuration yet")
        return Published(version=item["version"]["S"], document=item["document"]["S"])

    def psk(self, secret: str) -> str:
        """The pre-shared key. Raises Fault."""
        try:
            return str(self._client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        except CloudError as exc:
            raise Fault("PskUnreadable", f"secret {secret}: {exc}") from exc

    def send_event(self, kind: str, detail: str) -> None:
        """Puts one event on the default bus. Raises CloudError or Fault."""
        entry = {"Source": report.SOURCE, "DetailType": kind, "Detail": detail}
        answer = self._client("events").put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise Fault("EventRefused", str(answer["Entries"][0].get("ErrorMessage")))

    def send_metrics(self, data: Sequence[Mapping[str, Any]]) -> None:
        """Puts metric values. Raises CloudError."""
        self._client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=list(data))
