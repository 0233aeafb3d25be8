"""`doctor`: every prerequisite of a real deployment, looked at with the caller's credentials. Changes nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from causeway import account, link_rows, mail_rows, project, rows
from causeway.rows import Section, Status
from link import neighbours
from link.spec import LinkSpec


def examine(cdk_json: Path) -> Iterator[Section]:
    """Section by section, as they are found."""
    wanted, declared = project.wanted(cdk_json)
    links = wanted.links
    yield Section("this project", (*declared, *project.tools()))
    regions = sorted({link.aws.region for link in links})
    who = account.credentials(regions[0] if regions else account.HOME)
    if who.status is not Status.OK:
        yield Section("AWS account", (who,))
        return
    of_regions = {one: rows.ask(f"region {one}", account.region, one) for one in regions}
    usable = [one for one, found in of_regions.items() if all(row.status is not Status.REFUSED for row in found)]
    bootstrapped = [row for one in usable for row in rows.ask(f"CDK bootstrap, {one}", account.bootstrap, one)]
    issues = rows.ask(account.TOKENS, account.tokens, account.HOME)
    tenants = (
        [link for link in links if link.azure.tenant == one] for one in sorted({link.azure.tenant for link in links})
    )
    providers = [row for near in tenants for row in rows.ask(account.PROVIDER, account.identity_provider, near)]
    enabled = [row for found in of_regions.values() for row in found]
    yield Section("AWS account", (who, *enabled, *bootstrapped, *issues, *providers))
    yield from _links([link for link in links if link.aws.region in usable])
    if wanted.cost_mail and wanted.cost_mail.region in usable:
        yield Section("cost mail", rows.ask("SES", mail_rows.examine, wanted.cost_mail))


def _links(links: Sequence[LinkSpec]) -> Iterator[Section]:
    seen = []
    for link in links:
        examined = link_rows.examine(link)
        yield examined.section
        if examined.facts:
            seen.append((link, examined.facts.azure))
    if len(links) > 1:
        yield Section("all links", tuple(link_rows.of_check(neighbours.check(seen))))
