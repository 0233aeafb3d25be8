"""The emulator with its plugin refuses what AWS refuses. Skipped where `make setup-rehearsal` has not installed it."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore.config
import pytest
from botocore.exceptions import ClientError

from rehearsal import faults, places
from tests.rehearsal import emulator_world
from tests.rehearsal.emulator_world import Aws

pytestmark = pytest.mark.skipif(not places.EMULATOR_PYTHON.exists(), reason="the emulator is not installed")

IMAGE = "ami-0123456789abcdef0"  # moto launches what nobody has registered
ANYTHING = {"Action": "*", "Resource": "*"}
ROUTES = ("vpc", "L-93826ACB")
KMS = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt*")


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with emulator_world.running(tmp_path_factory.mktemp("emulator")) as made:
        yield made


@pytest.fixture
def aws(emulated: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setattr(places, "EMULATOR_URL", emulated.url)
    yield emulated
    faults.aws_clear()
    emulated.client("ec2").disable_ebs_encryption_by_default()
    emulated.client("ec2").reset_ebs_default_kms_key_id()


@pytest.fixture(scope="module")
def role(emulated: Aws) -> dict[str, str]:
    """A role of the product that may do anything."""
    return emulated.role("causeway-demo-Watch", ANYTHING)


@dataclass(frozen=True)
class Network:
    """A VPC with a subnet in each of two zones."""

    subnets: dict[str, str]
    table: str
    interface: str


@pytest.fixture(scope="module")
def network(emulated: Aws) -> Network:
    ec2 = emulated.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.101.0.0/16")["Vpc"]["VpcId"]
    zones = [f"{places.REGION}{letter}" for letter in "ab"]
    subnets = {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.101.{third}.0/24", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for third, zone in enumerate(zones)
    }
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    found = ec2.create_network_interface(SubnetId=subnets[zones[0]])["NetworkInterface"]["NetworkInterfaceId"]
    return Network(subnets, table, found)


def launch(ec2: Any, subnet: str, **given: Any) -> Any:
    where = {} if "NetworkInterfaces" in given else {"SubnetId": subnet}
    counts = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small"}
    return ec2.run_instances(ImageId=IMAGE, **where, **counts, **given)["Instances"][0]["InstanceId"]


def seen(ec2: Any, instance: str) -> Any:
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def make_table(aws: Aws, name: str) -> None:
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(scope="module")
def tables(emulated: Aws) -> tuple[str, str]:
    for name in ("one", "two"):
        make_table(emulated, name)
    return "one", "two"


def key(id: str) -> Any:
    return {"id": {"S": id}}


def refused(exc: ClientError) -> tuple[str, int]:
    return exc.response["Error"]["Code"], exc.response["ResponseMetadata"]["HTTPStatusCode"]


ANSWERS = """
import json, urllib.request

def handler(event, context):
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "id", "Data": {"Warnings": ""}}
    answer["Data"]["Warnings"] = "x" * (int(event["ResourceProperties"]["Bytes"]) - len(json.dumps(answer)))
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request)
"""


def test_a_custom_resource_whose_answer_is_too_long_fails(aws: Aws, role: dict[str, str]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("answers.py", ANSWERS)
    function = aws.client("lambda").create_function(
        FunctionName="answers",
        Runtime="python3.13",
        Handler="answers.handler",
        Role=f"arn:aws:iam::{places.ACCOUNT}:role/causeway-demo-Watch",
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]
    cloudformation = aws.client("cloudformation")

    def create(length: int) -> list[tuple[str, str]]:
        asks = {"Type": "Custom::Link", "Properties": {"ServiceToken": function, "Bytes": length}}
        name = f"of-{length}"
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Link": asks}}))
        until = time.monotonic() + 30
        while cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"].endswith("IN_PROGRESS"):
            assert time.monotonic() < until
            time.sleep(0.1)
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [(one["ResourceStatus"], one.get("ResourceStatusReason", "")) for one in events]

    assert "CREATE_COMPLETE" in dict(create(4096))
    assert ("CREATE_FAILED", "Response object is too long.") in create(4097)


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("describe_instances", {}),
        ("describe_addresses", {}),
        ("describe_route_tables", {}),
        ("describe_instances", {"MaxResults": 5}),
    ],
)
def test_a_filter_of_more_than_200_values_is_refused(aws: Aws, operation: str, given: dict[str, Any]) -> None:
    call = getattr(aws.client("ec2"), operation)
    values = [f"prod-{number}" for number in range(201)]
    call(Filters=[{"Name": "tag:causeway-deployment", "Values": values[:200]}], **given)
    with pytest.raises(ClientError, match="filter values specified on a single call is 200") as exc:
        call(Filters=[{"Name": "tag:causeway-deployment", "Values": values}], **given)
    assert refused(exc.value) == ("FilterLimitExceeded", 400)


def test_a_batch_with_a_missing_table_is_refused_whole(aws: Aws, tables: tuple[str, str]) -> None:
    dynamodb = aws.client("dynamodb")
    with pytest.raises(ClientError) as exc:
        dynamodb.batch_get_item(RequestItems={name: {"Keys": [key("lock")]} for name in (*tables, "gone")})
    assert refused(exc.value) == ("ResourceNotFoundException", 400)
    put = [{"PutRequest": {"Item": key("lock")}}]
    with pytest.raises(ClientError) as exc:
        dynamodb.batch_write_item(RequestItems=dict.fromkeys((*tables, "gone"), put))
    assert refused(exc.value) == ("ResourceNotFoundException", 400)
    assert dynamodb.scan(TableName="one")["Items"] == []


def test_a_batch_of_more_than_100_keys_is_refused(aws: Aws, tables: tuple[str, str]) -> None:
    keys = [key(str(number)) for number in range(51)]
    with pytest.raises(ClientError) as exc:
        aws.client("dynamodb").batch_get_item(RequestItems={name: {"Keys": keys} for name in tables})
    assert refused(exc.value) == ("ValidationException", 400)


def test_a_batch_with_a_denied_table_is_refused_whole(aws: Aws, role: dict[str, str], tables: tuple[str, str]) -> None:
    dynamodb = aws.client("dynamodb", **role)
    faults.refuse("dynamodb.BatchGetItem", "AccessDeniedException", holding='"two"')
    with pytest.raises(ClientError, match=r"not authorized to perform: dynamodb:BatchGetItem .*:table/two ") as exc:
        dynamodb.batch_get_item(RequestItems={name: {"Keys": [key("lock")]} for name in tables})
    assert refused(exc.value) == ("AccessDeniedException", 400)
    dynamodb.batch_get_item(RequestItems={"one": {"Keys": [key("lock")]}})
    done = faults.aws_faults()
    assert [(one["kind"], one["target"], one["code"]) for one in done] == [
        ("refuse", "dynamodb.BatchGetItem", "AccessDeniedException")
    ]
    faults.aws_clear()
    dynamodb.batch_get_item(RequestItems={name: {"Keys": [key("lock")]} for name in tables})


def test_a_refusal_is_no_denial_to_the_audit_and_not_the_administrators(aws: Aws, role: dict[str, str]) -> None:
    faults.refuse("ec2.DescribeVpcs", "UnauthorizedOperation", calls=1)
    aws.client("ec2").describe_vpcs()
    before, ec2 = aws.denied(), aws.client("ec2", **role)
    with pytest.raises(ClientError, match=r"assumed-role/causeway-demo-Watch/test is not authorized") as exc:
        ec2.describe_vpcs()
    assert refused(exc.value) == ("UnauthorizedOperation", 403)
    ec2.describe_vpcs()
    assert aws.denied() == before


@pytest.mark.parametrize(
    ("code", "status"),
    [("InsufficientInstanceCapacity", 500), ("InsufficientFreeAddressesInSubnet", 400), ("Unsupported", 400)],
)
def test_a_launch_into_a_full_zone_is_refused_until_it_has_room(
    aws: Aws, network: Network, code: str, status: int
) -> None:
    ec2, (full, other) = aws.client("ec2"), network.subnets
    faults.fill_zone(full, code)
    with pytest.raises(ClientError) as exc:
        launch(ec2, network.subnets[full])
    assert refused(exc.value) == (code, status)
    with pytest.raises(ClientError) as exc:
        launch(ec2, network.subnets[full], DryRun=True)
    assert refused(exc.value)[0] == "DryRunOperation"
    assert launch(ec2, network.subnets[other])
    assert [(one["target"], one["code"]) for one in faults.aws_faults()] == [(full, code)]
    faults.aws_clear()
    assert launch(ec2, network.subnets[full])


def test_an_interface_of_the_launch_names_the_zone_as_well(aws: Aws, network: Network) -> None:
    ec2, (full, _) = aws.client("ec2"), network.subnets
    faults.fill_zone(full)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    interface = {"DeviceIndex": 0, "SubnetId": network.subnets[full]}
    with pytest.raises(ClientError, match=r"sufficient t3.small capacity .*or choosing eu-west-1b, eu-west-1c"):
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.small", NetworkInterfaces=[interface])


def test_the_sdk_repeats_a_launch_without_capacity_and_not_one_without_addresses(aws: Aws, network: Network) -> None:
    patient = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 2})
    ec2, (full, _) = aws.client("ec2", config=patient), network.subnets
    for code, attempts in (("InsufficientInstanceCapacity", 2), ("InsufficientFreeAddressesInSubnet", 1)):
        faults.aws_clear()
        faults.fill_zone(full, code)
        with pytest.raises(ClientError):
            launch(ec2, network.subnets[full])
        assert len(faults.aws_faults()) == attempts


@pytest.fixture
def customers(aws: Aws) -> str:
    """A key of the customer's, by which the account encrypts."""
    key: str = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    ec2 = aws.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)["KmsKeyId"] == key
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    return key


def ended(ec2: Any, instance: str) -> Any:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        found = seen(ec2, instance)
        if found["State"]["Name"] != "pending":
            return found
        time.sleep(0.1)
    raise AssertionError(f"{instance} is pending still")


def test_a_launch_with_a_key_that_the_role_may_not_use_is_accepted_and_ends(
    aws: Aws, network: Network, customers: str
) -> None:
    credentials = aws.role("causeway-demo-Launch", {"Action": "ec2:*", "Resource": "*"})
    ec2, subnet = aws.client("ec2", **credentials), next(iter(network.subnets.values()))
    audited = aws.denied()
    instance = launch(ec2, subnet)
    assert seen(ec2, instance)["State"]["Name"] == "pending"
    found = ended(ec2, instance)
    assert found["State"]["Name"] == "terminated"
    assert found["StateReason"] == {
        "Code": "Client.InternalError",
        "Message": "Client.InternalError: Client error on launch",
    }
    assert found["StateTransitionReason"] == "Client.InternalError"
    assert aws.denied() == audited

    grants = [{"Action": f"kms:{one}", "Resource": customers} for one in KMS]
    aws.allow("causeway-demo-Launch", {"Action": "ec2:*", "Resource": "*"}, *grants[1:])
    assert ended(ec2, launch(ec2, subnet))["State"]["Name"] == "terminated"
    aws.allow("causeway-demo-Launch", {"Action": "ec2:*", "Resource": "*"}, *grants)
    assert seen(ec2, launch(ec2, subnet))["State"]["Name"] == "running"


def test_a_key_that_a_volume_names_is_judged_without_any_default(aws: Aws, network: Network) -> None:
    credentials = aws.role("causeway-demo-Volume", {"Action": "ec2:*", "Resource": "*"})
    ec2, subnet = aws.client("ec2", **credentials), next(iter(network.subnets.values()))
    named = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    volume = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "Encrypted": True, "KmsKeyId": named}}
    assert ended(ec2, launch(ec2, subnet, BlockDeviceMappings=[volume]))["State"]["Name"] == "terminated"
    volume = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "Encrypted": True}}
    assert seen(ec2, launch(ec2, subnet, BlockDeviceMappings=[volume]))["State"]["Name"] == "running"


def test_the_keys_own_policy_may_name_the_role(aws: Aws, network: Network, customers: str) -> None:
    credentials = aws.role("causeway-demo-Named", {"Action": "ec2:*", "Resource": "*"})
    ec2, subnet = aws.client("ec2", **credentials), next(iter(network.subnets.values()))
    principal = {"AWS": f"arn:aws:iam::{places.ACCOUNT}:role/causeway-demo-Named"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("kms").put_key_policy(KeyId=customers, PolicyName="default", Policy=policy)
    assert seen(ec2, launch(ec2, subnet))["State"]["Name"] == "running"
    # This policy hands nothing to the account's own policies.
    other = aws.client("ec2", **aws.role("causeway-demo-Unnamed", ANYTHING))
    assert ended(other, launch(other, subnet))["State"]["Name"] == "terminated"


def test_an_instance_that_ends_at_launch_is_told_of_by_events(aws: Aws, network: Network, customers: str) -> None:
    sqs, events = aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="changes", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    credentials = aws.role("causeway-demo-Told", {"Action": "ec2:*", "Resource": "*"})
    ec2 = aws.client("ec2", **credentials)
    instance = launch(ec2, next(iter(network.subnets.values())))
    states: list[str] = []
    until = time.monotonic() + 15
    while time.monotonic() < until and states[-1:] != ["terminated"]:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            detail = json.loads(message["Body"])["detail"]
            states += [detail["state"]] if detail["instance-id"] == instance else []
    events.remove_targets(Rule="changes", Ids=["queue"])
    assert states == ["pending", "shutting-down", "terminated"]


def test_the_quota_of_a_route_table_is_told_and_kept(aws: Aws, role: dict[str, str], network: Network) -> None:
    ec2, quotas = aws.client("ec2"), aws.client("service-quotas")
    (table,) = ec2.describe_route_tables(RouteTableIds=[network.table])["RouteTables"]
    assert quotas.get_service_quota(ServiceCode=ROUTES[0], QuotaCode=ROUTES[1])["Quota"]["Value"] == 50
    faults.set_quota(*ROUTES, len(table["Routes"]) + 1)
    assert quotas.get_service_quota(ServiceCode=ROUTES[0], QuotaCode=ROUTES[1])["Quota"]["Value"] == 2

    def route(cidr: str) -> None:
        ec2.create_route(RouteTableId=network.table, DestinationCidrBlock=cidr, NetworkInterfaceId=network.interface)

    route("10.0.0.0/16")
    with pytest.raises(ClientError) as exc:
        route("10.1.0.0/16")
    assert refused(exc.value) == ("RouteLimitExceeded", 400)
    assert [one["target"] for one in faults.aws_faults()] == ["vpc/L-93826ACB"]
    faults.aws_clear()
    route("10.1.0.0/16")


def test_the_audit_judges_a_quota_of_either_service(aws: Aws) -> None:
    arn = f"arn:aws:servicequotas:{places.REGION}:{places.ACCOUNT}"
    credentials = aws.role(
        "causeway-demo-Quotas", {"Action": "servicequotas:GetServiceQuota", "Resource": f"{arn}:{'/'.join(ROUTES)}"}
    )
    quotas = aws.client("service-quotas", **credentials)
    quotas.get_service_quota(ServiceCode=ROUTES[0], QuotaCode=ROUTES[1])
    assert "causeway-demo-Quotas" not in aws.denied()
    quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
    assert f"on resource: {arn}:ec2/L-1216C47A" in aws.denied()
