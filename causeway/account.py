"""What a deployment needs of the AWS account: credentials, enabled and bootstrapped regions. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError

from causeway import deployed
from causeway.rows import Row, Status
from lambdas.clouds.errors import code, translated
from link import aws_errors, preflight_aws, tenant
from link.errors import CausewayError
from link.spec import LinkSpec

# The version that aws-cdk-lib's default synthesizer asks for; a test compares it with what the library writes.
BOOTSTRAP_VERSION = 6
_PARAMETER = "/cdk-bootstrap/hnb659fds/version"  # the default qualifier
TOKENS, PROVIDER = "web identity tokens", "IAM OIDC provider"
HOME = "us-east-1"  # always enabled; a region that is not enabled refuses to be asked about itself


def credentials(region: str) -> Row:
    """Who the caller is, or why AWS does not know."""
    try:
        deployed.enter(region)
        with translated("asking who you are"):
            found = boto3.client("sts").get_caller_identity()
    except CausewayError as exc:
        remedy = "set AWS_PROFILE or sign in anew (aws sso login, aws configure); then run this again"
        return Row("AWS credentials", Status.REFUSED, str(exc), remedy)
    return Row("AWS credentials", Status.OK, f"account {found['Account']}, {found['Arn']}")


def region(name: str) -> Iterator[Row]:
    """Whether the account may use the region."""
    check = f"region {name}"
    with translated("asking for the account's regions"):
        regions = boto3.client("ec2", region_name=HOME).describe_regions(AllRegions=True)["Regions"]
    found = [one for one in regions if one["RegionName"] == name]
    if not found:
        yield Row(check, Status.REFUSED, "there is no such region", "correct aws.region in cdk.json")
    elif found[0].get("OptInStatus") == "not-opted-in":
        yield Row(
            check,
            Status.REFUSED,
            "not enabled for this account",
            f"enable it: aws account enable-region --region-name {name}",
        )
    else:
        yield Row(check, Status.OK, "enabled")


def bootstrap(region: str) -> Iterator[Row]:
    """Whether `cdk bootstrap` has been there, recently enough."""
    check, remedy = f"CDK bootstrap, {region}", f"run: AWS_REGION={region} make cdk-bootstrap"
    deployed.enter(region)
    with translated(f"reading {_PARAMETER}"):
        try:
            version = int(boto3.client("ssm").get_parameter(Name=_PARAMETER)["Parameter"]["Value"])
        except ClientError as exc:
            if code(exc) not in aws_errors.PARAMETER_MISSING:
                raise
            yield Row(check, Status.REFUSED, "never done", remedy)
            return
    if version < BOOTSTRAP_VERSION:
        yield Row(check, Status.REFUSED, f"version {version}, at least {BOOTSTRAP_VERSION} is needed", remedy)
    else:
        yield Row(check, Status.OK, f"version {version}")


def tokens(_home: str) -> Iterator[Row]:
    """Whether the account issues the tokens by which a Function knows its callers, and by which issuer."""
    found: Mapping[str, Any] = {}
    with translated("asking whether the account issues web identity tokens"):
        try:
            found = boto3.client("iam").get_outbound_web_identity_federation_info()
        except ClientError as exc:
            if code(exc) not in aws_errors.TOKENS_DISABLED:
                raise
    if found.get("JwtVendingEnabled"):
        yield Row(TOKENS, Status.OK, f"issuer {found['IssuerIdentifier']}")
    else:
        disabled = preflight_aws.tokens_disabled().condition
        yield Row(TOKENS, Status.REFUSED, f"{disabled.reason}: {disabled.message}", disabled.remedy)


def identity_provider(links: Sequence[LinkSpec]) -> Iterator[Row]:
    """Of one tenant's links. IAM allows one provider a URL in an account: our stack's, or one that is adopted."""
    issuer, name = links[0].azure.issuer, tenant.stack(links[0].azure.tenant)
    with translated("listing the account's identity providers"):
        providers = boto3.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    found = next((one["Arn"] for one in providers if one["Arn"].endswith(f":oidc-provider/{issuer}")), None)
    for adopted in dict.fromkeys(link.azure.identity_provider for link in links):
        if adopted == found:
            yield Row(PROVIDER, Status.OK, f"exists: {found}" if found else f"none yet; the stack {name} makes it")
        elif found is None:
            remedy = "correct azure.identity_provider, or leave it out to have one made"
            yield Row(PROVIDER, Status.REFUSED, f"{adopted} does not exist", remedy)
        elif adopted is None and _is_made(name, links):
            yield Row(PROVIDER, Status.OK, f"exists, made by the stack {name}")
        else:
            yield Row(
                PROVIDER, Status.REFUSED, f"{found} exists already", "adopt by ARN: set azure.identity_provider to it"
            )


def _is_made(name: str, links: Sequence[LinkSpec]) -> bool:
    """Whether the tenant's stack has made its provider. One that failed to is not there, or has been rolled back."""
    deployed.enter(next(link.aws.region for link in links if link.azure.identity_provider is None))
    status = deployed.stack(name)
    return status is not None and not status.startswith(("CREATE_FAILED", "ROLLBACK"))
