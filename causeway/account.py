"""What a deployment needs of the AWS account: credentials, enabled and bootstrapped regions. Reads only."""

from collections.abc import Iterator

import boto3
from botocore.exceptions import ClientError

from causeway import deployed
from causeway.rows import Row, Status
from lambdas.clouds.errors import code, translated
from link.errors import CausewayError

# The version that aws-cdk-lib's default synthesizer asks for; a test compares it with what the library writes.
BOOTSTRAP_VERSION = 6
_PARAMETER = "/cdk-bootstrap/hnb659fds/version"  # the default qualifier
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
            if code(exc) != "ParameterNotFound":
                raise
            yield Row(check, Status.REFUSED, "never done", remedy)
            return
    if version < BOOTSTRAP_VERSION:
        yield Row(check, Status.REFUSED, f"version {version}, at least {BOOTSTRAP_VERSION} is needed", remedy)
    else:
        yield Row(check, Status.OK, f"version {version}")


def identity_provider(tenant: str) -> Iterator[Row]:
    """IAM allows one provider a URL in an account, so one that is there is adopted. Nothing is wrong either way."""
    url = f"sts.windows.net/{tenant}/"
    with translated("listing the account's identity providers"):
        providers = boto3.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    arn = next((one["Arn"] for one in providers if one["Arn"].endswith(f":oidc-provider/{url}")), None)
    yield Row(
        "IAM OIDC provider", Status.OK, f"exists: {arn}, will be adopted" if arn else f"none yet for https://{url}"
    )
