"""AWS::EC2::EIP for CloudFormation: allocate, tag, update tags, release. Ref is the address, as in AWS."""

from typing import Any

from localemu.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider

Request = Any


class ElasticIp(ResourceProvider):
    TYPE = "AWS::EC2::EIP"
    SCHEMA = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/PublicIp"],
        "readOnlyProperties": ["/properties/PublicIp", "/properties/AllocationId"],
        "properties": {},
    }

    def create(self, request: Request) -> ProgressEvent:
        ec2, wanted = request.aws_client_factory.ec2, request.desired_state
        tags = wanted.get("Tags")
        specification = [{"ResourceType": "elastic-ip", "Tags": tags}] if tags else []
        allocated = ec2.allocate_address(Domain="vpc", TagSpecifications=specification)
        model = {**wanted, "PublicIp": allocated["PublicIp"], "AllocationId": allocated["AllocationId"]}
        if wanted.get("InstanceId"):
            ec2.associate_address(AllocationId=model["AllocationId"], InstanceId=wanted["InstanceId"])
        return ProgressEvent(OperationStatus.SUCCESS, model)

    def update(self, request: Request) -> ProgressEvent:
        ec2, before, wanted = request.aws_client_factory.ec2, request.previous_state, request.desired_state
        kept = {key: before[key] for key in ("PublicIp", "AllocationId")}
        gone = [{"Key": tag["Key"]} for tag in before.get("Tags") or []]
        if gone:
            ec2.delete_tags(Resources=[kept["AllocationId"]], Tags=gone)
        if wanted.get("Tags"):
            ec2.create_tags(Resources=[kept["AllocationId"]], Tags=wanted["Tags"])
        return ProgressEvent(OperationStatus.SUCCESS, {**wanted, **kept})

    def delete(self, request: Request) -> ProgressEvent:
        request.aws_client_factory.ec2.release_address(AllocationId=request.previous_state["AllocationId"])
        return ProgressEvent(OperationStatus.SUCCESS, {})
