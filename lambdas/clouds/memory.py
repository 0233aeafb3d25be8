"""What links remember in their tables, read for any number of links in as few calls as DynamoDB has pages for it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from lambdas.clouds import dynamo, table
from link.errors import CloudRefused
from link.healing_state import HealingState, Pause
from link.known import Known
from link.reading import Reading
from link.record import Record
from link.report import Report

logger = Logger(service="causeway")

ITEMS = (
    "lock",
    "looks",
    "configuration",
    "established",
    "azure",
    table.ROUTES,
    "reading",
    "report",
    "remedies",
    "pause",
    "known",
    "findings",
    "launched",
)


class Remembered(Record):
    """One link's table. `holder` is the walk that has the lock, `asked` how often a look was wished for."""

    holder: str | None
    asked: int
    published_version: str | None
    established: table.Established
    azure_side: tuple[str, str] | None
    own_routes: frozenset[tuple[str, IPv4Network]]
    boots: dict[str, table.Boot]
    reading: Reading | None
    report: Report | None
    healing: HealingState
    pause: Pause | None
    known: Known | None
    findings: table.Findings | None
    launched_zones: tuple[str, ...]


def recall(instances: Mapping[str, Sequence[str]]) -> dict[str, Remembered | CloudRefused]:
    """By table. `instances` names, for each table, the instances whose boots are asked for.

    A table that is refused or unreadable is answered for by an error of its own. Raises CloudBusy.
    """
    wanted = {name: [*ITEMS, *(table.boot_id(instance) for instance in some)] for name, some in instances.items()}
    items, refused = dynamo.get_each((name, id) for name, ids in wanted.items() for id in ids)
    return {name: refused.get(name) or _of(name, ids, items) for name, ids in wanted.items()}


def recall_one(name: str, instances: Sequence[str] = ()) -> Remembered:
    """One table's. Raises CloudBusy or CloudRefused."""
    found = recall({name: instances})[name]
    if isinstance(found, CloudRefused):
        raise found
    return found


def _of(name: str, ids: Sequence[str], items: Mapping[tuple[str, str], dynamo.Item]) -> Remembered | CloudRefused:
    try:
        return _remembered({id: items.get((name, id), {}) for id in ids})
    except (ValueError, KeyError) as exc:  # ValidationError is a ValueError
        return CloudRefused(f"the items of table {name} cannot be read: {exc}")


def _remembered(items: Mapping[str, dynamo.Item]) -> Remembered:
    return Remembered(
        holder=items["lock"].get("holder"),
        asked=int(items["looks"].get("asked", "0")),
        published_version=items["configuration"].get("version"),
        established=table.Established.model_validate(dict(items["established"])),
        azure_side=table.side(items["azure"]),
        own_routes=table.routes(items[table.ROUTES]),
        boots={id.removeprefix("boot#"): table.boot(item) for id, item in items.items() if id.startswith("boot#")},
        reading=table.kept_reading(items["reading"], datetime.now(UTC)),
        report=_document(Report, items["report"]),
        healing=_document(HealingState, items["remedies"]) or HealingState(),
        pause=_document(Pause, items["pause"]),
        known=_document(Known, items["known"]),
        findings=_document(table.Findings, items["findings"]),
        launched_zones=table.zones(items["launched"]),
    )


def _document[T: Record](kind: type[T], item: dynamo.Item) -> T | None:
    """What a link can do without: one that cannot be read counts as absent, and the log names it."""
    text = item.get("document")
    if text is None:
        return None
    try:
        return kind.model_validate_json(text)
    except ValidationError as exc:
        faults = [".".join(map(str, one["loc"])) for one in exc.errors(include_input=False, include_url=False)]
        logger.error("an item of a link's table cannot be read", kind=kind.__name__, fields=faults)
        return None
