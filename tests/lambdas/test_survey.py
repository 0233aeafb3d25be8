"""Preflight's looks at an in-process AWS, and the dry runs, which change nothing."""

from ipaddress import IPv4Network
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.clouds import apply, aws, dry_run, ec2_batches, survey
from lambdas.handlers import adjust_routes, launch_gateway
from link.facts import Facts
from link.survey import Image, InstanceType, Permission, Quota, Workload
from tests import worlds
from tests.lambdas.conftest import World


class Context:
    """What Powertools reads of Lambda's context."""

    function_name = "f"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    aws_request_id = "r"


def _quotas(monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    """moto has no quotas of EC2."""

    def get(ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
        return {"Quota": {"Value": limits[QuotaCode.replace("-", "_")]}}

    monkeypatch.setattr(survey._quotas(), "get_service_quota", get)


def test_everything_is_seen_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _quotas(monkeypatch, L_1216C47A=32.0, L_0263D0A3=5.0, L_93826ACB=50.0)
    seen = survey.look(world.settings.spec)
    image = world.settings.spec.aws.image or ""
    assert seen.unread == {}
    assert seen.offering_zones == frozenset({"eu-west-1a", "eu-west-1b", "eu-west-1c"})
    assert seen.instance_type == InstanceType(vcpus=2, architectures=("x86_64",))
    assert seen.images == (Image(id=image, architecture="x86_64", state="available"),)
    assert seen.vcpus == Quota(code="L-1216C47A", limit=32, used=0)
    assert seen.ebs_key == "alias/aws/ebs"
    assert seen.elastic_ips == Quota(code="L-0263D0A3", limit=5, used=1)
    assert seen.routes_per_table == 50
    (acl,) = seen.network_acls or ()
    assert world.public_subnet in acl.subnets
    assert {(one.number, one.egress, one.allow, one.protocol) for one in acl.entries} >= {
        (100, False, True, "-1"),
        (100, True, True, "-1"),
    }


def test_a_rule_of_a_network_acl_is_seen_with_its_ports(world: World) -> None:
    ec2 = boto3.client("ec2")
    acl = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [world.settings.spec.aws.vpc]}])
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAcls"][0]["NetworkAclId"],
        RuleNumber=90,
        Protocol="17",
        RuleAction="deny",
        Egress=False,
        CidrBlock="203.0.113.0/24",
        PortRange={"From": 500, "To": 500},
    )
    (seen,) = survey.look(world.settings.spec).network_acls or ()
    (rule,) = (one for one in seen.entries if one.number == 90)
    assert (rule.allow, rule.protocol, rule.from_port, rule.to_port) == (False, "17", 500, 500)
    assert rule.cidr == IPv4Network("203.0.113.0/24")


def test_workloads_are_seen_with_what_their_groups_admit_and_gateways_are_left_out(world: World) -> None:
    vpc, image = world.settings.spec.aws.vpc, world.settings.spec.aws.image or ""
    group = ec2_batches.ec2().create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ec2_batches.ec2().authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8"
    )
    common: Any = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small"}
    ec2_batches.ec2().run_instances(**common, SubnetId=world.public_subnet, SecurityGroupIds=[group])
    interface = ec2_batches.ec2().create_network_interface(SubnetId=world.public_subnet)["NetworkInterface"]
    ec2_batches.ec2().create_tags(
        Resources=[interface["NetworkInterfaceId"]], Tags=[{"Key": "causeway-link", "Value": "prod"}]
    )
    seen = survey.look(world.settings.spec)
    assert seen.workloads == (Workload(subnet=world.public_subnet, groups=(group,)),)
    (web,) = (one for one in seen.security_groups or () if one.id == group)
    assert (web.admits, web.opaque) == ((IPv4Network("10.0.0.0/8"),), False)


def test_running_instances_of_the_same_quota_are_counted_and_spot_ones_are_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quotas(monkeypatch, L_1216C47A=32.0)

    def instance(kind: str, **more: Any) -> dict[str, Any]:
        return {"InstanceType": kind, "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}, **more}

    found = [instance("t3.xlarge"), instance("p3.2xlarge"), instance("m5.xlarge", InstanceLifecycle="spot")]
    monkeypatch.setattr(survey, "_pages", lambda operation, key, **arguments: [{"Instances": found}])
    assert survey._vcpus(world.settings.spec) == Quota(code="L-1216C47A", limit=32, used=4)


@pytest.mark.parametrize(
    ("kind", "quota"),
    [
        ("t3.small", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("g5.xlarge", "L-DB2E81BA"),
        ("hpc7a.12xlarge", "L-F7808C92"),
        ("u-6tb1.metal", "L-43DA4232"),
    ],
)
def test_a_type_counts_against_the_quota_of_its_family(kind: str, quota: str) -> None:
    assert survey.vcpu_quota(kind) == quota


@pytest.mark.parametrize("image", ["ami-0123456789abcdef0", "/nowhere/image"])
def test_an_image_that_does_not_exist_is_none_and_not_unknown(world: World, image: str) -> None:
    spec = world.settings.spec.model_copy(update={"aws": world.settings.spec.aws.model_copy(update={"image": image})})
    seen = survey.look(spec)
    assert (seen.images, "images" in seen.unread) == ((), False)


def test_a_type_that_does_not_exist_is_offered_nowhere(world: World) -> None:
    spec = world.settings.spec.model_copy(
        update={"aws": world.settings.spec.aws.model_copy(update={"instance_type": "t3.nano2"})}
    )
    seen = survey.look(spec)
    assert (seen.offering_zones, seen.instance_type) == (frozenset(), None)


def test_what_may_not_be_read_is_unknown_with_aws_own_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**arguments: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not for you"}}, "GetServiceQuota")

    monkeypatch.setattr(survey._quotas(), "get_service_quota", denied)
    seen = survey.look(world.settings.spec)
    assert seen.vcpus is None and "AccessDenied" in seen.unread["vcpus"] and "not for you" in seen.unread["vcpus"]
    assert seen.network_acls is not None


def test_an_answer_of_a_shape_that_nothing_thought_of_is_unread_and_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A survey only foretells what a walk would meet: it ends none."""
    monkeypatch.setattr(survey, "_pages", lambda *_, **__: [{}])
    seen = survey.look(world.settings.spec)
    assert seen.network_acls is None
    assert seen.unread["network_acls"].startswith("the answer cannot be read: KeyError")


def _trial(world: World) -> dry_run.Trial:
    facts = Facts(aws=aws.look(world.settings), azure=worlds.azure())
    return dry_run.trial(world.settings.spec, facts, None)


def test_the_launch_is_tried_as_it_would_be_made_and_changes_nothing(world: World) -> None:
    before = aws.look(world.settings)
    answer = launch_gateway.handler({"dry_run": _trial(world).model_dump(mode="json")}, Context())
    assert {permission["action"]: permission["allowed"] for permission in answer} == {
        "ec2:AuthorizeSecurityGroupIngress": True,
        "ec2:RevokeSecurityGroupIngress": True,
        "ec2:RunInstances": True,
    }
    assert aws.look(world.settings) == before


@pytest.mark.parametrize(
    ("code", "allowed"), [("DryRunOperation", True), ("UnauthorizedOperation", False), ("X", None)]
)
def test_what_aws_says_to_a_dry_run_is_yes_no_or_unknown(world: World, code: str, allowed: bool | None) -> None:
    trial = _trial(world)
    with Stubber(ec2_batches.ec2()) as stub:  # moto makes the routes of a dry run
        for operation in ("create_route", "replace_route", "delete_route"):
            stub.add_client_error(operation, code, "the words of AWS")
        answer = adjust_routes.handler({"dry_run": trial.model_dump(mode="json")}, Context())
    assert [(one["action"], one["allowed"]) for one in answer] == [
        ("ec2:CreateRoute", allowed),
        ("ec2:ReplaceRoute", allowed),
        ("ec2:DeleteRoute", allowed),
    ]
    assert all("the words of AWS" in one["said"] for one in answer)


def test_a_dry_run_asks_for_the_tags_and_the_role_of_the_launch(world: World) -> None:
    request = apply.launch_request(world.settings, world.public_subnet)
    kinds = [one["ResourceType"] for one in request["TagSpecifications"]]
    assert kinds == ["instance", "volume", "network-interface"]
    assert request["IamInstanceProfile"] == {"Arn": world.settings.instance_profile}


def test_a_launch_names_the_key_that_is_declared_and_no_other(world: World) -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
    side = world.settings.spec.aws.model_copy(update={"kms_key": key})
    declared = world.settings.model_copy(update={"spec": world.settings.spec.model_copy(update={"aws": side})})
    for settings, named in ((world.settings, None), (declared, key)):
        (volume,) = apply.launch_request(settings, world.public_subnet)["BlockDeviceMappings"]
        assert (volume["Ebs"]["Encrypted"], volume["Ebs"].get("KmsKeyId")) == (True, named)


class Answers:
    """Two functions: one that allows everything, one that fails."""

    def __init__(self, error: bool) -> None:
        self.asked: list[str] = []
        self._error = error

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        self.asked.append(FunctionName)
        said = [Permission(action="a", allowed=True, said="yes").model_dump_json()]
        body = '{"errorMessage": "broken"}' if self._error else f"[{said[0]}]"
        return {"Payload": Body(body), **({"FunctionError": "Unhandled"} if self._error else {})}


class Body:
    """A response body."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> bytes:
        return self._text.encode()


def test_the_acting_functions_are_asked_themselves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(error=False)
    monkeypatch.setattr(dry_run, "_lambda", lambda: answers)
    _quotas(monkeypatch, L_1216C47A=32.0)
    seen = survey.look(world.settings.spec, lambda zones: dry_run.ask(world.settings.spec, _trial(world)))
    assert sorted(answers.asked) == ["causeway-prod-AdjustRoutes", "causeway-prod-LaunchGateway"]
    assert [permission.allowed for permission in seen.permissions or ()] == [True, True]
    assert seen.elastic_ips is None


def test_a_function_that_fails_leaves_the_permissions_unknown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "_lambda", lambda: Answers(error=True))
    seen = survey.look(world.settings.spec, lambda zones: dry_run.ask(world.settings.spec, _trial(world)))
    assert seen.permissions is None and "broken" in seen.unread["permissions"]
