"""The subject: the verdict in one line."""

from lambdas.mail import rounding, wording
from link.cost.statement import Statement

LIMIT = 99  # characters
_NAME = 24  # characters of a link's name (link/spec.py)


def write(statement: Statement) -> str:
    """ "Link prod: $41.20 in October 2026, +12%, 380 GB; forecast $44"; what does not fit goes from the end."""
    bytes_ = sum(part.aws_to_azure + part.azure_to_aws for part in statement.parts)
    said = [
        f"{_whose(statement)}: {rounding.money(statement.total)} {wording.period(statement)}",
        *(f", {change}" for change in [rounding.change(statement.trend, statement.change)] if change),
        f", {rounding.volume(bytes_)}",
        *([f"; forecast {rounding.about(statement.forecast)}"] if statement.forecast is not None else []),
    ]
    while len(said) > 1 and len("".join(said)) > LIMIT:
        said.pop()
    return "".join(said)[:LIMIT]


def _whose(statement: Statement) -> str:
    links = [part.link for part in statement.parts]
    whose = f"link {wording.line(links[0], _NAME)}" if len(links) == 1 else wording.counted(len(links), "link")
    return f"Over budget: {whose}" if statement.over_budget else whose[0].upper() + whose[1:]
