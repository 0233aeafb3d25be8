"""The attachment: every number exactly, hours first, then the priced items; safe to open in a spreadsheet."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

import pytest

from lambdas.mail import sheet
from link.cost.statement import Statement
from tests import statements
from tests.lambdas.mail import pages


def _rows(statement: Statement, record: str) -> list[dict[str, str]]:
    return [row for row in pages.rows(sheet.write(statement)) if row["record"] == record]


def test_each_hour_of_each_link_is_a_row_in_bytes_and_a_broken_one_says_so() -> None:
    part = statements.part()
    rows = _rows(statements.statement(), "hour")
    assert [(int(row["aws_to_azure_bytes"]), int(row["azure_to_aws_bytes"])) for row in rows] == [
        (hour.aws_to_azure, hour.azure_to_aws) for hour in part.hours
    ]
    assert [one for one, row in enumerate(rows) if row["complete"] == "no"] == [300, 301]
    assert (rows[0]["start"], rows[-1]["start"]) == ("2026-10-01T00:00:00+02:00", "2026-10-31T23:00:00+01:00")


def test_the_hours_add_up_to_the_days_of_the_mail() -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in _rows(statements.statement(), "hour"):
        sums[row["start"][:10]] += int(row["aws_to_azure_bytes"])
    assert list(sums.values()) == [day.aws_to_azure for day in statements.part().days]


def test_each_priced_item_is_a_row_with_all_that_its_cost_came_from() -> None:
    rows = _rows(statements.statement(), "item")
    for row, line in zip(rows, statements.lines(), strict=True):
        assert (row["item"], row["what"], row["region"], row["unit"]) == (
            line.item,
            line.what,
            line.region,
            line.unit,
        )
        assert abs(Decimal(row["quantity"]) - line.quantity) < Decimal("1e-11")
        assert abs(Decimal(row["cost_usd"]) - line.cost) < Decimal("1e-11")
        assert (Decimal(row["unit_price_usd"]), row["priced_on"]) == (line.unit_price, str(line.priced_on))
        assert (row["source"], row["fallback"], row["mark"]) == (line.source, "no", "estimate")


def test_every_other_number_of_the_statement_is_a_row_too() -> None:
    statement = statements.statement()
    (part,) = statement.parts
    expected = {
        "total": statement.total,
        "previous": statement.previous,
        "month to date": statement.month_to_date,
        "forecast": statement.forecast,
        "budget": statement.budget,
        "link total": part.total,
        "link previous": part.previous,
        "link per GB": part.per_gb,
        "link with AWS-managed VPN": part.managed,
    }
    for record, value in expected.items():
        (row,) = _rows(statement, record)
        assert value is not None and abs(Decimal(row["cost_usd"]) - value) < Decimal("1e-11"), record
    shares = {"uptime": part.health.uptime, "looked at": part.health.looked_at}
    for record, share in shares.items():
        assert Decimal(_rows(statement, record)[0]["quantity"]) == share
    assert abs(Decimal(_rows(statement, "change")[0]["quantity"]) - (statement.change or 0)) < Decimal("1e-11")
    assert part.witness is not None
    assert _rows(statement, "Azure's counters")[0]["aws_to_azure_bytes"] == str(part.witness.aws_to_azure)
    assert _rows(statement, "Azure's counters")[0]["azure_to_aws_bytes"] == str(part.witness.azure_to_aws)
    assert [row["quantity"] for row in _rows(statement, "incident")] == ["137", "41"]
    (total,) = _rows(statement, "link total")
    assert (total["aws_to_azure_bytes"], total["azure_to_aws_bytes"]) == (
        str(part.aws_to_azure),
        str(part.azure_to_aws),
    )


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|'/c calc'!A1",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        " =1",
        "\u200b=1",
        "\uff1d1",
        'x";=1',
        "x;=1",
    ],
)
def test_no_text_begins_a_formula_in_any_cell(text: str) -> None:
    first, *rest = statements.lines()
    lines = (first.model_copy(update={"what": text, "source": text, "region": text}), *rest)
    part = statements.part(link=text, lines=lines, gaps=(text,))
    written = sheet.write(statements.statement(part, label=text, notes=(text,), forecast_method=text, allowance=text))
    assert not [
        cell
        for row in pages.rows(written)
        for cell in row.values()
        if cell.lstrip(" \t\r\n\u200b").startswith(("=", "+", "@", "\uff1d")) or cell.startswith("-2")
    ]
    assert ";" not in written.decode("utf-8-sig")


def test_a_number_below_zero_stays_a_number() -> None:
    (row,) = _rows(statements.statement(change=Decimal("-0.25")), "change")
    assert row["quantity"] == "-0.25"


def test_times_are_iso_8601_with_their_offset() -> None:
    for record in ("period begins", "period ends", "made", "incident"):
        for row in _rows(statements.statement(), record):
            assert datetime.fromisoformat(row["start"]).utcoffset() is not None


def test_a_spreadsheet_is_told_that_it_is_utf_8_and_each_line_ends_as_rfc_4180_has_it() -> None:
    written = sheet.write(statements.statement(statements.part(link="Königsberg")))
    assert written.startswith(b"\xef\xbb\xbf") and "Königsberg" in written.decode("utf-8-sig")
    assert written.count(b"\r\n") == written.count(b"\n") == len(pages.rows(written)) + 1
