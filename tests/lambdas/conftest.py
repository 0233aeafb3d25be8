"""A customer's VPC in an in-process AWS, with what the stack would have declared, and no way out to a real one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.responses import ActionResult
from moto.ec2.models import amis
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from lambdas import settings as settings_module
from lambdas.clouds import dynamo, ec2_batches, function
from lambdas.settings import Settings
from link import region
from tests import refusing_aws, worlds


@dataclass(frozen=True)
class World:
    """The ids that a test needs."""

    settings: Settings
    private_table: str
    public_subnet: str


@pytest.fixture(autouse=True)
def no_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, and no settings of the machine's owner."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def refusing() -> Iterator[refusing_aws.Refusing]:
    """AWS's limits hold, and a test may order more refusals."""
    with refusing_aws.installed() as made:
        yield made


class Issuer:
    """STS, as far as it gives tokens. `refuses` is AWS's word for why it gives none."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.refuses: str | None = None

    def get_web_identity_token(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "as AWS says"}}, "GetWebIdentityToken")
        return {"WebIdentityToken": f"token-{len(self.asked)}"}


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """moto issues no tokens."""
    made = Issuer()
    monkeypatch.setattr(function, "_sts", lambda: made)
    function._token.cache_clear()
    yield made
    function._token.cache_clear()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world before a walk."""
    monkeypatch.setattr(ElasticBlockStore, "get_ebs_default_kms_key_id", _default_key, raising=False)  # moto has none
    with mock_aws():
        _forget()
        made = _make()
        for name, value in made.settings.model_dump(mode="json", exclude={"spec", "region"}).items():
            monkeypatch.setenv(f"CAUSEWAY_{name.upper()}", value or "")
        monkeypatch.setenv("CAUSEWAY_SPEC", made.settings.spec.model_dump_json())
        yield made
    _forget()


def _default_key(_: ElasticBlockStore) -> ActionResult:
    """Nobody has chosen another key than AWS's own."""
    return ActionResult({"KmsKeyId": "alias/aws/ebs"})


def _forget() -> None:
    """Clients stay: moto's hook is in every one, and making one takes a second. What they read does not stay."""
    for cached in (function._token, settings_module.load):
        cached.cache_clear()


def make_table(name: str) -> None:
    """A table as the stacks declare them."""
    dynamo.client().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _make() -> World:
    ec2 = ec2_batches.ec2()
    vpc = ec2.create_vpc(CidrBlock="10.101.0.0/16")["Vpc"]["VpcId"]
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
        for cidr in ("10.101.0.0/24", "10.101.1.0/24")
    ]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in subnets]
    for subnet, route_table in zip(subnets, tables, strict=True):
        ec2.associate_route_table(SubnetId=subnet, RouteTableId=route_table)
    ec2.create_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
    group = ec2.create_security_group(GroupName="gateway", Description="gateway", VpcId=vpc)["GroupId"]
    image = amis.AMIS[0]["ami_id"]  # asking for the list of Amazon's images takes moto a second
    for name in ("link", region.LINKS):
        make_table(name)
    iam = boto3.client("iam")
    iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    profile = iam.create_instance_profile(InstanceProfileName="gateway")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="gateway", RoleName="gateway")
    made = Settings(
        spec=worlds.spec(**{"aws.vpc": vpc, "aws.image": image}),
        deployment=worlds.DEPLOYMENT,
        region="eu-west-1",
        table="link",
        psk_secret=worlds.PSK_SECRET,
        elastic_ip_allocation=ec2.allocate_address(Domain="vpc")["AllocationId"],
        security_group=group,
        instance_profile=profile,
        state_machine="arn:aws:states:eu-west-1:123456789012:stateMachine:causeway-prod",
    )
    return World(settings=made, private_table=tables[1], public_subnet=subnets[0])
