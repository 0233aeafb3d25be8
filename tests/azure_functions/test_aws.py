"""The AWS edge: real boto3 against an end point that answers as Step Functions and Secrets Manager do."""

import json
from collections.abc import Callable, Iterator

import pytest

from azure_functions import aws
from link import errors
from rehearsal.json_server import Answer, Request, Server
from tests.azure_functions import fakes


class EndPoint:
    """Remembers what was asked; answers with `status` and `body`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.status, self.body = 200, dict[str, str]()

    def answer(self, request: Request) -> Answer:
        target = request.headers["X-Amz-Target"].rpartition(".")[2]
        region = request.headers["Authorization"].split("/")[2]
        self.asked.append((target, json.loads(request.body), region))
        return Answer(self.status, self.body, {"Content-Type": "application/x-amz-json-1.0"})


@pytest.fixture
def end_point(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndPoint]:
    found = EndPoint()
    server = Server(0, found.answer)
    server.run()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "CONFIG", aws.CONFIG.merge(type(aws.CONFIG)(retries={"total_max_attempts": 1})))
    aws.secrets_manager.cache_clear()
    aws.step_functions.cache_clear()
    yield found
    for client in (aws.secrets_manager("eu-central-1"), aws.step_functions("eu-west-1")):
        client.close()
    server.shutdown()
    server.server_close()


TELLS: list[Callable[[aws.Aws], bool]] = [
    lambda edge: edge.heartbeat(fakes.WORK),
    lambda edge: edge.succeed(fakes.WORK, "{}"),
    lambda edge: edge.fail(fakes.WORK, "ForeignConnection: it is not ours"),
]


def test_the_key_is_read_in_the_region_of_its_secret(end_point: EndPoint) -> None:
    end_point.body = {"SecretString": fakes.PSK}
    arn = fakes.REF.psk_secret.replace("eu-west-1", "eu-central-1")
    assert aws.Aws().read_psk(arn) == fakes.PSK
    assert end_point.asked == [("GetSecretValue", {"SecretId": arn}, "eu-central-1")]


def test_a_failure_names_the_error_that_the_state_machine_catches(end_point: EndPoint) -> None:
    assert aws.Aws().fail(fakes.WORK, "ForeignConnection: it is not ours") is True
    wanted = {"taskToken": fakes.TOKEN, "error": "AzureFailed", "cause": "ForeignConnection: it is not ours"}
    assert end_point.asked == [("SendTaskFailure", wanted, "eu-west-1")]


@pytest.mark.parametrize("tell", TELLS)
@pytest.mark.parametrize("code", sorted(aws.FINAL))
def test_a_task_that_is_over_is_no_error(end_point: EndPoint, tell: Callable[[aws.Aws], bool], code: str) -> None:
    end_point.status, end_point.body = 400, {"__type": code, "message": "over"}
    assert tell(aws.Aws()) is False


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
    end_point: EndPoint, tell: Callable[[aws.Aws], bool], status: int, code: str, raised: type[Exception]
) -> None:
    end_point.status, end_point.body = status, {"__type": code, "message": "as AWS says"}
    with pytest.raises(raised, match=f"{code}: as AWS says") as caught:
        tell(aws.Aws())
    assert fakes.TOKEN not in str(caught.value)
