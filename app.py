"""The CDK app: a stack for each link of cdk.json, each region and Azure tenant, and the mail. Needs no credentials."""

import sys
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import App

from link import tenant
from link.cost.wanted import CostMail
from link.declared import parse_alert_emails, parse_cost_mail, parse_links
from link.errors import SpecInvalid
from link.spec import LinkSpec
from stacks.cost_stack import CostStack
from stacks.link_stack import LinkStack
from stacks.tenant_stack import TenantStack
from stacks.watch_stack import WatchStack

ROOT = Path(__file__).resolve().parent
LAMBDA_ASSET = ROOT / ".build" / "lambda"


def main() -> int:
    """Synthesises; returns 1 with a line for each fault when the declared links are wrong."""
    app = App()
    try:
        links = parse_links(app.node.try_get_context("links"))
        alert_emails = parse_alert_emails(app.node.try_get_context("alert_emails"))
        cost_mail = parse_cost_mail(app.node.try_get_context("cost_mail"), links)
    except SpecInvalid as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    if not LAMBDA_ASSET.is_dir():
        sys.stderr.write("the Lambda asset is not built yet; run: make lambda-asset\n")
        return 1
    declare(app, links, alert_emails, cost_mail, LAMBDA_ASSET)
    app.synth()
    return 0


def declare(
    app: App, links: Sequence[LinkSpec], alert_emails: Sequence[str], cost_mail: CostMail | None, asset: Path
) -> None:
    """The stacks. What one needs of others is made before it and destroyed after it."""
    costs = CostStack(app, cost_mail, links, asset) if cost_mail else None
    providers = {one: TenantStack(app, near) for one, near in tenant.making(links).items()}
    for region in dict.fromkeys(link.aws.region for link in links):
        near = [link for link in links if link.aws.region == region]
        watch = WatchStack(app, region, near, alert_emails, asset)
        if costs:
            costs.add_stack_dependency(watch)
        for link in near:
            made = LinkStack(app, link, asset)
            # A link's walks write to the watch's list and ask it for looks.
            made.add_stack_dependency(watch)
            if link.azure.identity_provider is None:
                made.add_stack_dependency(providers[link.azure.tenant])


if __name__ == "__main__":
    sys.exit(main())
