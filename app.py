"""The CDK app: reads the wanted links from cdk.json's context and gives each its stack. Needs no credentials."""

import sys
from pathlib import Path

from aws_cdk import App

from link.declared import parse_links
from link.errors import SpecInvalid
from stacks.link_stack import LinkStack

ROOT = Path(__file__).resolve().parent
LAMBDA_ASSET = ROOT / ".build" / "lambda"


def main() -> int:
    """Synthesises; returns 1 with a line for each fault when the declared links are wrong."""
    app = App()
    try:
        links = parse_links(app.node.try_get_context("links"))
    except SpecInvalid as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    if not LAMBDA_ASSET.is_dir():
        sys.stderr.write("the Lambda asset is not built yet; run: make lambda-asset\n")
        return 1
    for link in links:
        LinkStack(app, link, LAMBDA_ASSET)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
