"""The agent's four calls, answered by moto's server: our own requests are read by somebody else's code."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import moto
import pytest
import requests

from gateway.agent import cloud, configuration, metadata, report, sign
from gateway.agent.fault import Fault
from tests.gateway import documents

SETTINGS = configuration.Settings("main", "eu-west-1", "link-table")


HOSTS = "https://%s.eu-west-1.amazonaws.com"


class Role(metadata.Metadata):
    """Metadata of an instance with a role."""

    def credentials(self) -> sign.Credentials:
        return sign.Credentials("AKIDEXAMPLE", "secret", "token", datetime.now(UTC) + timedelta(hours=1))

    def domain(self) -> str:
        return "amazonaws.com"


class Door(http.server.BaseHTTPRequestHandler):
    """Hands what arrives to moto, which answers the `requests` library's calls to AWS's host names."""

    def do_POST(self) -> None:
        service = self.headers["authorization"].split("/")[3]
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name: value for name, value in self.headers.items() if name != "host"}
        answer = requests.post(HOSTS % service, body, headers=headers, timeout=9)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[cloud.Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws(), http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield cloud.Cloud(SETTINGS, Role())
        server.shutdown()


def client(service: Any) -> Any:
    """An independent client of the same moto, which knows no other end point."""
    return boto3.client(service, region_name=SETTINGS.region, endpoint_url=HOSTS % service)


def test_it_reads_what_the_controller_published(line: cloud.Cloud) -> None:
    dynamodb = client("dynamodb")
    with pytest.raises(Fault, match="ConfigurationUnreadable: table link-table: dynamodb answered 400"):
        line.published()
    dynamodb.create_table(
        TableName=SETTINGS.table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(Fault, match="ConfigurationMissing"):
        line.published()
    text = documents.document().model_dump_json()
    dynamodb.put_item(
        TableName=SETTINGS.table, Item={"id": {"S": "configuration"}, "version": {"S": "v1"}, "document": {"S": text}}
    )
    published = line.published()
    assert configuration.parse(published.version, published.document) == documents.parsed()


def test_it_reads_the_key(line: cloud.Cloud) -> None:
    with pytest.raises(Fault, match="PskUnreadable"):
        line.psk("psk")
    client("secretsmanager").create_secret(Name="psk", SecretString="abc123")
    assert line.psk("psk") == "abc123"


def test_it_sends_events_and_hears_when_one_is_refused(line: cloud.Cloud) -> None:
    line.send_event(report.BOOTED, json.dumps({"link": "main"}))
    with pytest.raises(cloud.CallFailed, match="event refused"):
        line.send_event(report.BOOTED, "no JSON")


def test_it_sends_metrics(line: cloud.Cloud) -> None:
    now = datetime.now(UTC)
    line.send_metrics([report.Datum("main", "OuterBytesIn", 1500.0, "Bytes", now)])
    found = boto3.client(
        "cloudwatch", region_name=SETTINGS.region, endpoint_url=HOSTS % "monitoring"
    ).get_metric_statistics(
        Namespace=cloud.NAMESPACE,
        MetricName="OuterBytesIn",
        Dimensions=[{"Name": "Link", "Value": "main"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )
    assert [(point["Sum"], point["Unit"]) for point in found["Datapoints"]] == [(1500.0, "Bytes")]


def test_an_aws_that_does_not_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Fault, match=r"ConfigurationUnreadable.*dynamodb did not answer"):
        cloud.Cloud(SETTINGS, Role()).published()
