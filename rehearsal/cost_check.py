"""The cost mail is right: it counts what crossed the internet, says it three times alike, at prices of today.

Compared are all outer bytes of both. The gateway counts what it sends to its peers and takes from them on UDP 500 and
4500, from the moment its ruleset is loaded; its daemon gets a connection to begin only after that. The internet counts
the same packets as they pass, each with its IP header, by the public address of the AWS side: first the machine's
temporary one, then the Elastic IP. Peers know the Elastic IP alone, and without it the gateway begins nothing; but
whatever it sends, the sum over all addresses is what it counted under whichever it had, for translation changes no
length. Fragments would part the two, and are a fault of their own. So do a packet that is dropped between the internet
and the machine, and a gateway that was replaced, whose last minute nobody tells. So this comes before the drills, and
where the sums differ the dropped packets are told.

The link is never silent: the probe and IKE's own questions are some kB a minute. So the internet is read twice, after
the transfers and when the mail is there; the sample that the mail counts was read between. One gateway, one month.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from lambdas.mail import rounding, section
from link.cost.price import Item
from rehearsal import checks, counted, mailbox, operator, services, world
from rehearsal.counted import Crossed
from rehearsal.drills import outcome
from rehearsal.drills.outcome import Outcome
from rehearsal.mailbox import Mail, NoMail

WITHIN = Decimal("0.001")
WAYS = ("aws_to_azure", "azure_to_aws")
KINDS = ["text/plain", "text/html", "text/csv"]
PRICED = {
    Item.AWS_EGRESS,
    Item.AZURE_EGRESS,
    Item.GATEWAY_INSTANCE,
    Item.PUBLIC_IPV4,
    Item.AZURE_GATEWAY,
    Item.AZURE_PUBLIC_IPV4,
}
type Row = Mapping[str, str]


def run(link: world.Link, before: Crossed) -> list[str]:
    """`before`: what had crossed when the last transfer ended. The only link, with the gateway it began with."""
    try:
        counted.wait_for_sample(link, before.at)
        mail = ask(link)
        after = counted.crossed()
        form, prices = list(of_form(mail)), list(of_prices(mail.rows))
        bytes_ = {**of_bytes(mail.rows, before, after), **of_witness(mail.rows)} if services.has_data_plane() else {}
    except (counted.Silent, NoMail) as exc:
        return checks.shown("the cost mail arrives", [str(exc)])
    return [
        *checks.shown(f"the cost mail says the same as text, HTML and CSV: {mail.message['Subject']}", form),
        *checks.shown("each price of the cost mail is today's", prices),
        *(fault for what, wrong in bytes_.items() for fault in checks.shown(what, wrong)),
    ]


def after_drills(link: world.Link, drilled: Iterable[Outcome]) -> list[str]:
    """The mail at the rehearsal's end tells what was healed meanwhile, and Azure's counters beside all that."""
    try:
        mail = ask(link)
        # A drill whose seconds count from its end may be healed by a walk that began before: it names no reason.
        reasons = [one.reason for one in drilled if one.reason != outcome.NONE]
        form, incidents = list(of_form(mail)), list(of_incidents(mail.rows, reasons))
    except NoMail as exc:
        return checks.shown("the last cost mail arrives", [str(exc)])
    return [
        *checks.shown("the last cost mail says the same as text, HTML and CSV", form),
        *checks.shown("it names all that the drills had healed, with the seconds", incidents),
        *(fault for what, wrong in of_witness(mail.rows).items() for fault in checks.shown(what, wrong)),
    ]


def of_incidents(rows: Iterable[Row], reasons: Iterable[str]) -> Iterator[str]:
    """The reasons for which something was healed that are not in it with the seconds that it took."""
    told = [row["what"] for row in rows if row["record"] == "incident" and row["quantity"]]
    yield from (f"{reason} is missing; it has {', '.join(told) or 'none'}" for reason in reasons if reason not in told)


def ask(link: world.Link) -> Mail:
    """The mail so far, after a look of the watch, which keeps Azure's counters and what is billed of its gateway."""
    operator.causeway("look", link.name)
    return mailbox.ask()


def of_bytes(rows: Iterable[Row], before: Crossed, after: Crossed) -> dict[str, list[str]]:
    """Of each direction what is compared, and what is wrong with it."""
    total, found = _only(rows, "link total"), {}
    for way in WAYS:
        said, least, most = int(total[f"{way}_bytes"]), getattr(before, way), getattr(after, way)
        what = f"{way}: the cost mail has {said:,} bytes, the internet {least:,} to {most:,}"
        fits = least * (1 - WITHIN) <= said <= most * (1 + WITHIN) and said > 0
        found[what] = [] if fits else [_off(said, least, most)]
    return found


def of_witness(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Azure's side of the comparison: its own counters, of inner bytes, are in the mail, and fit."""
    seen = [row for row in rows if row["record"] == "Azure's counters"]
    said = ", ".join(f"{way} {int(row[f'{way}_bytes']):,} bytes" for row in seen for way in WAYS) or "nothing"
    wrong = [row["what"] for row in seen if row["complete"] != "yes"] if seen else ["Azure's counters are not in it"]
    return {f"the cost mail has Azure's own counters, and they fit: {said}": wrong}


def _off(said: int, least: int, most: int) -> str:
    nearest = min(max(said, least), most) or 1
    lost = counted.lost_on_the_way_in()
    return f"{(Decimal(said) / nearest - 1) * 100:+.3f}%; {lost} packets were dropped before a machine took them"


def of_form(mail: Mail) -> Iterator[str]:
    """What the parts do not say alike. Raises NoMail."""
    kinds = [part.get_content_type() for part in mail.message.walk() if not part.is_multipart()]
    if kinds != KINDS:
        yield f"its parts are {', '.join(kinds)}"
    rows, money = mail.rows, rounding.money(Decimal(_only(mail.rows, "total")["cost_usd"]))
    crossed = _crossed(rows, "link total")
    if crossed != _crossed(rows, "hour"):
        yield f"its hours are {_crossed(rows, 'hour')} bytes in all, its links {crossed}"
    for name, said in (("subject", str(mail.message["Subject"])), ("text", mail.text), ("HTML", shown(mail.html))):
        for figure in (money, *([section.directions(*crossed)] if name != "subject" else [])):
            if not _says(said, figure):
                yield f"its {name} does not say {figure!r}"


def shown(page: str) -> str:
    """The words of a page, as a reader sees them."""
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def _says(text: str, figure: str) -> bool:
    """Whole: $0.04 is not said by $0.045."""
    return re.search(rf"(?<![\w.,]){re.escape(figure)}(?![.,]?\d)", " ".join(text.split())) is not None


def _crossed(rows: Iterable[Row], record: str) -> tuple[int, int]:
    """Bytes in both directions, over all rows of a kind."""
    found = [row for row in rows if row["record"] == record]
    to_azure, to_aws = (sum(int(row[f"{way}_bytes"]) for row in found) for way in WAYS)
    return to_azure, to_aws


def of_prices(rows: Iterable[Row]) -> Iterator[str]:
    """What has no price, or one that no price interface told, and whatever else the reader must know before all."""
    found = list(rows)
    items = [row for row in found if row["record"] == "item"]
    yield from (f"nothing is priced as {missing}" for missing in sorted(PRICED - {row["item"] for row in items}))
    yield from (f"{row['what']}: the price is brought along" for row in items if row["fallback"] != "no")
    yield from (f"{row['record']}: {row['what']}" for row in found if row["record"] in ("note", "gap"))


def _only(rows: Iterable[Row], record: str) -> Row:
    found = [row for row in rows if row["record"] == record]
    if len(found) != 1:
        raise NoMail(f"its attachment has {len(found)} rows {record!r}")
    return found[0]
