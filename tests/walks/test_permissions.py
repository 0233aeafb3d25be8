"""Each role may do what its function was seen to do, and what AWS does on its behalf; nothing more, nothing less.

What is compared are actions. Whether a call is of a resource that the role may touch, the rehearsal's audit judges.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from azure_functions import aws as function_aws
from gateway.agent import cloud, configuration, metadata
from lambdas import azure_looks, costs
from lambdas import watch as looks
from lambdas.clouds import aws, dynamo, registry, table
from lambdas.cost_settings import CostSettings
from lambdas.handlers import answer_for_walk, deploy_link, watch
from link import plan, region, wanted
from link.cost.wanted import CostMail
from link.errors import MailFateUnknown
from link.healing_state import HealingState, Notification
from link.reading import Observation
from link.steps import State
from tests.azure_functions.fakes import FakeCredential
from tests.lambdas.test_walk import Context
from tests.stacks import machines, policies, test_cost_stack, test_watch_stack
from tests.walks import clouds as both
from tests.walks import record as recording
from tests.walks import runner
from tests.walks.clouds import Clouds
from tests.walks.record import Record
from tests.walks.runner import Runner

# What AWS does with a role of ours, so that no call of ours shows it, and the source of that.
EVERY_FUNCTION = {
    "logs:CreateLogStream": "Lambda writes the log with the function's role (Lambda developer guide, Execution role)",
    "logs:PutLogEvents": "the same",
}
IMPLIED: Mapping[str, Mapping[str, str]] = {
    "LaunchGateway": {
        "ec2:CreateTags": "RunInstances with TagSpecifications (EC2 user guide, Grant permission to tag on creation)",
        "iam:PassRole": "RunInstances with an instance profile (Service Authorization Reference, dependent actions)",
    },
    "MailCosts": {
        "ses:SendRawEmail": "SendEmail with a raw message (SES developer guide, Creating a policy with ses: actions)",
    },
    "Walk": {"lambda:InvokeFunction": "its states (Step Functions developer guide, IAM policies for Lambda)"},
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
STATE = "EC2 Instance State-change Notification"
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event"}


@pytest.fixture
def record(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Everything that a link goes through from its launch to its end, written down."""
    made = recording.tap(clouds, monkeypatch)
    monkeypatch.setenv("CAUSEWAY_ALERTS", "arn:aws:sns:eu-west-1:123456789012:CausewayAlerts")
    _launched(clouds)
    _changed(clouds, monkeypatch)
    _watched(clouds)
    _mailed(made)
    _gone(clouds)
    _spoken(made, monkeypatch)
    _called_back(made)
    return made


def _walk(clouds: Clouds, name: str, wanted: str = "up", **after: Callable[[], None]) -> runner.Outcome:
    """Each of its states takes the lock over from a walk that has died."""

    def die() -> None:
        clouds.stepfunctions.running["former"] = LONG_AGO
        dynamo.put("link", "lock", holder="former")

    before = {state.value: die for state in State if state is not State.REPORT}
    return Runner(clouds, name, before=before, after=dict(after)).run(runner.document(wanted))


def _launched(clouds: Clouds) -> None:
    """Two launches that fail, of which one cannot be undone, and one that ends well."""
    _asks_cloudformation("Create")
    assert _walk(clouds, "launch-1", AttachElasticIp=runner.fails).status == "FAILED"
    assert _walk(clouds, "launch-2", Verify=runner.fails, RetireGateway=runner.fails).status == "FAILED"
    assert _walk(clouds, "launch-3", LaunchGateway=clouds.tick, Verify=_wish).status == "SUCCEEDED"


def _changed(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes that fail at their end, by a gateway that stays silent, and by one that says why; one that ends well."""
    runner.change(clouds, monkeypatch, instance_type="t3.medium")
    assert _walk(clouds, "change-1", Verify=_fail_unable_to_forward).status == "FAILED"
    clouds.boots = False
    assert _walk(clouds, "change-2").error == "BootSilent"
    assert _walk(clouds, "change-3", WaitForBoot=_fail_boot).error == "BootFailed"
    clouds.boots = True
    assert _walk(clouds, "change-4").status == "SUCCEEDED"


def _watched(clouds: Clouds) -> None:
    """A link that is well again, a pause and its end, and a gateway that has died while a dead walk had the lock."""
    alerted = Notification(reason="TunnelDown", subject="", at=LONG_AGO, absent_since=LONG_AGO)
    table.keep_healing("link", HealingState(since={Observation.DOWN: LONG_AGO}, notified=(alerted,)))
    watch.handler(SCHEDULE, Context())
    for asked in ({"minutes": 5}, {"resume": True}):
        watch.handler({"link": "prod", **asked}, Context())
    for gateway in aws.gateways(clouds.settings):
        boto3.client("ec2").terminate_instances(InstanceIds=[gateway.id])
        _ends_unbooted(clouds, gateway.id)
    clouds.stepfunctions.running["former"] = LONG_AGO
    dynamo.put("link", "lock", holder="former")
    watch.handler(SCHEDULE, Context())
    ((_, _), (name, _)) = clouds.stepfunctions.started  # the deployment's and this one
    clouds.stepfunctions.running[name] = LONG_AGO
    assert _walk(clouds, "heal-1").status == "SUCCEEDED"  # which asks nothing of the Function
    dynamo.put("link", "lock", holder="former")


def _ends_unbooted(clouds: Clouds, instance: str) -> None:
    """EC2 reports the end of an instance whose boot a walk waits for."""
    clouds.stepfunctions.running["waits"] = "RUNNING"
    dynamo.put("link", "lock", holder="waits")
    dynamo.put("link", table.boot_id(instance), task_token="token")
    watch.handler({"source": "aws.ec2", "detail-type": STATE, "detail": {"instance-id": instance}}, Context())
    assert clouds.stepfunctions.answers["token"][0] == "InstanceGone"


def _mailed(record: Record) -> None:
    """A look that keeps Azure's counters too; mails that are sent and owed, and one whose fate nobody knows."""
    here = azure_looks.Asked("Scheduled Event", datetime.now(UTC), "topic", counts=True)
    with record.of("Watch"):
        looks.look_at(registry.links(), here)
    declared = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}
    mail = CostMail.model_validate(declared)
    settings = CostSettings(mail=mail, regions=("eu-west-1",), alerts="topic", azure_prices="http://127.0.0.1:9")
    record.clouds.stepfunctions.running["one"] = recording.NOW
    with record.of("MailCosts"):
        costs.so_far(settings, "one", recording.NOW)
        costs.tick(settings, "two", recording.NOW)
        record.mail_fails = True
        with pytest.raises(MailFateUnknown):
            costs.so_far(settings, "three", recording.NOW)


def _gone(clouds: Clouds) -> None:
    _asks_cloudformation("Delete")
    assert _walk(clouds, "down-1", "down").status == "SUCCEEDED"
    answer_for_walk.handler({"detail": {"status": "ABORTED", "input": json.dumps(runner.document())}}, Context())


def _asks_cloudformation(kind: str) -> None:
    fields = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")
    deploy_link.handler({"RequestType": kind, **dict.fromkeys(fields, "Link")}, Context())


def _wish() -> None:
    table.ask_look("link")


def _fail_unable_to_forward() -> None:
    """Somebody has broken the gateway that the link is given back to."""
    for interface in both.client("ec2").describe_network_interfaces()["NetworkInterfaces"]:
        boto3.client("ec2").modify_network_interface_attribute(
            NetworkInterfaceId=interface["NetworkInterfaceId"], SourceDestCheck={"Value": True}
        )
    runner.fails()


def _fail_boot() -> None:
    reservations = both.client("ec2").describe_instances()["Reservations"]
    instances = [one for found in reservations for one in found["Instances"]]
    (newest,) = [one["InstanceId"] for one in instances if one["InstanceType"] == "t3.medium" and _lives(one)]
    both.hear("GatewayBootFailed", instance=newest, reason="NoDisk", message="it is full")


def _lives(instance: Mapping[str, Any]) -> bool:
    return bool(instance["State"]["Name"] == "running")


def _spoken(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the gateway's agent can ask of AWS. It has no SDK: its requests are read here."""

    def post(_: object, service: str, headers: Mapping[str, str], body: bytes) -> str:
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or parse_qs(body.decode())["Action"][0]
        record.note(service, operation)
        return json.dumps({"Item": {"version": {"S": ""}, "document": {"S": ""}}, "SecretString": "key"})

    monkeypatch.setattr(cloud.Cloud, "_post", post)
    line = cloud.Cloud(configuration.Settings("prod", "eu-west-1", "link"), metadata.Metadata())
    with record.of("gateway"):
        line.published()
        line.psk("psk")
        line.send_event("GatewayBooted", "{}")
        line.send_metrics([])


def _called_back(record: Record) -> None:
    """All that the Azure Function can ask of AWS, as the link's role."""
    here = record.clouds.settings
    secret = boto3.client("secretsmanager").create_secret(Name="psk", SecretString="key")["ARN"]
    ref = plan.azure_ref(here.spec, here.deployed).model_copy(update={"psk_secret": secret})
    work, line = (
        wanted.AzureWork(ref=ref, wanted=None, task_token="token"),
        function_aws.Aws(FakeCredential(), "api://tenant/causeway"),
    )
    with record.of("azure"):
        line.read_psk(ref)
        line.heartbeat(work)
        line.succeed(work, "null")
        line.fail(work, "why")


def _roles() -> dict[str, list[policies.Statement]]:
    """By the name of the function."""
    templates = (machines.template(), test_watch_stack.template(), test_cost_stack.template())
    found = {name: role for one in templates for name, role in policies.of(one.to_json()).items()}
    alone = {region.stack("eu-west-1"): "Watch", region.costs("eu-west-1"): "MailCosts"}
    return {alone.get(name, name.removeprefix("causeway-prod-")): role for name, role in found.items()}


def test_each_role_may_do_what_its_function_was_seen_to_do_and_nothing_else(record: Record) -> None:
    """Both ways at once: what would be denied, and what nobody needs."""
    wrong = []
    for name, statements in _roles().items():
        implied = {**IMPLIED.get(name, {}), **(EVERY_FUNCTION if name in recording.HANDLERS else {})}
        done, allowed = record.actions.get(name, set()) | set(implied), policies.actions(statements)
        wrong += [f"{name} lacks {action}" for action in done - allowed]
        wrong += [f"{name} never uses {action}" for action in allowed - done]
        wrong += [f"{name} was seen to use {action}" for action in implied if action in record.actions.get(name, set())]
    assert sorted(wrong) == []
