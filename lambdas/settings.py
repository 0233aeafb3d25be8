"""What the stack tells every function, read once from the environment. A missing value stops the cold start."""

import os
from collections.abc import Mapping
from functools import cache

from pydantic import AnyHttpUrl, Field, TypeAdapter

from gateway import cloud_config
from link.record import Record
from link.spec import LinkSpec
from link.wanted import Deployment


class Settings(Record):
    """The link and what CloudFormation made for it: ARNs and ids."""

    spec: LinkSpec
    deployment: str
    region: str
    table: str
    psk_secret: str
    elastic_ip_allocation: str
    security_group: str
    instance_profile: str
    state_machine: str
    # The version of the user data that this link's functions bring; the watch may be of another version of Causeway.
    agent: str = Field(default_factory=cloud_config.version)

    @property
    def deployed(self) -> Deployment:
        """What the plan needs to know of this deployment."""
        return Deployment(id=self.deployment, psk_secret=self.psk_secret, agent=self.agent)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Raises pydantic's ValidationError, which names the field, when a value is missing or empty."""
    return Settings.model_validate(
        {
            "spec": LinkSpec.model_validate_json(environment.get("CAUSEWAY_SPEC", "")),
            "region": environment.get("AWS_REGION"),
            **{
                name: environment.get(f"CAUSEWAY_{name.upper()}") or None
                for name in (
                    "deployment",
                    "table",
                    "psk_secret",
                    "elastic_ip_allocation",
                    "security_group",
                    "instance_profile",
                    "state_machine",
                )
            },
        }
    )


AZURE_PRICES = "https://prices.azure.com"


def azure_prices(environment: Mapping[str, str]) -> str:
    """Where Azure's Retail Prices interface answers, without a path. Raises ValidationError when it is no address."""
    given = environment.get("CAUSEWAY_AZURE_PRICES") or AZURE_PRICES
    return str(TypeAdapter(AnyHttpUrl).validate_python(given)).rstrip("/")


@cache
def load() -> Settings:
    """The settings of this function."""
    return from_environment(os.environ)
