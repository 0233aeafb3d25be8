"""The stack of an Azure tenant: the provider by which IAM knows the tenant's identities, for links that adopt none.

IAM allows one a URL in an account, so it can belong to no link. IAM has no regions, but a stack has: the first link's.
"""

from collections.abc import Sequence

from aws_cdk import Environment, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from link import tenant
from link.spec import LinkSpec


class TenantStack(Stack):
    """The provider, for the audiences of the tenant's links. It trusts nobody with anything: the links' roles do."""

    def __init__(self, scope: Construct, links: Sequence[LinkSpec]) -> None:
        side = links[0].azure
        super().__init__(
            scope,
            tenant.stack(side.tenant),
            env=Environment(region=links[0].aws.region),
            description="Lets Causeway's Function in an Azure tenant become its links' roles",
        )
        # Not the CDK's OpenIdConnectProvider, which brings a Lambda function. AWS checks the certificate by itself.
        iam.CfnOIDCProvider(
            self,
            "Provider",
            url=f"https://{side.issuer}",
            client_id_list=sorted({link.azure.token_audience_or_default for link in links}),
        )
