"""What doctor says of one link: its stack, its Azure side, and Preflight's checks. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from causeway import azure_rows, checked, deployed, rows
from causeway.deployed import Found
from causeway.rows import Row, Section, Status
from lambdas.clouds import aws
from link import plan
from link.errors import CausewayError
from link.facts import AzureFacts, Facts
from link.finding import Check
from link.spec import LinkSpec

# States that CloudFormation does not leave by itself (user guide, "Stack status codes"), and what does.
_STUCK = {
    "ROLLBACK_FAILED": "remove what its events name, then: make destroy",
    "DELETE_FAILED": "remove what its events name, then: make destroy",
    "UPDATE_ROLLBACK_FAILED": "mend what its events name, then: "
    "aws cloudformation continue-update-rollback --stack-name {}",
}


@dataclass(frozen=True)
class Examined:
    """The rows of one link, and what both clouds looked like where both could be seen."""

    section: Section
    facts: Facts | None


def examine(spec: LinkSpec) -> Examined:
    """Everything of one link, with whatever could be seen."""
    deployed.enter(spec.aws.region)
    title = f"link {spec.name} ({spec.aws.region}, {spec.aws.vpc})"
    try:
        here = deployed.find(spec)
    except CausewayError as exc:
        return Examined(Section(title, (Row("stack", Status.UNKNOWN, str(exc), rows.ALLOW),)), None)
    ref = plan.azure_ref(spec, here.settings.deployed)
    azure, function = azure_rows.ask(spec.azure, ref)
    facts, network = _network(here, azure)
    return Examined(Section(title, (_stack(here), *function, *network)), facts)


def _stack(here: Found) -> Row:
    name, status = f"causeway-{here.settings.spec.name}", here.stack
    if status is None:
        return Row("stack", Status.OK, f"{name}: not deployed yet")
    found = f"{name}: {status}"
    if status in _STUCK:
        return Row("stack", Status.REFUSED, found, _STUCK[status].format(name))
    if status.endswith("_IN_PROGRESS"):
        return Row("stack", Status.WARNING, found, "wait until it has ended")
    return Row("stack", Status.OK, found)


def _network(here: Found, azure: AzureFacts | None) -> tuple[Facts | None, tuple[Row, ...]]:
    """Preflight's checks, one or more rows each."""
    try:
        found = aws.look(here.settings, deployed=here.is_deployed)
        made = checked.checks(here, found, azure)
    except CausewayError as exc:
        return None, (_not_seen(exc, here.settings.spec),)
    facts = Facts(aws=found, azure=azure) if azure else None
    return facts, tuple(row for check in made for row in of_check(check))


def _not_seen(exc: CausewayError, spec: LinkSpec) -> Row:
    if str(exc) == aws.missing(aws.VPC, spec.aws.vpc):
        found = f"{spec.aws.vpc} is not in {spec.aws.region} of this account"
        return Row(
            "VPC", Status.REFUSED, found, "correct aws.vpc or aws.region, or use the other account's credentials"
        )
    return Row("VPC", Status.UNKNOWN, str(exc), rows.ALLOW)


def of_check(check: Check) -> Iterator[Row]:
    """A row for each finding, or one for none."""
    if not check.findings:
        yield Row(check.title, Status.OK, "")
    for finding in check.findings:
        one = finding.condition
        if one.reason == "NotChecked":
            yield Row(check.title, Status.UNKNOWN, one.message, one.remedy)
        else:
            yield Row(check.title, Status(finding.level), f"{one.reason}: {one.message}", one.remedy)
