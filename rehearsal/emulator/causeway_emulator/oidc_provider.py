"""AWS::IAM::OIDCProvider for CloudFormation: create and delete. Ref is the ARN. IAM refuses a second one of a URL."""

from typing import Any

from localemu.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider

Request = Any


class OidcProvider(ResourceProvider):
    TYPE = "AWS::IAM::OIDCProvider"
    SCHEMA = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/Arn"],
        "readOnlyProperties": ["/properties/Arn"],
        "properties": {},
    }

    def create(self, request: Request) -> ProgressEvent:
        wanted = request.desired_state
        made = request.aws_client_factory.iam.create_open_id_connect_provider(
            Url=wanted["Url"],
            ClientIDList=wanted.get("ClientIdList") or [],
            ThumbprintList=wanted.get("ThumbprintList") or [],
            Tags=wanted.get("Tags") or [],
        )
        return ProgressEvent(OperationStatus.SUCCESS, {**wanted, "Arn": made["OpenIDConnectProviderArn"]})

    def delete(self, request: Request) -> ProgressEvent:
        arn = request.previous_state["Arn"]
        request.aws_client_factory.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        return ProgressEvent(OperationStatus.SUCCESS, {})
