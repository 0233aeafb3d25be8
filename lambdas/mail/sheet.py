"""The attachment: one CSV table (RFC 4180) of every number, exact; `record` says what a row is.

Rows `hour` come first, then `item` (a priced item each), then single figures. Texts are made safe for spreadsheets.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lambdas.mail import rounding, wording
from link.cost.statement import Part, Statement

COLUMNS = (
    "record",
    "link",
    "start",
    "aws_to_azure_bytes",
    "azure_to_aws_bytes",
    "complete",
    "item",
    "what",
    "region",
    "quantity",
    "unit",
    "unit_price_usd",
    "cost_usd",
    "priced_on",
    "source",
    "fallback",
    "mark",
)
# A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection"); the wide forms are where Japanese is
# typed. Quotes don't keep it from that. Where ";" separates cells, it would begin one in the middle of ours.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Row = dict[str, Any]


def write(statement: Statement) -> bytes:
    """UTF-8 with a byte order mark, without which Excel reads another encoding."""
    file = io.StringIO()
    sheet = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
    sheet.writeheader()
    for row in _rows(statement):
        sheet.writerow({column: _cell(value) for column, value in row.items()})
    return file.getvalue().encode("utf-8-sig")


def _rows(statement: Statement) -> Iterator[Row]:
    zone = ZoneInfo(statement.time_zone)
    for kind in (_hours, _items):
        for part in statement.parts:
            yield from kind(part, zone)
    for part in statement.parts:
        yield from ({"link": part.link, **row} for row in _figures(part, zone))
    yield from _totals(statement, zone)


def _hours(part: Part, zone: ZoneInfo) -> Iterator[Row]:
    for hour in part.hours:
        yield {
            "record": "hour",
            "link": part.link,
            "start": hour.start.astimezone(zone),
            "aws_to_azure_bytes": hour.aws_to_azure,
            "azure_to_aws_bytes": hour.azure_to_aws,
            "complete": hour.complete,
        }


def _items(part: Part, _: ZoneInfo) -> Iterator[Row]:
    for line in part.lines:
        yield {
            "record": "item",
            "link": part.link,
            "item": line.item.value,
            "what": line.what,
            "region": line.region,
            "quantity": line.quantity,
            "unit": line.unit.value,
            "unit_price_usd": line.unit_price,
            "cost_usd": line.cost,
            "priced_on": str(line.priced_on),
            "source": line.source,
            "fallback": line.fallback,
            "mark": line.mark.value,
        }


def _figures(part: Part, zone: ZoneInfo) -> Iterator[Row]:
    crossed = {"aws_to_azure_bytes": part.aws_to_azure, "azure_to_aws_bytes": part.azure_to_aws}
    yield {
        "record": "link total",
        **crossed,
        "region": f"{part.aws_region}, {part.azure_region}",
        "cost_usd": part.total,
    }
    yield {"record": "link previous", "cost_usd": part.previous}
    yield {"record": "link per GB", "cost_usd": part.per_gb}
    yield {"record": "link with AWS-managed VPN", "cost_usd": part.managed}
    yield {"record": "uptime", "quantity": part.health.uptime}
    yield {"record": "looked at", "quantity": part.health.looked_at}
    if seen := part.witness:
        counted = {"aws_to_azure_bytes": seen.aws_to_azure, "azure_to_aws_bytes": seen.azure_to_aws}
        yield {"record": "Azure's counters", **counted, "what": seen.because, "complete": seen.explained}
    for incident in part.health.incidents:
        at = incident.at.astimezone(zone)
        yield {
            "record": "incident",
            "start": at,
            "what": incident.reason,
            "quantity": incident.seconds,
            "unit": "second",
        }
    yield from ({"record": "gap", "what": gap} for gap in part.gaps)
    yield from ({"record": "gateway", "what": gateway} for gateway in part.health.gateways)


def _totals(statement: Statement, zone: ZoneInfo) -> Iterator[Row]:
    yield {"record": "period begins", "start": statement.start.astimezone(zone), "what": statement.label}
    yield {"record": "period ends", "start": statement.end.astimezone(zone)}
    yield {"record": "made", "start": statement.made_at.astimezone(zone)}
    yield {"record": "total", "cost_usd": statement.total}
    yield {"record": "previous", "cost_usd": statement.previous}
    yield {"record": "change", "quantity": statement.change, "what": statement.trend.value}
    yield {"record": "month to date", "cost_usd": statement.month_to_date}
    yield {"record": "forecast", "cost_usd": statement.forecast, "what": statement.forecast_method}
    yield {"record": "budget", "cost_usd": statement.budget, "what": "passed" if statement.over_budget else ""}
    yield {"record": "allowance", "what": statement.allowance}
    yield from ({"record": "note", "what": note} for note in statement.notes)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return rounding.exact(value)
        case datetime():
            return value.isoformat()
        case int():
            return str(value)
    text = wording.line(str(value), 1000).replace(";", ",")
    return f"'{text}" if text.startswith(_FORMULA) else text
