"""Runs cdk-nag's AwsSolutions rules over the stacks, of a link with every default and of one with options.

A finding is mended, or acknowledged in tools/acknowledged.py; a line tells of each that is neither, and of each
acknowledgement that nothing needs any more.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from aws_cdk import App
from cdk_nag import AwsSolutionsChecks

from app import declare
from link.cost.wanted import CostMail
from link.spec import LinkSpec
from tools.acknowledged import ACKNOWLEDGED, Finding

ROOT = Path(__file__).resolve().parent.parent
GUID = "11111111-2222-3333-4444-555555555555"
AZURE = {
    "tenant": GUID,
    "subscription": GUID,
    "resource_group": "network",
    "vpn_gateway": "vpn-gateway",
    "virtual_networks": ["workloads"],
    "function_url": "https://causeway-example.azurewebsites.net",
    "function_identity": GUID,
}
AWS = {"region": "eu-west-1", "vpc": "vpc-0123456789abcdef0"}
OPTIONS = {
    "gateway_subnet": "subnet-0123456789abcdef0",
    "route_tables": ["rtb-0123456789abcdef0"],
    "instance_type": "c7i.large",
    "image": "/images/gateway",
    "kms_key": "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555",
}
PLAIN = {"name": "plain", "aws": AWS, "azure": AZURE}
MAIL = {"sender": "causeway@example.com", "recipients": ["network@example.com"], "region": "eu-west-1"}
FULL = {"name": "full", "aws": {**AWS, **OPTIONS}, "azure": AZURE, "probe": {"address": "10.0.1.10", "port": 443}}


def findings() -> set[Finding]:
    """What the rules find. What differs by a link's name alone is the same finding, of `causeway-LINK`."""
    app = App(outdir=str(ROOT / ".build" / "nag"))
    links = [LinkSpec.model_validate(declared) for declared in (PLAIN, FULL)]
    mail = CostMail.model_validate(MAIL)
    declare(app, links, ["network@example.com"], mail, ROOT / "link")  # any folder: no rule looks into an asset
    # As a plugin of the synthesis the pack would say the same, in a file and seconds later.
    report = AwsSolutionsChecks(app).validate_scope(app)
    return {
        (_nameless(violation.rule_name), _nameless(str(resource.construct_path)))
        for violation in report.violations
        for resource in violation.violating_resources
    }


def _nameless(text: str) -> str:
    for link in (PLAIN, FULL):
        text = text.replace(f"causeway-{link['name']}", "causeway-LINK")
    return text


def lines(found: Iterable[Finding], acknowledged: Iterable[Finding]) -> Iterator[str]:
    """A line for each finding that nobody has acknowledged, and for each acknowledgement of nothing."""
    found, acknowledged = set(found), set(acknowledged)
    yield from (f"{rule} at {where}" for rule, where in sorted(found - acknowledged))
    yield from (f"{rule} at {where} is acknowledged and not found" for rule, where in sorted(acknowledged - found))


if __name__ == "__main__":
    wrong = list(lines(findings(), (finding for one in ACKNOWLEDGED for finding in one.findings())))
    sys.exit("\n".join(wrong) or None)
