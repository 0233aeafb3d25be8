"""The CDK app: a stack for each link that cdk.json's context wants, and one for each region. Needs no credentials."""

import sys
from pathlib import Path

from aws_cdk import App

from link.declared import parse_alert_emails, parse_links
from link.errors import SpecInvalid
from stacks.link_stack import LinkStack
from stacks.watch_stack import WatchStack

ROOT = Path(__file__).resolve().parent
LAMBDA_ASSET = ROOT / ".build" / "lambda"


def main() -> int:
    """Synthesises; returns 1 with a line for each fault when the declared links are wrong."""
    app = App()
    try:
        links = parse_links(app.node.try_get_context("links"))
        alert_emails = parse_alert_emails(app.node.try_get_context("alert_emails"))
    except SpecInvalid as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    if not LAMBDA_ASSET.is_dir():
        sys.stderr.write("the Lambda asset is not built yet; run: make lambda-asset\n")
        return 1
    for region in dict.fromkeys(link.aws.region for link in links):
        near = [link for link in links if link.aws.region == region]
        watch = WatchStack(app, region, near, alert_emails, LAMBDA_ASSET)
        for link in near:
            # First made and last destroyed: a link's walks write to its list and ask it for looks.
            LinkStack(app, link, LAMBDA_ASSET).add_dependency(watch)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
