"""What all links of an Azure tenant share in the AWS account, by name: IAM allows one provider of identities a URL."""

from collections.abc import Sequence

from link.spec import LinkSpec


def stack(tenant: str) -> str:
    """The name of the tenant's stack, which no link's stack can have."""
    return f"CausewayTenant-{tenant}"


def making(links: Sequence[LinkSpec]) -> dict[str, tuple[LinkSpec, ...]]:
    """By tenant, the links for which its stack makes the provider: those that adopt none. The first's region is its."""
    own = [link for link in links if link.azure.identity_provider is None]
    return {
        tenant: tuple(link for link in own if link.azure.tenant == tenant)
        for tenant in dict.fromkeys(link.azure.tenant for link in own)
    }
