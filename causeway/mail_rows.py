"""Whether the mail about costs can arrive: its sender, and SES of its region. Reads only."""

from collections.abc import Iterator

from causeway import deployed, link_rows
from causeway.rows import Row
from lambdas.clouds import ses
from link.cost.wanted import CostMail
from link.finding import Check


def examine(mail: CostMail) -> Iterator[Row]:
    """A row for each thing that would keep it from arriving, or one for none. Raises CloudRefused or CloudBusy."""
    deployed.enter(mail.region)
    yield from link_rows.of_check(Check(f"mail from {mail.sender}", ses.warnings(mail.sender)))
