"""What the emulator knows of one instance, for the metadata service: the machine's own view of itself."""

import base64
import datetime
import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import botocore.exceptions
from botocore.awsrequest import AWSRequest

from rehearsal import places

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

RENEW_BEFORE_S = 300  # new credentials appear at least five minutes before the old ones expire: EC2 user guide


@dataclass(frozen=True)
class Instance:
    """Text as the metadata service writes it; an empty string is a thing the instance does not have."""

    instance_id: str
    image_id: str
    instance_type: str
    architecture: str
    reservation_id: str
    hostname: str
    private_ip: str
    public_ip: str
    mac: str
    interface_id: str
    zone: str
    subnet_id: str
    subnet_cidr: str
    vpc_id: str
    vpc_cidr: str
    security_group_ids: tuple[str, ...]
    security_group_names: tuple[str, ...]
    profile_arn: str
    role: str
    role_arn: str
    user_data: bytes


def find(private_ip: str) -> Instance | None:
    """The living instance that has this private address."""
    filters: list[FilterTypeDef] = [
        {"Name": "private-ip-address", "Values": [private_ip]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "shutting-down"]},
    ]
    for reservation in _ec2().describe_instances(Filters=filters)["Reservations"]:
        for instance in reservation["Instances"]:
            return _facts(instance, reservation.get("ReservationId", ""))
    return None


def credentials(instance: Instance) -> str:
    """The role's credentials in the document boto3 and cloud-init read, renewed before they expire."""
    kept = _issued.get((instance.instance_id, instance.role_arn))
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=RENEW_BEFORE_S)
    if kept is None or kept[0] < soon:
        try:
            answer = _sts().assume_role(RoleArn=instance.role_arn, RoleSessionName=instance.instance_id)["Credentials"]
        except botocore.exceptions.ClientError as refusal:  # a trust policy without EC2: EC2 says it in these words
            return json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": str(refusal)})
        document = {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": _iso(datetime.datetime.now(datetime.UTC)),
            "AccessKeyId": answer["AccessKeyId"],
            "SecretAccessKey": answer["SecretAccessKey"],
            "Token": answer["SessionToken"],
            "Expiration": _iso(answer["Expiration"]),
        }
        kept = answer["Expiration"], json.dumps(document, indent=2)
        _issued[instance.instance_id, instance.role_arn] = kept
    return kept[1]


_issued: dict[tuple[str, str], tuple[datetime.datetime, str]] = {}


def _facts(instance: "InstanceTypeDef", reservation_id: str) -> Instance:
    interface = instance["NetworkInterfaces"][0]
    subnet = _ec2().describe_subnets(SubnetIds=[interface["SubnetId"]])["Subnets"][0]
    vpc = _ec2().describe_vpcs(VpcIds=[interface["VpcId"]])["Vpcs"][0]
    profile_arn = instance.get("IamInstanceProfile", {}).get("Arn", "")
    role, role_arn = _role(profile_arn) if profile_arn else ("", "")
    return Instance(
        instance_id=instance["InstanceId"],
        image_id=instance["ImageId"],
        instance_type=instance["InstanceType"],
        architecture=instance.get("Architecture", "x86_64"),
        reservation_id=reservation_id,
        hostname=f"ip-{interface['PrivateIpAddress'].replace('.', '-')}.{places.REGION}.compute.internal",
        private_ip=interface["PrivateIpAddress"],
        public_ip=_public_ip(instance),
        mac=interface["MacAddress"],
        interface_id=interface["NetworkInterfaceId"],
        zone=instance["Placement"]["AvailabilityZone"],
        subnet_id=interface["SubnetId"],
        subnet_cidr=subnet["CidrBlock"],
        vpc_id=interface["VpcId"],
        vpc_cidr=vpc["CidrBlock"],
        security_group_ids=tuple(group["GroupId"] for group in interface["Groups"]),
        security_group_names=tuple(group["GroupName"] for group in interface["Groups"]),
        profile_arn=profile_arn,
        role=role,
        role_arn=role_arn,
        user_data=_user_data(instance["InstanceId"]),
    )


def _public_ip(instance: "InstanceTypeDef") -> str:
    """The Elastic IP's association is asked first: the emulator's instance may still show its temporary address."""
    interfaces = {interface["NetworkInterfaceId"] for interface in instance["NetworkInterfaces"]}
    for address in _ec2().describe_addresses()["Addresses"]:
        if address.get("InstanceId") == instance["InstanceId"] or address.get("NetworkInterfaceId") in interfaces:
            return address["PublicIp"]
    return instance.get("PublicIpAddress", "")


def _user_data(instance_id: str) -> bytes:
    answer = _ec2().describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    return base64.b64decode(answer.get("UserData", {}).get("Value", ""))


def _role(profile_arn: str) -> tuple[str, str]:
    profile = _iam().get_instance_profile(InstanceProfileName=profile_arn.rpartition("/")[2])["InstanceProfile"]
    return profile["Roles"][0]["RoleName"], profile["Roles"][0]["Arn"]


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=places.ROOT_ACCESS_KEY,
        aws_secret_access_key=places.ROOT_SECRET_KEY,
        region_name=places.REGION,
    )


@functools.cache
def _ec2() -> "EC2Client":
    return _session().client("ec2", endpoint_url=places.EMULATOR_URL)


@functools.cache
def _iam() -> "IAMClient":
    return _session().client("iam", endpoint_url=places.EMULATOR_URL)


@functools.cache
def _sts() -> "STSClient":
    """Calls come from EC2 itself, so that the role's trust policy is judged as AWS would judge it."""
    client = _session().client("sts", endpoint_url=places.EMULATOR_URL)
    client.meta.events.register("before-sign.sts.AssumeRole", _as_ec2)
    return client


def _as_ec2(request: AWSRequest, **_: object) -> None:
    request.headers["x-localemu-data"] = json.dumps({"service_principal": "ec2"})
    request.headers["x-localemu-data-auth"] = places.EMULATOR_INTERNAL_TOKEN
