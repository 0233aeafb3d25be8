"""The wanted link, as a person declares it in cdk.json. Values are checked here and nowhere else.

A link names only what nobody can discover; every other field has a default and can be overridden.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Any

from pydantic import AnyHttpUrl, Field, StringConstraints, field_validator, model_validator

from link.record import Declared

# 24 characters leave room for "causeway-" and "-AttachElasticIp" within IAM's 64 and Azure's 80 characters.
# Lengths stand beside the patterns: a counted repetition makes the pattern's compilation the slowest part of an import.
LinkName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=24)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
VpcId = Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8}([0-9a-f]{9})?$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8}([0-9a-f]{9})?$")]
RouteTableId = Annotated[str, StringConstraints(pattern=r"^rtb-[0-9a-f]{8}([0-9a-f]{9})?$")]
InstanceType = Annotated[str, StringConstraints(pattern=r"^[a-z]+[0-9][a-z0-9-]*\.[a-z0-9-]+$")]
# An image is an AMI id, or the name of a Systems Manager parameter that holds one.
Image = Annotated[str, StringConstraints(pattern=r"^(ami-[0-9a-f]{8}([0-9a-f]{9})?|/[A-Za-z0-9_./-]+)$")]
# In small letters, as Azure writes them into tokens: IAM compares a token's words letter by letter.
Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", to_lower=True)]
# Azure: 1-90 characters, letters, digits, underscore, parentheses, hyphen, period, not ending in a period.
ResourceGroup = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_().-]*[A-Za-z0-9_()-]$", max_length=90)]
# Azure network resources: 1-80 characters, beginning with an alphanumeric, ending with an alphanumeric or underscore.
AzureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", max_length=80)]
# An application ID URI in Entra; at most as long as a client id of an IAM OIDC provider.
AppIdUri = Annotated[
    str, StringConstraints(pattern=r"^(api|https)://[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$", max_length=255)
]
OidcProviderArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/sts\.windows\.net/[0-9a-f-]+/$")
]
KmsKeyArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", max_length=200)
]
TagName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_ .:=+@-]+$", max_length=128)]


class IkeEncryption(StrEnum):
    """Phase 1 ciphers that both Azure and Libreswan 5.2 speak and that are not weak."""

    AES256 = "AES256"
    AES192 = "AES192"
    AES128 = "AES128"
    GCMAES256 = "GCMAES256"
    GCMAES128 = "GCMAES128"


class IkeIntegrity(StrEnum):
    """Phase 1 integrity (and pseudo-random function)."""

    SHA256 = "SHA256"
    SHA384 = "SHA384"


class DhGroup(StrEnum):
    """Phase 1 Diffie-Hellman group, in Azure's words."""

    DHGROUP14 = "DHGroup14"
    ECP256 = "ECP256"
    ECP384 = "ECP384"


class IpsecEncryption(StrEnum):
    """Phase 2 cipher."""

    GCMAES256 = "GCMAES256"
    GCMAES192 = "GCMAES192"
    GCMAES128 = "GCMAES128"
    AES256 = "AES256"
    AES192 = "AES192"
    AES128 = "AES128"


class IpsecIntegrity(StrEnum):
    """Phase 2 integrity: the same GCM word as the cipher, or SHA256."""

    GCMAES256 = "GCMAES256"
    GCMAES192 = "GCMAES192"
    GCMAES128 = "GCMAES128"
    SHA256 = "SHA256"


class PfsGroup(StrEnum):
    """Phase 2 Diffie-Hellman group. Never None: an unpinned one fails only at a rekey (libreswan issue 765)."""

    PFS2048 = "PFS2048"
    ECP256 = "ECP256"
    ECP384 = "ECP384"


# Words of Azure's that we refuse, each with the reason a person is given.
REFUSED_ALGORITHMS: Mapping[str, str] = {
    "SHA1": "SHA-1 is broken for signatures and deprecated for IKE; use SHA256 or SHA384",
    "MD5": "MD5 is broken; use SHA256 or SHA384",
    "DES": "DES is broken; use AES256",
    "DES3": "3DES has 64-bit blocks; use AES256",
    "DHGroup1": "768-bit groups are broken; use DHGroup14, ECP256 or ECP384",
    "DHGroup2": "modp1024 is too weak and Libreswan leaves it out since 3.30; use DHGroup14, ECP256 or ECP384",
    "DHGroup24": "group 24 has unproven parameters and Libreswan leaves it out since 3.26; use DHGroup14",
    "DHGroup2048": "Azure's second name for DHGroup14; write DHGroup14",
    "PFS1": "768-bit groups are broken; use PFS2048, ECP256 or ECP384",
    "PFS2": "modp1024 is too weak; use PFS2048, ECP256 or ECP384",
    "PFS24": "group 24 has unproven parameters; use PFS2048",
    "None": "every algorithm must be pinned, or the tunnel dies at its first rekey; name one",
}


class IpsecPolicy(Declared):
    """The complete cryptographic policy, pinned identically on both ends. Lifetimes are Azure's; ours are shorter."""

    ike_encryption: IkeEncryption = IkeEncryption.AES256
    ike_integrity: IkeIntegrity = IkeIntegrity.SHA256
    dh_group: DhGroup = DhGroup.DHGROUP14
    ipsec_encryption: IpsecEncryption = IpsecEncryption.GCMAES256
    ipsec_integrity: IpsecIntegrity = IpsecIntegrity.GCMAES256
    pfs_group: PfsGroup = PfsGroup.PFS2048
    # Azure's child SA lifetime: at least 300 s (Azure VPN FAQ). At most a day, Libreswan's own maximum.
    sa_lifetime_s: Annotated[int, Field(ge=300, le=86_400)] = 27_000
    sa_data_size_kb: Annotated[int, Field(ge=1024, le=2_147_483_647)] = 102_400_000
    dpd_timeout_s: Annotated[int, Field(ge=9, le=3600)] = 45

    @field_validator("*", mode="before")
    @classmethod
    def _not_weak(cls, value: Any) -> Any:
        if isinstance(value, str) and value in REFUSED_ALGORITHMS:
            raise ValueError(f"{value} is refused: {REFUSED_ALGORITHMS[value]}")
        return value

    @model_validator(mode="after")
    def _gcm_pairs(self) -> "IpsecPolicy":
        gcm = self.ipsec_encryption.startswith("GCM")
        right = self.ipsec_encryption.value if gcm else "SHA256"
        if self.ipsec_integrity != right:
            raise ValueError(f"ipsec_integrity must be {right} with ipsec_encryption {self.ipsec_encryption}")
        return self


class Probe(Declared):
    """An address behind Azure that must answer through the tunnel: by ICMP echo, or by TCP when a port is named."""

    address: IPv4Address
    port: Annotated[int, Field(ge=1, le=65535)] | None = None


class AwsSide(Declared):
    """Where the gateway stands. Only region and VPC are needed."""

    region: Region
    vpc: VpcId
    gateway_subnet: SubnetId | None = None
    route_tables: tuple[RouteTableId, ...] | None = None
    instance_type: InstanceType = "t3.small"
    image: Image | None = None
    # With which the gateway's volume is encrypted; without one it is the account's default key for EBS.
    kms_key: KmsKeyArn | None = None

    @model_validator(mode="after")
    def _key_of_the_region(self) -> "AwsSide":
        if self.kms_key and self.kms_key.split(":")[3] != self.region:
            raise ValueError(f"kms_key must be a key of {self.region}; a volume takes no other")
        return self

    @property
    def architecture(self) -> str:
        """`arm64` or `amd64` (Debian's words): a "g" follows the generation in the names of Graviton types."""
        family = self.instance_type.split(".")[0]
        return "arm64" if family == "a1" or re.match(r"^[a-z]+\d+g", family) else "amd64"

    @property
    def image_or_default(self) -> str:
        """The declared image, or the parameter under which Debian publishes its newest Debian 13 image."""
        return self.image or f"/aws/service/debian/release/13/latest/{self.architecture}"


class AzureSide(Declared):
    """The Azure VPN gateway, its virtual networks, and the Function that acts there for us."""

    tenant: Guid
    subscription: Guid
    resource_group: ResourceGroup
    vpn_gateway: AzureName
    virtual_networks: Annotated[tuple[AzureName, ...], Field(min_length=1)]
    function_url: AnyHttpUrl
    # The object id of the Function's managed identity: it alone may take the link's role in AWS.
    function_identity: Guid
    # For whom that identity's tokens are made, and the tenant's IAM OIDC provider where the account has one already.
    token_audience: AppIdUri | None = None
    identity_provider: OidcProviderArn | None = None

    @property
    def function_audience(self) -> str:
        """For whom the tokens of our roles are made."""
        return str(self.function_url).rstrip("/")

    @property
    def token_audience_or_default(self) -> str:
        """The declared audience, or the one that `azd up` has by default."""
        return self.token_audience or f"api://{self.tenant}/causeway"

    @property
    def issuer(self) -> str:
        """Who signs the tokens of the tenant's identities, as IAM names it (version 1 tokens, so that it ends in /)."""
        return f"sts.windows.net/{self.tenant}/"

    @field_validator("function_url")
    @classmethod
    def _https(cls, value: AnyHttpUrl) -> AnyHttpUrl:
        if value.scheme != "https":
            raise ValueError("must begin with https://, the request carries a token")
        if value.query or value.fragment or (value.path or "/") != "/":
            raise ValueError("must be the Function app's address alone, such as https://example.azurewebsites.net")
        return value

    @model_validator(mode="after")
    def _provider_of_the_tenant(self) -> "AzureSide":
        if self.identity_provider and not self.identity_provider.endswith(f":oidc-provider/{self.issuer}"):
            raise ValueError(f"identity_provider must be the one of the tenant: its ARN ends in {self.issuer}")
        return self


class LinkSpec(Declared):
    """One wanted link."""

    name: LinkName
    aws: AwsSide
    azure: AzureSide
    probe: Probe | None = None
    policy: IpsecPolicy = IpsecPolicy()
    tags: Mapping[TagName, Annotated[str, Field(max_length=256)]] = {}

    @field_validator("tags")
    @classmethod
    def _not_reserved(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        for key in tags:
            if key.lower().startswith(("aws:", "causeway-", "azure", "microsoft", "windows")):
                raise ValueError(f"tag {key!r} begins with a reserved prefix; choose another name")
        if len(tags) > 40:
            raise ValueError(f"{len(tags)} tags are too many; both clouds allow 50 and Causeway needs some: at most 40")
        return tags
