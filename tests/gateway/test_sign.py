"""Our signature is botocore's, byte for byte."""

from datetime import UTC, datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from gateway.agent import sign

CREDENTIALS = sign.Credentials(
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "to/ken==", datetime(2026, 11, 23, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("service", "body"), [("dynamodb", b'{"TableName": "t"}'), ("monitoring", "Name=\u00fc".encode()), ("events", b"")]
)
def test_the_signature_is_botocores(service: str, body: bytes) -> None:
    host = f"{service}.eu-west-1.amazonaws.com"
    extra = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "A.B"}
    theirs = botocore.awsrequest.AWSRequest("POST", f"https://{host}/", headers=extra, data=body)
    kept = botocore.credentials.Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key, CREDENTIALS.token)
    botocore.auth.SigV4Auth(kept, service, "eu-west-1").add_auth(theirs)

    then = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = sign.headers(sign.Request(service, "eu-west-1", host, extra, body), CREDENTIALS, then)
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_credentials_do_not_show_their_secret() -> None:
    assert "wJalr" not in repr(CREDENTIALS)
    assert "to/ken" not in repr(CREDENTIALS)
