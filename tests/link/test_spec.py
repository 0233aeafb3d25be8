"""A wrong cdk.json stops synth with one line a fault, and a right one fills in sound defaults."""

from typing import Any

import pytest

from link.declared import parse_links
from link.errors import SpecInvalid
from tests.worlds import GUID, IDENTITY, declared, spec

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ...}, "links.0.name: is missing; give 1 to 24 of a-z"),
    ({"name": "Prod"}, "links.0.name: 'Prod' is not right; give 1 to 24 of a-z"),
    ({"name": "prod-"}, "links.0.name: 'prod-' is not right"),
    ({"name": "prod--eu"}, "links.0.name: 'prod--eu' is not right"),
    ({"name": "1prod"}, "links.0.name: '1prod' is not right"),
    ({"name": "a" * 25}, "is not right; give 1 to 24 of a-z"),
    ({"colour": "blue"}, "links.0.colour: is not a field of a link"),
    ({"aws.vpcs": []}, "links.0.aws.vpcs: is not a field of a link"),
    ({"aws.region": "europe"}, "links.0.aws.region: 'europe' is not right; give an AWS region such as eu-west-1"),
    ({"aws.vpc": "vpc-xyz"}, "links.0.aws.vpc: 'vpc-xyz' is not right; give a VPC id"),
    ({"aws.gateway_subnet": "sn-1"}, "links.0.aws.gateway_subnet: 'sn-1' is not right; give a subnet id"),
    ({"aws.route_tables": ["rtb"]}, "links.0.aws.route_tables.0: 'rtb' is not right; give route table ids"),
    ({"aws.instance_type": "small"}, "links.0.aws.instance_type: 'small' is not right; give an EC2 instance type"),
    ({"aws.image": "debian"}, "links.0.aws.image: 'debian' is not right; give an AMI id"),
    ({"aws.kms_key": "alias/ebs"}, "links.0.aws.kms_key: 'alias/ebs' is not right; give the ARN of a KMS key"),
    (
        {"aws.kms_key": "arn:aws:kms:eu-west-1:111122223333:alias/ebs"},
        "is not right; give the ARN of a KMS key",
    ),
    (
        {"aws.kms_key": "arn:aws:kms:eu-central-1:111122223333:key/mrk-1"},
        "links.0.aws: kms_key must be a key of eu-west-1; a volume takes no other",
    ),
    ({"azure.tenant": "contoso"}, "links.0.azure.tenant: 'contoso' is not right; give a GUID"),
    ({"azure.subscription": ...}, "links.0.azure.subscription: is missing; give a GUID"),
    (
        {"azure.resource_group": "net."},
        "links.0.azure.resource_group: 'net.' is not right; give an Azure resource group",
    ),
    ({"azure.resource_group": "g" * 91}, "is not right; give an Azure resource group name (1 to 90"),
    ({"azure.vpn_gateway": "g" * 81}, "is not right; give an Azure resource name (1 to 80"),
    ({"azure.vpn_gateway": "-gw"}, "links.0.azure.vpn_gateway: '-gw' is not right; give an Azure resource name"),
    ({"azure.virtual_networks": []}, "links.0.azure.virtual_networks: [] is not right; give a list with at least one"),
    ({"azure.function_url": "http://a.net"}, "links.0.azure.function_url: must begin with https://"),
    (
        {"azure.function_url": "https://a.net/api"},
        "links.0.azure.function_url: must be the Function app's address alone",
    ),
    ({"azure.function_url": "nonsense"}, "links.0.azure.function_url: 'nonsense' is not right"),
    (
        {"azure.function_identity": ...},
        "links.0.azure.function_identity: is missing; give the object id of the Function's managed identity",
    ),
    ({"azure.function_identity": "me"}, "links.0.azure.function_identity: 'me' is not right; give the object id"),
    (
        {"azure.token_audience": "causeway"},
        "links.0.azure.token_audience: 'causeway' is not right; give an application",
    ),
    ({"azure.token_audience": "api://a/"}, "links.0.azure.token_audience: 'api://a/' is not right"),
    ({"azure.identity_provider": "sts.windows.net"}, "links.0.azure.identity_provider: 'sts.windows.net' is not right"),
    (
        {"azure.identity_provider": f"arn:aws:iam::000000000000:oidc-provider/sts.windows.net/{IDENTITY}/"},
        "links.0.azure: identity_provider must be the one of the tenant: its ARN ends in sts.windows.net/11111111-",
    ),
    ({"azure.function_key_secret": "x"}, "links.0.azure.function_key_secret: is not a field of a link"),
    ({"probe.address": "10.0.0.0/16"}, "links.0.probe.address: '10.0.0.0/16' is not right; give an IPv4 address"),
    ({"probe.address": "10.0.1.4", "probe.port": 70000}, "links.0.probe.port: 70000 is not right"),
    ({"policy.dh_group": "DHGroup2"}, "links.0.policy.dh_group: DHGroup2 is refused: modp1024 is too weak"),
    ({"policy.ike_integrity": "SHA1"}, "links.0.policy.ike_integrity: SHA1 is refused: SHA-1 is broken"),
    ({"policy.ipsec_encryption": "DES3"}, "links.0.policy.ipsec_encryption: DES3 is refused"),
    ({"policy.pfs_group": "None"}, "links.0.policy.pfs_group: None is refused: every algorithm must be pinned"),
    ({"policy.ipsec_integrity": "SHA256"}, "links.0.policy: ipsec_integrity must be GCMAES256"),
    ({"policy.sa_lifetime_s": 60}, "links.0.policy.sa_lifetime_s: 60 is not right; input should be greater than"),
    ({"policy.dpd_timeout_s": 5}, "links.0.policy.dpd_timeout_s: 5 is not right"),
    ({"tags": {"aws:owner": "me"}}, "links.0.tags: tag 'aws:owner' begins with a reserved prefix"),
    ({"tags": {f"t{n}": "" for n in range(41)}}, "links.0.tags: 41 tags are too many"),
]


@pytest.mark.parametrize(("changes", "line"), WRONG, ids=[next(iter(changes)) for changes, _ in WRONG])
def test_a_wrong_value_is_one_line_naming_the_field_and_what_would_be_right(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecInvalid) as caught:
        parse_links([declared(**changes)])
    assert line in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_every_fault_of_every_link_is_named_at_once() -> None:
    with pytest.raises(SpecInvalid) as caught:
        parse_links([declared(name="Prod"), declared(**{"aws.vpc": "x", "azure.tenant": "y"})])
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "links.0.name",
        "links.1.aws.vpc",
        "links.1.azure.tenant",
    ]


def test_two_links_of_one_name_are_refused() -> None:
    with pytest.raises(SpecInvalid, match="the name 'prod' is used more than once"):
        parse_links([declared(), declared()])


@pytest.mark.parametrize("value", [None, [], {}, "prod"])
def test_no_links_at_all_is_said(value: Any) -> None:
    with pytest.raises(SpecInvalid, match="give a list with at least one link"):
        parse_links(value)


def test_the_default_policy_is_complete_and_strong() -> None:
    policy = spec().policy.model_dump(mode="json")
    assert policy == {
        "ike_encryption": "AES256",
        "ike_integrity": "SHA256",
        "dh_group": "DHGroup14",
        "ipsec_encryption": "GCMAES256",
        "ipsec_integrity": "GCMAES256",
        "pfs_group": "PFS2048",
        "sa_lifetime_s": 27_000,
        "sa_data_size_kb": 102_400_000,
        "dpd_timeout_s": 45,
    }


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t3.small", "amd64"),
        ("t4g.small", "arm64"),
        ("c7gn.large", "arm64"),
        ("a1.medium", "arm64"),
        ("g5.xlarge", "amd64"),
    ],
)
def test_the_image_follows_the_instance_type(instance_type: str, architecture: str) -> None:
    side = spec(**{"aws.instance_type": instance_type}).aws
    assert side.image_or_default == f"/aws/service/debian/release/13/latest/{architecture}"


def test_the_identities_are_written_as_the_tokens_write_them() -> None:
    side = spec(**{"azure.function_identity": IDENTITY.upper(), "azure.function_url": "https://A.net:443/"}).azure
    assert (side.function_identity, side.function_audience) == (IDENTITY, "https://a.net")
    assert (side.issuer, side.token_audience_or_default) == (f"sts.windows.net/{GUID}/", f"api://{GUID}/causeway")
    assert spec(**{"azure.token_audience": "https://a.net/x"}).azure.token_audience_or_default == "https://a.net/x"


def test_the_digest_changes_with_any_wish() -> None:
    assert spec().digest() == spec().digest()
    assert spec().digest() != spec(**{"probe.address": "10.0.1.4"}).digest()
