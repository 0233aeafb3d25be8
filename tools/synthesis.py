"""The stacks of example links, synthesised in this process and read back as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import App

from app import declare
from link.cost.wanted import CostMail
from link.spec import LinkSpec

ROOT = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
GUID = "11111111-2222-3333-4444-555555555555"
COST_MAIL = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": REGION}
STACK_PREFIX = "causeway-"  # of a link's stack; no other stack's name begins with it (link/region.py)

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """One synthesised stack, its resources by logical id."""

    name: str
    region: str
    resources: Mapping[str, Resource]

    @property
    def belongs_to_link(self) -> bool:
        return self.name.startswith(STACK_PREFIX)

    def of_type(self, kind: str) -> dict[str, Resource]:
        """The resources of one CloudFormation type."""
        return {id: one for id, one in self.resources.items() if one["Type"] == kind}


def example_link(number: int) -> LinkSpec:
    """A link with defaults. Each has its own Function, so a policy that lists Functions grows with the links too."""
    name = f"example-{number:03}"
    azure = {
        "tenant": GUID,
        "subscription": GUID,
        "resource_group": "network",
        "vpn_gateway": "vpn-gateway",
        "virtual_networks": ["workloads"],
        "function_url": f"https://causeway-{name}.azurewebsites.net",
        "function_identity": GUID,
    }
    aws = {"region": REGION, "vpc": "vpc-0123456789abcdef0"}
    return LinkSpec.model_validate({"name": name, "aws": aws, "azure": azure})


@cache
def example_stacks(links: int) -> tuple[Stack, ...]:
    """All stacks of one region with so many links and the cost mail. A hundred links take a minute, hence the cache."""
    declared = [example_link(number) for number in range(1, links + 1)]
    with TemporaryDirectory() as folder:
        app = App(outdir=folder)
        # Any folder serves as the asset: a template holds its hash alone.
        declare(app, declared, ["network@example.com"], CostMail.model_validate(COST_MAIL), ROOT / "link")
        found = app.synth().stacks
        return tuple(Stack(one.stack_name, one.environment.region, one.template["Resources"]) for one in found)


def link_stack(stacks: Sequence[Stack]) -> Stack:
    """The stack of the only link."""
    (found,) = (one for one in stacks if one.belongs_to_link)
    return found
