"""The AWS edge: real boto3 against an end point that answers as STS, Step Functions and Secrets Manager do."""

import json
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from azure_functions import aws
from link import aws_errors, errors
from rehearsal.json_server import Answer, Request, Server
from tests.azure_functions import fakes

STS_ANSWER = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
<Expiration>{expires}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
STS_REFUSAL = "<ErrorResponse><Error><Code>{code}</Code><Message>not this role</Message></Error></ErrorResponse>"
IDENTITYS_TOKEN = "token for api://tenant/causeway/.default"


class EndPoint:
    """Answers with `status` and `body`, and gives each role an access key of the role's name.

    `asked` has each call's name, its body, the region, and the access key that signed it; `taken` each role's ARN.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str, str]] = []
        self.taken: list[str] = []
        self.status, self.body = 200, dict[str, str]()
        self.lifetime = timedelta(hours=1)
        self.refuses: str | None = None

    def answer(self, request: Request) -> Answer:
        if "X-Amz-Target" not in request.headers:
            assert "Authorization" not in request.headers
            return self._assume_role(dict(urllib.parse.parse_qsl(request.body.decode())))
        credential = request.headers["Authorization"].partition("Credential=")[2].split("/")
        target = request.headers["X-Amz-Target"].rpartition(".")[2]
        self.asked.append((target, json.loads(request.body), credential[2], credential[0]))
        return Answer(self.status, self.body, {"Content-Type": "application/x-amz-json-1.0"})

    def _assume_role(self, asked: dict[str, str]) -> Answer:
        assert (asked["Action"], asked["WebIdentityToken"]) == ("AssumeRoleWithWebIdentity", IDENTITYS_TOKEN)
        assert asked["RoleSessionName"] == asked["RoleArn"].split("-")[1]
        self.taken.append(asked["RoleArn"])
        if self.refuses:
            return Answer(403, STS_REFUSAL.format(code=self.refuses).encode(), {"Content-Type": "text/xml"})
        expires = (datetime.now(UTC) + self.lifetime).isoformat()
        key = asked["RoleArn"].rpartition("/")[2]
        return Answer(200, STS_ANSWER.format(key=key, expires=expires).encode(), {"Content-Type": "text/xml"})


@pytest.fixture
def end_point(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndPoint]:
    found = EndPoint()
    server = Server(0, found.answer)
    server.run()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_port}/none",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "CONFIG", aws.CONFIG.merge(type(aws.CONFIG)(retries={"total_max_attempts": 1})))
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def identity() -> fakes.FakeCredential:
    return fakes.FakeCredential()


@pytest.fixture
def edge(end_point: EndPoint, identity: fakes.FakeCredential) -> Iterator[aws.Aws]:
    """Where AWS's credentials are looked for, none are given."""
    found = aws.Aws(identity, "api://tenant/causeway")
    yield found
    found.close()


TELLS: list[Callable[[aws.Aws], bool]] = [
    lambda edge: edge.heartbeat(fakes.WORK),
    lambda edge: edge.succeed(fakes.WORK, "{}"),
    lambda edge: edge.fail(fakes.WORK, "ForeignConnection: it is not ours"),
]


ROLE = "arn:aws:iam::000000000000:role/causeway-prod-azure"


def test_the_key_is_read_in_the_region_of_its_secret_as_the_links_role(end_point: EndPoint, edge: aws.Aws) -> None:
    end_point.body = {"SecretString": fakes.PSK}
    arn = fakes.REF.psk_secret.replace("eu-west-1", "eu-central-1")
    assert edge.read_psk(fakes.REF.model_copy(update={"psk_secret": arn})) == fakes.PSK
    assert end_point.asked == [("GetSecretValue", {"SecretId": arn}, "eu-central-1", "causeway-prod-azure")]
    assert end_point.taken == [ROLE]


def test_a_failure_names_the_error_that_the_state_machine_catches(end_point: EndPoint, edge: aws.Aws) -> None:
    assert edge.fail(fakes.WORK, "ForeignConnection: it is not ours") is True
    wanted = {"taskToken": fakes.TOKEN, "error": "AzureFailed", "cause": "ForeignConnection: it is not ours"}
    assert end_point.asked == [("SendTaskFailure", wanted, "eu-west-1", "causeway-prod-azure")]


def test_a_link_that_names_anothers_secret_asks_for_it_as_itself(end_point: EndPoint, edge: aws.Aws) -> None:
    end_point.body = {"SecretString": fakes.PSK}
    edge.read_psk(fakes.REF)  # prod's clients are there by now
    edge.read_psk(fakes.REF.model_copy(update={"link": "other"}))
    assert [key for *_, key in end_point.asked] == ["causeway-prod-azure", "causeway-other-azure"]


@pytest.mark.parametrize(("lifetime", "taken"), [(timedelta(hours=1), 1), (timedelta(minutes=4), 3)])
def test_a_role_is_taken_again_only_when_its_credentials_are_about_to_expire(
    end_point: EndPoint, edge: aws.Aws, lifetime: timedelta, taken: int
) -> None:
    end_point.lifetime = lifetime
    for _ in range(3):
        edge.heartbeat(fakes.WORK)
    assert len(end_point.taken) == taken


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("AccessDenied", errors.CloudBusy),
        ("InvalidIdentityToken", errors.CloudBusy),
        ("IDPCommunicationError", errors.CloudBusy),
        ("ExpiredTokenException", errors.CloudBusy),
        ("IDPRejectedClaim", errors.CloudRefused),
        ("RegionDisabledException", errors.CloudRefused),
    ],
)
def test_a_role_that_cannot_be_taken_yet_is_tried_again(
    end_point: EndPoint, edge: aws.Aws, code: str, raised: type[Exception]
) -> None:
    end_point.refuses = code
    with pytest.raises(raised, match=f"take the role {ROLE}: {code}: not this role") as caught:
        edge.heartbeat(fakes.WORK)
    assert not end_point.asked and IDENTITYS_TOKEN not in str(caught.value)
    end_point.refuses = None
    assert edge.heartbeat(fakes.WORK)


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        (ServiceRequestError("no answer"), errors.CloudBusy),
        (CredentialUnavailableError("no identity"), errors.CloudRefused),
        (ClientAuthenticationError("AADSTS500011: no such application"), errors.CloudRefused),
    ],
)
def test_without_a_token_of_the_identity_no_role_is_asked_for(
    end_point: EndPoint, edge: aws.Aws, identity: fakes.FakeCredential, said: Exception, raised: type[Exception]
) -> None:
    identity.raises = said
    with pytest.raises(raised, match=f"ask for the identity's token: {said}"):
        edge.heartbeat(fakes.WORK)
    assert not end_point.taken


@pytest.mark.parametrize("tell", TELLS)
@pytest.mark.parametrize("code", sorted(aws_errors.TASK_OVER))
def test_a_task_that_is_over_is_no_error(
    end_point: EndPoint, edge: aws.Aws, tell: Callable[[aws.Aws], bool], code: str
) -> None:
    end_point.status, end_point.body = 400, {"__type": code, "message": "over"}
    assert tell(edge) is False


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [
        (400, "ThrottlingException", errors.CloudBusy),
        (500, "InternalFailure", errors.CloudBusy),
        (400, "AccessDeniedException", errors.CloudRefused),
    ],
)
@pytest.mark.parametrize("tell", TELLS)
def test_other_answers_become_our_errors_without_the_token(
    end_point: EndPoint, edge: aws.Aws, tell: Callable[[aws.Aws], bool], status: int, code: str, raised: type[Exception]
) -> None:
    end_point.status, end_point.body = status, {"__type": code, "message": "as AWS says"}
    with pytest.raises(raised, match=f"{code}: as AWS says") as caught:
        tell(edge)
    assert fakes.TOKEN not in str(caught.value)
