"""What a reader must know before the numbers: the budget, prices that are not live, what was not measured, notes."""

from collections.abc import Iterator

from lambdas.mail import health, rounding, wording
from link.cost.statement import Statement

_SHOWN = 20  # the attachment has all


def write(statement: Statement) -> tuple[str, ...]:
    """One sentence each, the gravest first."""
    said = [*_budget(statement), *_fallback(statement), *_gaps(statement), *_witnesses(statement), *_notes(statement)]
    more = len(said) - _SHOWN
    return (*said[:_SHOWN], f"{more} more notes are in the attachment.") if more > 0 else tuple(said)


def _budget(statement: Statement) -> Iterator[str]:
    if statement.over_budget and statement.budget is not None and statement.forecast is not None:
        forecast, budget = rounding.money(statement.forecast), rounding.money(statement.budget)
        yield f"Over budget: the forecast of {forecast} passes the month's budget of {budget}."


def _fallback(statement: Statement) -> Iterator[str]:
    lines = [line for part in statement.parts for line in part.lines]
    old = sorted({(line.priced_on, wording.title(line.what)) for line in lines if line.fallback})
    if old:
        dates = " and ".join(dict.fromkeys(str(on) for on, _ in old))
        items = ", ".join(dict.fromkeys(what for _, what in old))
        yield f"Not today's prices, but those that Causeway brings along, of {dates}: {items}."


def _gaps(statement: Statement) -> Iterator[str]:
    found = [f"{len(part.gaps)} of link {part.link}" for part in statement.parts if part.gaps]
    if found:
        yield wording.line(f"Gaps in the counted traffic: {', '.join(found)}.")


def _witnesses(statement: Statement) -> Iterator[str]:
    for part in statement.parts:
        if part.witness and not part.witness.explained:
            yield f"Link {wording.line(part.link)}: Azure's counters: {wording.sentence(health.witness(part.witness))}"


def _notes(statement: Statement) -> Iterator[str]:
    yield from (wording.sentence(note) for note in statement.notes)
