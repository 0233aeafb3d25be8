"""The AWS of this process refuses what AWS refuses, so the tests here meet it."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.clouds import dynamo, ec2_batches
from tests.lambdas.conftest import World
from tests.refusing_aws import Refusing


def launch(world: World, **given: Any) -> Any:
    image = world.settings.spec.aws.image or ""
    return ec2_batches.ec2().run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.small", SubnetId=world.public_subnet, **given
    )["Instances"][0]["InstanceId"]


def seen(instance: str) -> Any:
    return ec2_batches.ec2().describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def code(exc: ClientError) -> Any:
    return exc.response["Error"]["Code"]


def test_a_filter_of_more_than_200_values_is_refused(world: World) -> None:
    values = [f"eipalloc-{number}" for number in range(201)]
    ec2_batches.ec2().describe_addresses(Filters=[{"Name": "allocation-id", "Values": values[:200]}])
    with pytest.raises(ClientError) as exc:
        ec2_batches.ec2().describe_addresses(Filters=[{"Name": "allocation-id", "Values": values}])
    assert code(exc.value) == "FilterLimitExceeded"


@pytest.mark.parametrize(
    ("keys", "refused"),
    [
        ({"link": 1, "gone": 1}, "ResourceNotFoundException"),
        ({"link": 1, "denied": 1}, "AccessDeniedException"),
        ({"link": 101}, "ValidationException"),
    ],
)
def test_a_batch_is_refused_whole(world: World, refusing: Refusing, keys: dict[str, int], refused: str) -> None:
    refusing.refuse("dynamodb.BatchGetItem", "AccessDeniedException", holding='"denied"')
    asked: Any = {
        table: {"Keys": [dynamo.key(str(number)) for number in range(count)]} for table, count in keys.items()
    }
    with pytest.raises(ClientError) as exc:
        dynamo.client().batch_get_item(RequestItems=asked)
    assert code(exc.value) == refused


def test_a_full_zone_has_no_room_for_a_launch_but_for_a_dry_run(world: World, refusing: Refusing) -> None:
    refusing.fill_zone("eu-west-1a")
    with pytest.raises(ClientError) as exc:
        launch(world)
    assert code(exc.value) == "InsufficientInstanceCapacity"
    assert exc.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    with pytest.raises(ClientError) as exc:
        launch(world, DryRun=True)
    assert code(exc.value) == "DryRunOperation"
    refusing.book.clear()
    assert launch(world)


def test_a_launch_without_its_key_is_accepted_and_ends(world: World, refusing: Refusing) -> None:
    refusing.key_usable = False
    instance = launch(world)
    assert seen(instance)["State"]["Name"] == "pending"
    refusing.settle()
    found = seen(instance)
    assert found["State"]["Name"] == "terminated"
    assert found["StateReason"]["Message"] == "Client.InternalError: Client error on launch"


def test_the_accounts_default_key_is_told(world: World, refusing: Refusing) -> None:
    assert ec2_batches.ec2().get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    refusing.default_key = "arn:aws:kms:eu-west-1:123456789012:key/own"
    assert ec2_batches.ec2().get_ebs_default_kms_key_id()["KmsKeyId"] == refusing.default_key


def test_a_route_table_keeps_its_quota(world: World, refusing: Refusing) -> None:
    quotas = boto3.client("service-quotas")
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-93826ACB")["Quota"]["Value"] == 50
    refusing.set_quota("vpc", "L-93826ACB", 1)
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-93826ACB")["Quota"]["Value"] == 1
    instance = seen(launch(world))
    interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    route: Any = {"RouteTableId": world.private_table, "NetworkInterfaceId": interface}
    with pytest.raises(ClientError) as exc:
        ec2_batches.ec2().create_route(DestinationCidrBlock="10.0.0.0/16", **route)
    assert code(exc.value) == "RouteLimitExceeded"
    refusing.book.clear()
    ec2_batches.ec2().create_route(DestinationCidrBlock="10.0.0.0/16", **route)
