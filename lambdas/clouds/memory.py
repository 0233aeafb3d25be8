"""What links remember in their tables, read for any number of links in as few calls as DynamoDB has pages for it."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from lambdas.clouds import dynamo, table
from link.reading import Reading
from link.record import Record
from link.remedy import Memory, Pause
from link.report import Report

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
)


class Remembered(Record):
    """One link's table. `holder` is the walk that has the lock, `asked` how often a look was wished for."""

    holder: str | None
    asked: int
    published_version: str | None
    established_in: str | None
    azure_side: tuple[str, str] | None
    own_routes: frozenset[tuple[str, IPv4Network]]
    boots: dict[str, table.Boot]
    reading: Reading | None
    report: Report | None
    tried: Memory
    pause: Pause | None


def recall(instances: Mapping[str, Sequence[str]]) -> dict[str, Remembered]:
    """By table. `instances` names, for each table, the instances whose boots are asked for."""
    wanted = [
        (name, id)
        for name, some in instances.items()
        for id in (*ITEMS, *(table.boot_id(instance) for instance in some))
    ]
    items = dynamo.get_all(wanted)
    return {name: _remembered({id: items.get((name, id), {}) for of, id in wanted if of == name}) for name in instances}


def _remembered(items: Mapping[str, dynamo.Item]) -> Remembered:
    reading, report, pause, tried = (items[id].get("document") for id in ("reading", "report", "pause", "remedies"))
    return Remembered(
        holder=items["lock"].get("holder"),
        asked=int(items["looks"].get("asked", "0")),
        published_version=items["configuration"].get("version"),
        established_in=items["established"].get("vpc"),
        azure_side=table.side(items["azure"]),
        own_routes=table.routes(items[table.ROUTES]),
        boots={id.removeprefix("boot#"): table.boot(item) for id, item in items.items() if id.startswith("boot#")},
        reading=Reading.model_validate_json(reading) if reading else None,
        report=Report.model_validate_json(report) if report else None,
        tried=Memory.model_validate_json(tried) if tried else Memory(),
        pause=Pause.model_validate_json(pause) if pause else None,
    )
