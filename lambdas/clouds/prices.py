"""The prices of a statement: asked of both clouds once a day, else as they were kept, else those brought along.

No price that cannot be had stops a statement. Whoever reads it is told: a sentence for each thing that went wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from aws_lambda_powertools import Logger

from lambdas.clouds import aws_price_list, azure_price_list, kept_prices, own_prices
from link.cost import aws_prices, azure_prices
from link.cost.charge import renewed
from link.cost.price import Price, Wanted
from link.errors import CausewayError, CloudBusy

logger = Logger(service="causeway")

LONGEST = 200  # characters of an error in a sentence


@dataclass(frozen=True)
class Found:
    """The prices of each wanted item, the newest last, for link/cost/charge.py. One that is not there has none."""

    prices: Mapping[Wanted, tuple[Price, ...]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Trouble:
    wanted: Wanted
    error: CausewayError
    instead: Price | None


def find(wanted: Iterable[Wanted], today: date, azure_end_point: str) -> Found:
    """The prices as of `today` (UTC). Raises nothing for prices that cannot be had or kept."""
    asked = tuple(dict.fromkeys(wanted))
    kept, clouds = _recalled(asked), _Clouds(today, azure_end_point)
    found: dict[Wanted, tuple[Price, ...]] = {}
    troubles: list[_Trouble] = []
    for one in asked:
        known = kept.get(one, ())
        try:
            found[one] = known if known and known[-1].read_on >= today else _read(clouds, one, known)
        except CausewayError as exc:
            if instead := known or own_prices.prices(one):
                found[one] = instead
            troubles.append(_Trouble(one, exc, instead[-1] if instead else None))
    return Found(found, _notes(troubles))


class _Clouds:
    """Asks each cloud, and no further once it has not answered: each silence costs half a minute."""

    def __init__(self, today: date, azure_end_point: str) -> None:
        self._today, self._azure = today, azure_end_point
        self._silent: dict[str, CloudBusy] = {}

    def ask(self, wanted: Wanted) -> Price:
        ask, cloud = (self._ask_azure, "Azure") if wanted.item in azure_prices.METERS else (self._ask_aws, "AWS")
        if cloud in self._silent:
            raise self._silent[cloud]
        try:
            return ask(wanted)
        except CloudBusy as exc:
            self._silent[cloud] = exc
            raise

    def _ask_aws(self, wanted: Wanted) -> Price:
        return aws_prices.price(wanted, aws_price_list.documents(wanted), self._today)

    def _ask_azure(self, wanted: Wanted) -> Price:
        return azure_prices.price(wanted, azure_price_list.rows(wanted, self._azure), self._today)


def _read(clouds: _Clouds, wanted: Wanted, known: tuple[Price, ...]) -> tuple[Price, ...]:
    prices = renewed(known, clouds.ask(wanted))
    try:
        kept_prices.keep(wanted, prices)
    except CausewayError as exc:
        logger.warning("price not kept", price=str(wanted), because=str(exc))
    return prices


def _recalled(wanted: Iterable[Wanted]) -> dict[Wanted, tuple[Price, ...]]:
    try:
        return kept_prices.recall(wanted)
    except CausewayError as exc:
        logger.warning("kept prices not read", because=str(exc))
        return {}


def _notes(troubles: Iterable[_Trouble]) -> tuple[str, ...]:
    """One sentence for all items that the same happened to."""
    same: dict[tuple[str, str], list[str]] = {}
    for trouble in troubles:
        same.setdefault((_what(trouble.instead), _why(trouble.error)), []).append(str(trouble.wanted))
    return tuple(f"{what}: {', '.join(items)} ({why})." for (what, why), items in same.items())


def _what(instead: Price | None) -> str:
    if instead is None:
        return "No price is known, and the total is without"
    if instead.fallback:
        return f"Prices that Causeway brings along, as of {instead.read_on}"
    return f"Prices as they were read on {instead.read_on}"


def _why(error: CausewayError) -> str:
    return " ".join(str(error).split())[:LONGEST].rstrip(".")
