"""HTML and plain text: every number is there, both say the same, texts stay texts, nothing is clipped."""

import quopri
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lambdas.mail import drawing, rounding, subject
from link.cost.price import Unit
from link.cost.statement import Crossed, Every, Health, Incident, Mark, Part, Statement, Trend, Witness
from tests import statements
from tests.lambdas.mail import pages
from tests.lambdas.mail.pages import Page

HOSTILE = "<script>alert(1)</script>\r\nBcc: everybody@example.com \u202e{{ 7*7 }} & \"quoted\" 'x'"
CLIPPED = 102 * 1024  # bytes of HTML that Gmail shows


def _shown(statement: Statement) -> list[str]:
    """All numbers of a statement of one link as a person should find them."""
    money, gb = rounding.money, rounding.gigabytes
    (part,) = statement.parts
    sums = [statement.total, statement.month_to_date, statement.previous, statement.forecast, statement.budget]
    sums += [part.total, part.previous, part.per_gb, part.managed, *(line.cost for line in part.lines)]
    crossed = [(part.aws_to_azure, part.azure_to_aws), *((day.aws_to_azure, day.azure_to_aws) for day in part.days)]
    seen, health = part.witness, part.health
    crossed += [(seen.aws_to_azure, seen.azure_to_aws)] if seen else []
    return [
        *(money(one) for one in sums if one is not None),
        *(gb(count) for pair in crossed for count in pair),
        *(f"{line.quantity * 10**6:,.0f}" for line in part.lines if line.unit is Unit.MILLION),
        *(rounding.quantity(line.quantity) for line in part.lines if line.unit is not Unit.MILLION),
        *(rounding.unit_price(line.unit_price) for line in part.lines),
        *(str(line.priced_on) for line in part.lines),
        *(rounding.share(share) for share in (health.uptime, health.looked_at) if share is not None),
        *(f"{incident.seconds} seconds" for incident in health.incidents),
        *([rounding.change(statement.trend, statement.change)]),
    ]


CASES = {
    "a month": statements.statement(),
    "down": statements.statement(trend=Trend.DOWN, change=Decimal("-0.3")),
    "flat": statements.statement(trend=Trend.FLAT, change=Decimal("0.049")),
    "the first": statements.statement(
        statements.part(previous=None), trend=Trend.UNKNOWN, change=None, previous=None, forecast=None, budget=None
    ),
    "over budget": statements.statement(budget=Decimal("199.99"), over_budget=True),
    "billed": statements.statement(statements.part(lines=tuple(statements.billed(one) for one in statements.lines()))),
}


@pytest.mark.parametrize("name", CASES)
def test_every_number_of_the_statement_is_in_html_and_text_alike(name: str) -> None:
    drawn = drawing.draw(CASES[name])
    said = Page(drawn.html).said
    assert [one for one in _shown(CASES[name]) if one not in said or one not in " ".join(drawn.text.split())] == []
    assert set(pages.numbers(said)) == set(pages.numbers(drawn.text))


def test_the_words_of_text_and_html_are_the_same_too() -> None:
    drawn = drawing.draw(statements.statement(notes=("the price list did not answer",)))
    said = Page(drawn.html).said
    for words in (
        "+12%, up from $178.80 in the month before",
        "The price list did not answer.",
        "Gaps in the counted traffic: 1 of link prod.",
        "312.4 GB at $0.09 per GB, eu-west-1; price of 2026-11-01, AWS Price List",
        "89,300 at $0.20 per million",
        "2 of 2 healed; GatewayGone on 2026-10-09 05:12, after 137 seconds",
        "i-0a1b2c3d4e5f60718 running since 2026-10-09 05:14; Azure says Connected",
        "agrees with ours",
        "The same with AWS-managed VPN",
        "From 2026-10-01 00:00 to 2026-11-01 00:00, made 2026-11-01 06:00; all times are Europe/Berlin.",
    ):
        assert words in said and words in " ".join(drawn.text.split()), words


def test_each_cost_is_marked_as_estimate_or_billed_and_the_sum_as_what_it_is() -> None:
    first, *rest = statements.lines()
    mixed = drawing.draw(statements.statement(statements.part(lines=(statements.billed(first), *rest))))
    assert "(part estimate, part billed)" in mixed.text and "(part estimate, part billed)" in Page(mixed.html).said
    for said in (Page(mixed.html).said, " ".join(mixed.text.split())):
        assert "$28.12 billed" in said and "$5.88 estimate" in said
    assert f"({Mark.BILLED})" in drawing.draw(CASES["billed"]).text


def test_prices_that_are_brought_along_are_said_first_and_at_the_item() -> None:
    first, *rest = statements.lines()
    old = first.model_copy(update={"fallback": True, "priced_on": date(2026, 10, 5)})
    drawn = drawing.draw(statements.statement(statements.part(lines=(old, *rest))))
    notice = "Not today's prices, but those that Causeway brings along, of 2026-10-05: Data from AWS to Azure."
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert said.index(notice) < said.index("prod")
        assert "price of 2026-10-05, AWS Price List, brought along" in said


def test_a_gap_is_shown_as_a_gap_in_the_days_and_below_them() -> None:
    nothing = Crossed(start=statements.START, aws_to_azure=0, azure_to_aws=0, complete=False)
    rest = statements.part().days[1:]
    drawn = drawing.draw(statements.statement(statements.part(days=(nothing, *rest))))
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "Thu 01 Oct gap gap" in said  # unknown is not 0.00
        assert "Gap: 2026-10-13 12:00 to 14:00" in said
    assert "Tue 13 Oct" in drawn.text and drawn.text.count("part of it lies in a gap") == 2


def test_a_day_is_drawn_by_the_hour_and_in_the_statements_own_time_zone() -> None:
    start = datetime(2026, 10, 30, 23, 0, tzinfo=UTC)
    hours = tuple(
        Crossed(start=start + timedelta(hours=one), aws_to_azure=one * 2**30, azure_to_aws=0) for one in range(24)
    )
    day = Crossed(start=start, aws_to_azure=sum(range(24)) * 2**30, azure_to_aws=0)
    part = statements.part(hours=hours, days=(day,))
    drawn = drawing.draw(statements.statement(part, every=Every.DAY, label="2026-10-31", start=start))
    assert "on 2026-10-31" in drawn.subject and drawn.csv_name == "causeway-day-2026-10-31.csv"
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "23:00 23.00 0.00" in said and "00:00 0.00 0.00" in said


def test_a_witness_that_differs_without_an_explanation_is_said_before_the_numbers() -> None:
    seen = Witness(aws_to_azure=2**30, azure_to_aws=0, explained=False, because="Azure counted 311 GB less")
    drawn = drawing.draw(statements.statement(statements.part(witness=seen)))
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert said.index("DIFFERS from ours, not explained: Azure counted 311 GB less") < said.index("380.00 GB")


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    health = Health(
        uptime=None,
        looked_at=Decimal(0),
        incidents=(Incident(reason="TunnelDown", at=datetime(2026, 10, 31, 22, 0, tzinfo=UTC), seconds=None),),
        gateways=(),
    )
    drawn = drawing.draw(statements.statement(statements.part(health=health, witness=None, managed=None)))
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "0 of 1 healed; TunnelDown on 2026-10-31 23:00, not well yet" in said
        assert (
            "0.00% of the time that the link was there" in said
            and "100" not in said.partition("Uptime")[2].partition("Incidents")[0]
        )
    assert "The same with AWS-managed VPN: not known" in drawn.text
    for line in ("Uptime: not known", "Gateways: none", "Azure's counters: not read"):
        assert line in drawn.text


def test_a_link_over_which_nothing_went_costs_its_hours_and_has_no_price_per_gb() -> None:
    idle = statements.part(aws_to_azure=0, azure_to_aws=0, hours=(), days=(), per_gb=None, gaps=())
    drawn = drawing.draw(statements.statement(idle))
    assert ", 0 GB" in drawn.subject
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "Nothing was counted." in said and "nothing crossed" in said and "Gap" not in said


def test_bars_are_as_wide_as_their_traffic() -> None:
    full = Crossed(start=statements.START, aws_to_azure=300, azure_to_aws=100)
    half = Crossed(start=statements.START + timedelta(days=1), aws_to_azure=100, azure_to_aws=100)
    html = drawing.draw(statements.statement(statements.part(days=(full, half)))).html
    assert [html.count(f'width="{percent}%"') for percent in (75, 25, 100)] == [1, 3, 0]


@pytest.mark.parametrize("where", ["link", "note", "gap", "gateway", "source", "because"])
def test_texts_from_outside_are_texts_and_nothing_else(where: str) -> None:
    plain, hostile = (drawing.draw(_with(where, text)) for text in ("harmless", HOSTILE))
    assert Page(hostile.html).tags == Page(plain.html).tags
    assert Page(hostile.html).attributes == Page(plain.html).attributes
    assert "{{ 7*7 }}" in Page(hostile.html).said and "49" not in hostile.subject
    assert len(hostile.subject.splitlines()) == 1 and "\u202e" not in hostile.subject + hostile.html + hostile.text
    assert not [line for line in hostile.text.splitlines() if line.startswith("Bcc:")]


def _with(where: str, text: str) -> Statement:
    health = statements.part().health.model_copy(update={"gateways": (text,)})
    seen = Witness(aws_to_azure=0, azure_to_aws=0, explained=True, because=text)
    first, *rest = statements.lines()
    changes: dict[str, dict[str, object]] = {
        "link": {"link": text},
        "gap": {"gaps": (text,)},
        "gateway": {"health": health},
        "source": {"lines": (first.model_copy(update={"source": text}), *rest)},
        "because": {"witness": seen},
    }
    return statements.statement(statements.part(**changes.get(where, {})), notes=(text,) if where == "note" else ())


def test_every_element_bears_its_own_styles_and_nothing_is_loaded() -> None:
    html = drawing.draw(statements.statement()).html
    page = Page(html)
    assert html.count("style=") > page.tags["p"] + page.tags["td"] // 2
    assert {"style", "link", "img", "script"} & set(page.tags) == set()
    assert {"src", "href", "background"} & page.attributes == set() and "style" in page.attributes


@pytest.mark.parametrize("links", [1, 2, 12, 365])
def test_gmail_shows_the_mail_whole_however_many_links_there_are(links: int) -> None:
    drawn = drawing.draw(statements.many(links))
    assert len(drawn.html.encode()) < 100_000
    assert len(quopri.encodestring(drawn.html.encode())) < CLIPPED


def test_of_many_links_the_dearest_are_detailed_and_the_rest_are_counted() -> None:
    statement = statements.many(365)
    drawn = drawing.draw(statement)
    rest = sum((part.total for part in statement.parts[:265]), Decimal(0))  # the first are the cheapest
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert f"265 more links: {rounding.money(rest)} in all." in said
        assert said.index("link-364") < said.index("link-363") and "link-200" not in said
        assert "of 365 links; the attachment has all." in said
    assert {row["link"] for row in pages.rows(drawn.csv)} >= {f"link-{one:03}" for one in range(365)}


def test_of_several_links_each_has_its_own_numbers_and_the_sum_is_first() -> None:
    two = statements.statement(statements.part(), statements.part(link="lab", managed=Decimal("99.5")))
    drawn = drawing.draw(two)
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "$332.45" in said and "$99.50" in said and "$401.74" in said
        assert said.index("$401.74") < said.index("$200.87")
        assert (said.count("380.00 GB"), said.count("760.00 GB")) == (4, 1)  # in the list of links and by each link


def test_of_a_period_before_that_cost_nothing_the_sum_is_said_and_no_change() -> None:
    free = statements.statement(trend=Trend.UNKNOWN, change=None, previous=Decimal(0))
    assert "$0.00 in the month before" in Page(drawing.draw(free).html).said
    assert "nothing to compare with yet" in Page(drawing.draw(CASES["the first"]).html).said


@pytest.mark.parametrize(("over", "words"), [(True, "the forecast passes it"), (False, "the forecast keeps within it")])
def test_beside_the_budget_stands_whether_the_forecast_keeps_within_it(over: bool, words: str) -> None:
    drawn = drawing.draw(statements.statement(over_budget=over))
    assert f"a month; {words}" in Page(drawn.html).said and f"a month; {words}" in " ".join(drawn.text.split())


def test_a_nightmare_of_texts_is_cut_and_counted() -> None:
    part = statements.part(
        link="x" * 10_000,
        gaps=tuple(f"gap {one} {'y' * 1000}" for one in range(500)),
        health=Health(
            uptime=Decimal(1),
            looked_at=Decimal(1),
            incidents=tuple(Incident(reason="R" * 500, at=statements.START, seconds=1) for _ in range(500)),
            gateways=("z" * 5000,),
        ),
    )
    drawn = drawing.draw(statements.statement(part, notes=tuple("n" * 5000 for _ in range(500))))
    assert len(drawn.html.encode()) < 100_000 and len(drawn.subject) < 100
    for said in (Page(drawn.html).said, " ".join(drawn.text.split())):
        assert "490 more gaps, in the attachment" in said and "490 more in the attachment" in said
        assert "more notes are in the attachment" in said
    kinds = [row["record"] for row in pages.rows(drawn.csv)]
    assert (kinds.count("gap"), kinds.count("incident"), kinds.count("note")) == (500, 500, 500)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (CASES["a month"], "Link prod: $200.87 in October 2026, +12%, 380 GB; forecast $214"),
        (CASES["down"], "Link prod: $200.87 in October 2026, -30%, 380 GB; forecast $214"),
        (CASES["flat"], "Link prod: $200.87 in October 2026, flat, 380 GB; forecast $214"),
        (CASES["the first"], "Link prod: $200.87 in October 2026, 380 GB"),
        (CASES["over budget"], "Over budget: link prod: $200.87 in October 2026, +12%, 380 GB; forecast $214"),
        (statements.many(2), "2 links: $402.74 in October 2026, +13%, 760 GB; forecast $214"),
    ],
)
def test_the_subject_is_the_verdict(statement: Statement, said: str) -> None:
    assert subject.write(statement) == said


def test_a_subject_that_would_be_too_long_loses_its_end_and_never_the_sum() -> None:
    huge = statements.statement(
        statements.part(link="a-link-of-24-characters-", aws_to_azure=10**18),
        label="week 44 of 2026",
        every=Every.WEEK,
        total=Decimal("123456789.12"),
        change=Decimal("12345.6"),
        budget=Decimal(1),
        over_budget=True,
    )
    said = subject.write(huge)
    assert len(said) < 100 and "$123,456,789.12 in week 44 of 2026" in said
    assert said.endswith("+1,234,560%")  # no half of a number


def test_the_statements_to_test_with_add_up() -> None:
    part: Part = statements.part()
    for crossed in (part.hours, part.days):
        assert sum(one.aws_to_azure for one in crossed) == part.aws_to_azure
        assert sum(one.azure_to_aws for one in crossed) == part.azure_to_aws
    assert len(part.days) == 31 and part.days[24].start.astimezone(ZoneInfo(statements.ZONE)).day == 25
