"""What CloudFormation has made for a link so far, as its functions are told it. Reads only."""

from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError
from pydantic import ValidationError

from lambdas import settings
from lambdas.clouds import apply, dynamo, ec2_batches, function, ses, survey
from lambdas.clouds.errors import code, translated
from lambdas.settings import Settings
from link import aws_errors
from link.spec import LinkSpec


@dataclass(frozen=True)
class Found:
    """`settings` have the declared link, not the deployed one. `stack` is CloudFormation's word for its state."""

    settings: Settings
    stack: str | None
    is_deployed: bool
    is_as_declared: bool


def enter(region: str) -> None:
    """Makes a region the one of every client from now on; a Lambda has one, this command has one for each link."""
    with translated("reading your AWS profile"):
        boto3.setup_default_session(region_name=region)
    for made in (ec2_batches.ec2, apply.ssm, function._sts, function._token, survey._quotas, dynamo._of, ses.client):
        made.cache_clear()


def find(spec: LinkSpec) -> Found:
    """What is there of the link. Raises CloudBusy or CloudRefused."""
    status, told = stack(f"causeway-{spec.name}"), _told(f"causeway-{spec.name}-Discover")
    if told is None:
        return Found(settings=_not_yet(spec), stack=status, is_deployed=False, is_as_declared=False)
    declared = {"CAUSEWAY_SPEC": spec.model_dump_json(), "AWS_REGION": spec.aws.region}
    return Found(
        settings=settings.from_environment({**told, **declared}),
        stack=status,
        is_deployed=True,
        is_as_declared=_digest(told.get("CAUSEWAY_SPEC", "")) == spec.digest(),
    )


def stack(name: str) -> str | None:
    """CloudFormation's word for its state; None when there is no such stack in this region."""
    with translated(f"looking at the stack {name}"):
        try:
            return boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as exc:
            # CloudFormation has no error of its own for it (API reference, DescribeStacks).
            if code(exc) in aws_errors.STACK_MISSING and "does not exist" in str(exc):
                return None
            raise


def _told(name: str) -> dict[str, str] | None:
    """The environment of one of the link's functions; None when there is no such function."""
    with translated(f"reading the settings of the function {name}"):
        try:
            found = boto3.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as exc:
            if code(exc) in aws_errors.FUNCTION_MISSING:
                return None
            raise
    return dict(found.get("Environment", {}).get("Variables", {}))


def _digest(document: str) -> str | None:
    """None for a link that another version of Causeway deployed, with other fields."""
    try:
        return LinkSpec.model_validate_json(document).digest()
    except ValidationError:
        return None


def _not_yet(spec: LinkSpec) -> Settings:
    """Settings whose resources do not exist; the tags and the Azure side are known all the same."""
    with translated("asking who you are"):
        who = boto3.client("sts").get_caller_identity()
    account, region, partition = who["Account"], spec.aws.region, who["Arn"].split(":")[1]
    return Settings(
        spec=spec,
        deployment=f"{account}/{region}/{spec.name}",
        region=region,
        table="",
        psk_secret=f"arn:{partition}:secretsmanager:{region}:{account}:secret:not-there-yet",
        elastic_ip_allocation="",
        security_group="",
        instance_profile="",
        state_machine="",
    )
