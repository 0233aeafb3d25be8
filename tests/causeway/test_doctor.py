"""`doctor` names what is missing with its remedy, takes nothing unseen for ok, and changes nothing."""

import io
import json
import re
import urllib.error
from collections.abc import Callable
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from causeway import account, doctor
from causeway.rows import Row, Status
from lambdas.clouds import aws, ses
from link.errors import FunctionUnreachable
from link.spec import LinkSpec
from tests import worlds
from tests.causeway.conftest import ISSUER, ME, Answered, Command, Says, Stack, Tokens, register
from tests.lambdas.conftest import World
from tests.stacks import machines

POLICY = Path(__file__).resolve().parents[2] / "docs" / "real-deployment.md"
Examine = Callable[..., dict[str, list[Row]]]


@pytest.fixture
def ready(world: World, stack: Stack, azure_says: Says) -> World:
    """An account that has all that a first deployment needs."""
    boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="27", Type="String")
    return world


@pytest.fixture
def examine(tmp_path: Path) -> Examine:
    """Doctor's rows by the name of the check."""

    def rows(*links: LinkSpec, **context: Any) -> dict[str, list[Row]]:
        declared = [json.loads(link.model_dump_json(exclude_none=True)) for link in links]
        path = tmp_path / "cdk.json"
        path.write_text(json.dumps({"context": {"links": declared, **context}}))
        found: dict[str, list[Row]] = {}
        for section in doctor.examine(path):
            for row in section.rows:
                found.setdefault(row.check.removeprefix(f"{tmp_path}/"), []).append(row)
        return found

    return rows


def _one(rows: dict[str, list[Row]], check: str) -> tuple[Status, str, str]:
    (row,) = rows[check]
    return row.status, row.found, row.remedy


def test_an_account_that_is_ready_has_no_refused_row(ready: World, command: Command) -> None:
    status, text = command("doctor", ready.settings.spec)
    assert (status, "refused" in text) == (0, False)


def test_every_check_of_preflight_is_a_row(ready: World, examine: Examine) -> None:
    rows = examine(ready.settings.spec)
    for title in ("address ranges of both sides", "image", "routes to Azure", "Azure VPN gateway", "Elastic IP quota"):
        assert title in rows


def test_a_finding_of_preflight_is_split_into_what_was_found_and_its_remedy(
    ready: World, azure_says: Says, examine: Examine
) -> None:
    azure_says(worlds.azure(gateway=worlds.vpn_gateway(sku="Basic")))
    assert _one(examine(ready.settings.spec), "Azure VPN gateway") == (
        Status.REFUSED,
        "GatewaySkuBasic: vpn-gateway has SKU Basic, which has no custom IPsec policy",
        "use VpnGw1AZ",
    )


def test_every_fault_of_the_declaration_is_a_row_and_what_needs_no_link_is_still_looked_at(
    ready: World, examine: Examine
) -> None:
    rows = examine(links=[{**worlds.declared(), "colour": "blue", "name": "Prod"}])
    assert [(row.status, row.found.partition(":")[0]) for row in rows["cdk.json"]] == [
        (Status.REFUSED, "links.0.name"),
        (Status.REFUSED, "links.0.colour"),
    ]
    assert _one(rows, "AWS credentials")[0] is Status.OK


def test_without_credentials_one_row_says_so_and_what_needs_none_is_still_looked_at(
    ready: World, examine: Examine, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    rows = examine(ready.settings.spec)
    assert set(rows) == {"cdk.json", "CDK command line", "Lambda asset", "AWS credentials"}
    assert _one(rows, "AWS credentials")[:2] == (Status.REFUSED, "asking who you are: Unable to locate credentials")
    assert command("doctor", ready.settings.spec)[0] == 1


def test_a_profile_that_is_not_there_is_a_refused_row(
    ready: World, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert _one(examine(ready.settings.spec), "AWS credentials")[0] is Status.REFUSED


@pytest.mark.parametrize(("version", "found"), [(None, "never done"), ("5", "version 5, at least 6 is needed")])
def test_a_region_that_is_not_bootstrapped_or_long_ago_is_refused(
    ready: World, examine: Examine, version: str | None, found: str
) -> None:
    ssm = boto3.client("ssm")
    ssm.delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    if version:
        ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value=version, Type="String")
    row = _one(examine(ready.settings.spec), "CDK bootstrap, eu-west-1")
    assert row == (Status.REFUSED, found, "run: AWS_REGION=eu-west-1 make cdk-bootstrap")


def test_the_version_of_the_bootstrap_is_the_one_that_the_library_asks_for() -> None:
    (assertion,) = machines.template().to_json()["Rules"]["CheckBootstrapVersion"]["Assertions"]
    too_old = assertion["Assert"]["Fn::Not"][0]["Fn::Contains"][0]
    assert max(map(int, too_old)) + 1 == account.BOOTSTRAP_VERSION


def test_a_region_that_is_not_enabled_or_does_not_exist_is_refused(ready: World, examine: Examine) -> None:
    spec = ready.settings.spec
    rows = examine(*(_in_region(spec, name, region) for name, region in (("a", "me-south-1"), ("b", "eu-nowhere-1"))))
    assert _one(rows, "region me-south-1")[:2] == (Status.REFUSED, "not enabled for this account")
    assert _one(rows, "region eu-nowhere-1") == (
        Status.REFUSED,
        "there is no such region",
        "correct aws.region in cdk.json",
    )


def _in_region(spec: LinkSpec, name: str, region: str) -> LinkSpec:
    return spec.model_copy(update={"name": name, "aws": spec.aws.model_copy(update={"region": region})})


def _unauthorized() -> urllib.error.HTTPError:
    body = io.BytesIO(b'{"error": "unauthorized"}')
    return urllib.error.HTTPError("https://causeway.azurewebsites.net", 401, "", Message(), body)


def test_who_may_not_look_is_told_the_arn_to_let_in(ready: World, azure_says: Says, examine: Examine) -> None:
    azure_says(_unauthorized())
    rows = examine(ready.settings.spec)
    status, found, remedy = _one(rows, "Azure Function")
    assert (status, found) == (Status.REFUSED, "https://causeway.azurewebsites.net/ answered 401: unauthorized")
    assert remedy.startswith(f"it does not let {ME} look: azd env set CALLERS_READERS with this ARN")
    assert _one(rows, "Azure side")[0] is Status.UNKNOWN


def test_a_function_that_is_not_there_is_told_from_one_that_knows_nobody(
    ready: World, azure_says: Says, examine: Examine
) -> None:
    azure_says(OSError("timed out"))
    found = _one(examine(ready.settings.spec), "Azure Function")
    assert found[1] == "https://causeway.azurewebsites.net/ did not answer: timed out"
    assert found[2].startswith("correct azure.function_url")


def test_an_account_that_issues_no_tokens_is_refused_with_what_enables_them(
    ready: World, tokens: Tokens, examine: Examine
) -> None:
    assert _one(examine(ready.settings.spec), "web identity tokens") == (Status.OK, f"issuer {ISSUER}", "")
    tokens.enabled = False
    rows = examine(ready.settings.spec)
    for check in ("web identity tokens", "Azure Function"):
        status, found, remedy = _one(rows, check)
        assert (status, found.partition(":")[0]) == (Status.REFUSED, "TokensDisabled")
        assert remedy == "enable them once: aws iam enable-outbound-web-identity-federation"


def test_credentials_that_may_ask_for_no_token_are_told_so(ready: World, tokens: Tokens, examine: Examine) -> None:
    tokens.refuses = "AccessDenied"
    _, found, remedy = _one(examine(ready.settings.spec), "Azure Function")
    assert "asking for a web identity token" in found
    assert remedy.startswith("allow it to your credentials")


def test_without_a_word_of_azure_what_depends_on_it_is_not_taken_for_ok(
    ready: World, azure_says: Says, examine: Examine
) -> None:
    azure_says(FunctionUnreachable("no answer"))
    rows = examine(ready.settings.spec)
    assert _one(rows, "public subnet for the gateway")[0] is Status.OK
    for title in ("routes to Azure", "network ACL of the gateway's subnet", "workload security groups"):
        assert title not in rows


@pytest.mark.parametrize(
    ("status", "verdict", "remedy"),
    [
        ("UPDATE_ROLLBACK_FAILED", Status.REFUSED, "continue-update-rollback --stack-name causeway-prod"),
        ("DELETE_FAILED", Status.REFUSED, "make destroy"),
        ("ROLLBACK_FAILED", Status.REFUSED, "make destroy"),
        ("UPDATE_IN_PROGRESS", Status.WARNING, "wait until it has ended"),
        ("UPDATE_COMPLETE", Status.OK, ""),
    ],
)
def test_a_stack_that_is_stuck_is_refused_with_what_frees_it(
    ready: World, stack: Stack, examine: Examine, status: str, verdict: Status, remedy: str
) -> None:
    stack.status = status
    found = _one(examine(ready.settings.spec), "stack")
    assert found[:2] == (verdict, f"causeway-prod: {status}")
    assert found[2].endswith(remedy)


def test_a_vpc_that_is_not_there_is_refused_and_what_does_not_need_it_is_still_looked_at(
    ready: World, examine: Examine
) -> None:
    rows = examine(worlds.spec(**{"aws.vpc": "vpc-00000000000000000"}))
    assert _one(rows, "VPC")[:2] == (Status.REFUSED, "vpc-00000000000000000 is not in eu-west-1 of this account")
    assert _one(rows, "Azure Function")[0] is Status.OK


def test_an_identity_provider_that_our_stack_has_not_made_is_to_be_adopted(
    ready: World, stack: Stack, examine: Examine
) -> None:
    spec, name = ready.settings.spec, f"CausewayTenant-{worlds.GUID}"
    assert _provider(examine, spec) == (Status.OK, f"none yet; the stack {name} makes it", "")
    arn = f"arn:aws:iam::123456789012:oidc-provider/sts.windows.net/{worlds.GUID}/"
    adopting = spec.model_copy(update={"azure": spec.azure.model_copy(update={"identity_provider": arn})})
    assert _provider(examine, adopting)[:2] == (Status.REFUSED, f"{arn} does not exist")
    url = f"https://sts.windows.net/{worlds.GUID}/"
    made = boto3.client("iam").create_open_id_connect_provider(Url=url, ThumbprintList=[])["OpenIDConnectProviderArn"]
    assert made == arn
    refused = (Status.REFUSED, f"{arn} exists already", "adopt by ARN: set azure.identity_provider to it")
    assert _provider(examine, spec) == refused
    assert _provider(examine, adopting) == (Status.OK, f"exists: {arn}", "")
    stack.tenants = "ROLLBACK_COMPLETE"
    assert _provider(examine, spec) == refused
    stack.tenants = "CREATE_COMPLETE"
    assert _provider(examine, spec) == (Status.OK, f"exists, made by the stack {name}", "")


def _provider(examine: Examine, spec: LinkSpec) -> tuple[Status, str, str]:
    return _one(examine(spec), "IAM OIDC provider")


def test_what_aws_does_not_let_us_see_is_unknown_and_never_ok(
    ready: World, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
    register(monkeypatch, "before-call.iam.ListOpenIDConnectProviders", lambda **_: (Answered(403), denied))
    status, found, remedy = _one(examine(ready.settings.spec), "IAM OIDC provider")
    assert status is Status.UNKNOWN
    assert "not authorized" in found
    assert remedy.startswith("allow it to your credentials")


def test_links_that_share_a_vpc_and_a_prefix_are_refused(ready: World, examine: Examine) -> None:
    one = ready.settings.spec
    rows = examine(one, one.model_copy(update={"name": "second"}))
    assert _one(rows, "links beside each other")[:2] == (
        Status.REFUSED,
        f"PrefixShared: prod and second both route 10.0.0.0/16 from {one.aws.vpc}",
    )


def test_doctor_calls_what_the_documented_policy_allows_and_nothing_that_writes(
    ready: World, command: Command, deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = set()

    def record(model: Any, **_: object) -> None:
        called.add(f"{model.service_model.signing_name}:{model.name}")

    register(monkeypatch, "provide-client-params", record)
    register(monkeypatch, "before-call.sesv2.GetAccount", lambda **_: (Answered(200), {}))  # moto has none
    ses.client.cache_clear()
    before = aws.look(ready.settings)
    command("doctor", ready.settings.spec, cost_mail=MAIL)
    command("plan", ready.settings.spec)
    command("plan", ready.settings.spec, more=("--down",))
    assert aws.look(ready.settings) == before
    section = POLICY.read_text().split("## What `make doctor` and `make plan` need\n")[1].split("\n## ")[0]
    (policy,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    allowed = {action for one in json.loads(policy)["Statement"] for action in one["Action"]}
    assert called == allowed
    assert all(re.match(r"\w+:(Describe|Get|List|BatchGet)", action) for action in allowed)


MAIL = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}


class Ses:
    """SES that knows nobody, of an account in the sandbox; moto has no GetAccount."""

    def get_email_identity(self, EmailIdentity: str) -> None:
        raise ClientError({"Error": {"Code": "NotFoundException", "Message": EmailIdentity}}, "GetEmailIdentity")

    def get_account(self) -> dict[str, bool]:
        return {"ProductionAccessEnabled": False, "SendingEnabled": True}


def test_a_sender_that_ses_does_not_know_and_a_sandbox_are_warnings_by_name(
    ready: World, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ses, "client", cache(Ses))
    found = examine(ready.settings.spec, cost_mail=MAIL)["mail from causeway@example.com"]
    assert {row.found.partition(":")[0]: row.status for row in found} == {
        "SenderUnverified": Status.WARNING,
        "SesSandbox": Status.WARNING,
    }
    assert all(row.remedy for row in found)


def test_without_a_mail_nobody_asks_about_ses(ready: World, examine: Examine) -> None:
    assert not any(check.startswith("mail from") for check in examine(ready.settings.spec))
