"""Applies one step to AWS. Every effect is idempotent; what already holds is not an error. Decides nothing."""

import hashlib
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from gateway import cloud_config
from lambdas.clouds import ec2_batches, ec2_facts, table
from lambdas.clouds.errors import code, translated
from lambdas.settings import Settings
from link import aws_errors, plan, steps
from link.errors import CloudBusy, CloudRefused, NoCapacity
from link.facts import Rule, Subnet

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import IpPermissionTypeDef
    from mypy_boto3_ssm.client import SSMClient

_ROOT_GIB = 8  # what Debian's own image has


def apply(step: steps.Step, settings: Settings, execution: str) -> None:
    """Makes one step true. `execution` makes a repeated launch within one walk the same launch."""
    match step.action:
        case steps.AllowInbound(rule=rule):
            _allow(settings.security_group, rule)
        case steps.RevokeInbound(rule=rule):
            _revoke(settings.security_group, rule)
        case steps.PublishConfiguration(configuration=configuration):
            table.publish(settings.table, configuration)
        case steps.LaunchGateway(places=places):
            _launch(settings, places, execution)
        case steps.DisableSourceDestCheck(interface=interface):
            with translated("switching off the source/destination check"):
                ec2_batches.ec2().modify_network_interface_attribute(
                    NetworkInterfaceId=interface, SourceDestCheck={"Value": False}
                )
        case steps.AttachElasticIp(allocation=allocation, interface=interface):
            with translated("attaching the Elastic IP"):
                ec2_batches.ec2().associate_address(
                    AllocationId=allocation, NetworkInterfaceId=interface, AllowReassociation=True
                )
        case steps.CreateRoute() as route:
            _create_route(settings.table, route)
        case steps.ReplaceRoute(table=route_table, destination=destination, interface=interface):
            table.own_route(settings.table, route_table, destination)
            _replace_route(route_table, destination, interface)
        case steps.DeleteRoute(table=route_table, destination=destination):
            _delete_route(route_table, destination)
            table.disown_route(settings.table, route_table, destination)
        case steps.DisownRoute(table=route_table, destination=destination):
            table.disown_route(settings.table, route_table, destination)
        case steps.DetachElasticIp(association=association):
            with translated("detaching the Elastic IP"):
                _unless(
                    aws_errors.ASSOCIATION_GONE,
                    lambda: ec2_batches.ec2().disassociate_address(AssociationId=association),
                )
        case steps.TerminateGateway(instance=instance):
            with translated("terminating the gateway"):
                _unless(aws_errors.INSTANCE_GONE, lambda: ec2_batches.ec2().terminate_instances(InstanceIds=[instance]))
        case _:
            raise TypeError(f"{step.verb} is not a step on AWS")


def _unless(tolerated: frozenset[str], call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as exc:
        if code(exc) not in tolerated:
            raise


def permission(rule: Rule) -> "IpPermissionTypeDef":
    """The rule as EC2 writes it."""
    ports = {} if rule.from_port is None else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    return {"IpProtocol": rule.protocol, "IpRanges": [{"CidrIp": str(rule.cidr)}], **ports}  # type: ignore[typeddict-item]


def _allow(group: str, rule: Rule) -> None:
    with translated(f"allowing {rule.cidr} to the gateway"):
        permissions = [permission(rule)]
        _unless(
            aws_errors.RULE_EXISTS,
            lambda: ec2_batches.ec2().authorize_security_group_ingress(GroupId=group, IpPermissions=permissions),
        )


def _revoke(group: str, rule: Rule) -> None:
    with translated(f"revoking {rule.cidr} from the gateway"):
        permissions = [permission(rule)]
        _unless(
            aws_errors.RULE_GONE,
            lambda: ec2_batches.ec2().revoke_security_group_ingress(GroupId=group, IpPermissions=permissions),
        )


def _create_route(table_name: str, step: steps.CreateRoute) -> None:
    table.own_route(table_name, step.table, step.destination)
    with translated(f"creating the route to {step.destination} in {step.table}"):
        try:
            ec2_batches.ec2().create_route(
                RouteTableId=step.table, DestinationCidrBlock=str(step.destination), NetworkInterfaceId=step.interface
            )
        except ClientError as exc:
            if code(exc) not in aws_errors.ROUTE_EXISTS:
                if not aws_errors.is_busy(code(exc), exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)):
                    table.disown_route(table_name, step.table, step.destination)  # EC2 refused: no route was made
                raise
            # Somebody made it since we looked, perhaps another link. It is not ours; the next look tells what it is.
            table.disown_route(table_name, step.table, step.destination)
            raise CloudBusy(f"{step.table} has got a route to {step.destination} since it was looked at") from exc


def _replace_route(route_table: str, destination: IPv4Network, interface: str) -> None:
    with translated(f"pointing the route to {destination} in {route_table} at the gateway"):
        ec2_batches.ec2().replace_route(
            RouteTableId=route_table, DestinationCidrBlock=str(destination), NetworkInterfaceId=interface
        )


def _delete_route(route_table: str, destination: IPv4Network) -> None:
    with translated(f"deleting the route to {destination} in {route_table}"):
        _unless(
            aws_errors.ROUTE_GONE,
            lambda: ec2_batches.ec2().delete_route(RouteTableId=route_table, DestinationCidrBlock=str(destination)),
        )


@cache
def ssm() -> "SSMClient":
    """The Systems Manager client of this function."""
    return boto3.client("ssm")


def image_id(image: str) -> str:
    """The AMI id, looked up when the image is named by a Systems Manager parameter."""
    if image.startswith("ami-"):
        return image
    with translated(f"looking up the image {image}"):
        return ssm().get_parameter(Name=image)["Parameter"]["Value"]


def _root_volume(image: str) -> tuple[str, int]:
    """The image's root device, and the size in GiB that it needs: at least its snapshot's."""
    with translated(f"looking up the root device of {image}"):
        found = ec2_batches.ec2().describe_images(ImageIds=[image])["Images"]
    if not found:
        raise CloudRefused(f"image {image} does not exist in this region; correct aws.image")
    device = found[0]["RootDeviceName"]
    sizes = [one.get("Ebs", {}).get("VolumeSize", 0) for one in found[0].get("BlockDeviceMappings", [])]
    return device, max([_ROOT_GIB, *sizes])


def launch_request(settings: Settings, subnet: str) -> dict[str, Any]:
    """What RunInstances is asked for."""
    spec = settings.spec
    tags = {
        **plan.tags(spec, settings.deployment),
        "Name": f"causeway-{spec.name}",
        ec2_facts.IMAGE_TAG: spec.aws.image_or_default,
        ec2_facts.AGENT_TAG: settings.deployed.agent,
    }
    tag_list = [{"Key": key, "Value": value} for key, value in tags.items()]
    image = image_id(spec.aws.image_or_default)
    device, size_gib = _root_volume(image)
    key = {"KmsKeyId": spec.aws.kms_key} if spec.aws.kms_key else {}
    return {
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": image,
        "InstanceType": spec.aws.instance_type,
        "UserData": cloud_config.render(spec.name, settings.region, settings.table),
        "IamInstanceProfile": {"Arn": settings.instance_profile},
        # Inline, because an instance on a prepared interface gets no public address to boot with.
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "SubnetId": subnet,
                "Groups": [settings.security_group],
                "AssociatePublicIpAddress": True,
                "DeleteOnTermination": True,
            }
        ],
        "BlockDeviceMappings": [
            {
                "DeviceName": device,
                "Ebs": {
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                    "VolumeType": "gp3",
                    "VolumeSize": size_gib,
                    **key,
                },
            }
        ],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
        "InstanceInitiatedShutdownBehavior": "stop",
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": tag_list} for kind in ("instance", "volume", "network-interface")
        ],
    }


def _launch(settings: Settings, places: tuple[Subnet, ...], execution: str) -> None:
    """In the first place whose zone has room. Any other error ends the attempt."""
    full: list[str] = []
    for place in places:
        with translated("launching the gateway"):
            try:
                launched = _run(settings, place, execution)
            except ClientError as exc:
                if code(exc) not in aws_errors.NO_ROOM:
                    raise
                full.append(f"{place.id} in {place.zone}: {exc}")
                continue
        known = table.launched_zones(settings.table)
        zones = (*(zone for zone in known if zone != place.zone), place.zone)
        table.note_launch(settings.table, launched, zones)
        return
    found = "; ".join(full) or f"there is no subnet {settings.spec.aws.gateway_subnet or 'in an availability zone'}"
    raise NoCapacity(f"NoCapacity: no zone has room for {settings.spec.aws.instance_type}: {found}")


def _run(settings: Settings, place: Subnet, execution: str) -> str:
    # A walk's own token in each place: a repeated state gets the same instance instead of a second one.
    token = hashlib.sha256(f"{settings.deployment}/{execution}/{place.id}".encode()).hexdigest()[:64]
    launched = ec2_batches.ec2().run_instances(**launch_request(settings, place.id), ClientToken=token)
    return launched["Instances"][0]["InstanceId"]
