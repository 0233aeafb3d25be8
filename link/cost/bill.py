"""From what crossed and ran to priced lines, for one link of several that share an account's tiers.

The tiers are the account's: what all links of a region have sent since the month began, and what else the account sent,
decide at which price a link's GB are; a link bears its share of what all cost together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

from link.cost import charge, controller, gigabyte, price
from link.cost.price import Item, Price, Tier, Wanted
from link.cost.statement import Line
from link.cost.traffic import Bytes, Meter

HOUR_S, NOTHING = Decimal(3600), Decimal(0)


@dataclass(frozen=True)
class Account:
    """A link as the clouds bill it. `sharers`: how many links of ours use the same Azure gateway, at least this one.

    What Azure never told is empty: `azure_region`, `gateway_sku`.
    """

    link: str
    aws_region: str
    azure_region: str
    instance_type: str
    gateway_sku: str
    azure_addresses: int
    sharers: int
    since: datetime | None  # when the link's first gateway began to count; None: never
    meter: Meter
    walks: tuple[datetime, ...] = ()  # when each began

    def wanted(self, item: Item) -> Wanted:
        """The price that this link has of the item."""
        details = {Item.GATEWAY_INSTANCE: self.instance_type, Item.AZURE_GATEWAY: self.gateway_sku}
        region = self.azure_region if item in OF_AZURE else self.aws_region
        return Wanted(item=item, region=region, detail=details.get(item, ""))


OF_AZURE = (Item.AZURE_EGRESS, Item.AZURE_GATEWAY, Item.AZURE_PUBLIC_IPV4)


@dataclass(frozen=True)
class Rates:
    """Prices, oldest first, and what the account sends besides, in GB a month (None: allowances are left out)."""

    prices: Mapping[Wanted, Sequence[Price]]
    other_gb: Mapping[Item, Decimal] | None

    def at(self, wanted: Wanted, moment: datetime) -> Price | None:
        """The price that is in force at an aware moment, of the days of UTC."""
        known = self.prices.get(wanted, ())
        return charge.at(known, moment.astimezone(UTC).date()) if known else None

    def changes(self, wanted: Wanted) -> Iterator[datetime]:
        """When the price changed."""
        for one in self.prices.get(wanted, ()):
            if one.effective:
                yield datetime.combine(one.effective, time(), UTC)

    def tiers(self, known: Price) -> Sequence[Tier]:
        """Those of what leaves a cloud, with the free allowance or without."""
        if self.other_gb is None:
            return price.without_allowance(known.tiers)
        if known.item is Item.AWS_EGRESS:
            return price.with_allowance(known.tiers, price.AWS_ALLOWANCE_GB)
        return known.tiers


@dataclass(frozen=True)
class Way:
    """One direction of traffic: who bills it, by which counter, and in GB of how many bytes."""

    item: Item
    what: str
    bytes_of: Callable[[Bytes], int]
    gb_bytes: int

    def gb(self, links: Sequence[Account], start: datetime, end: datetime) -> Decimal:
        """What these links sent."""
        sent = sum(self.bytes_of(one.meter.between(start, end)) for one in links)
        return gigabyte.gigabytes(sent, self.gb_bytes)


WAYS = (
    Way(Item.AWS_EGRESS, "data from AWS to Azure", lambda crossed: crossed.aws_to_azure, gigabyte.AWS),
    Way(Item.AZURE_EGRESS, "data from Azure to AWS", lambda crossed: crossed.azure_to_aws, gigabyte.AZURE),
)


def lines(link: Account, links: Sequence[Account], rates: Rates, start: datetime, end: datetime) -> tuple[Line, ...]:
    """All that the link cost from `start` until before `end`. What has no price is left out; who asked knows of it."""
    with localcontext(price.EXACT):
        moved = (_egress(way, link, links, rates, start, end) for way in WAYS)
        return (*(line for line in moved if line), *_hours(link, rates, start, end))


def _egress(
    way: Way, link: Account, links: Sequence[Account], rates: Rates, start: datetime, end: datetime
) -> Line | None:
    wanted = link.wanted(way.item)
    latest = rates.at(wanted, end)
    if latest is None:
        return None
    pool = [one for one in links if one.wanted(way.item) == wanted]
    cost = NOTHING
    for since, until in pairwise(sorted({start, *_borders(wanted, rates, start, end), end})):
        if own := way.gb([link], since, until):
            cost += _together(way, pool, rates, since, until) * own / way.gb(pool, since, until)
    return _line(latest, way.what, way.gb([link], start, end), cost)


def _together(way: Way, pool: Sequence[Account], rates: Rates, since: datetime, until: datetime) -> Decimal:
    """What all links of the region cost in a time within one month and one price."""
    known = rates.at(pool[0].wanted(way.item), since)
    assert known is not None  # of this item there is a price at any time, or none at all
    before = way.gb(pool, _month(since), since) + (rates.other_gb or {}).get(way.item, NOTHING)
    return price.cost(rates.tiers(known), way.gb(pool, since, until), before)


def _borders(wanted: Wanted, rates: Rates, start: datetime, end: datetime) -> Iterator[datetime]:
    """Where tiers begin anew, or prices change. Both clouds bill by months of UTC."""
    month = _month(end)
    while month > start:
        if month < end:
            yield month
        month = _month(month - timedelta(microseconds=1))
    yield from (one for one in rates.changes(wanted) if start < one < end)


def _month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _hours(link: Account, rates: Rates, start: datetime, end: datetime) -> Iterator[Line]:
    """What costs by the hour, and the controller, each at the prices of its days. What was not used has no line."""
    used: dict[Item, tuple[str, Decimal, Decimal]] = {}
    for since, until in pairwise(sorted({start, *_changes(link, rates, start, end), end})):
        for item, what, quantity in _usage(link, since, until):
            if quantity and (known := rates.at(link.wanted(item), since)):
                _, before, cost = used.get(item, ("", NOTHING, NOTHING))
                cost += price.cost(price.without_allowance(known.tiers), quantity)
                used[item] = what, before + quantity, cost
    for item, (what, quantity, cost) in used.items():
        latest = rates.at(link.wanted(item), end)
        assert latest is not None  # of this item there is a price at any time
        yield _line(latest, what, quantity, cost)


def _changes(link: Account, rates: Rates, start: datetime, end: datetime) -> Iterator[datetime]:
    """When the price of anything that the link uses changed within the time."""
    return (one for item in Item for one in rates.changes(link.wanted(item)) if start < one < end)


def _usage(link: Account, start: datetime, end: datetime) -> Iterator[tuple[Item, str, Decimal]]:
    """Hours are those since the link began, which is after its first walk did."""
    begun = min(max(start, link.since or end), end)
    hours = Decimal(round((end - begun).total_seconds())) / HOUR_S
    yield Item.GATEWAY_INSTANCE, f"gateway instance, {link.instance_type}", hours
    yield Item.PUBLIC_IPV4, "Elastic IP", hours
    yield Item.AZURE_GATEWAY, _gateway(link), hours / link.sharers
    yield Item.AZURE_PUBLIC_IPV4, "addresses of the Azure gateway", hours * link.azure_addresses / link.sharers
    yield from controller.usage(hours, sum(start <= walk < end for walk in link.walks))


def _gateway(link: Account) -> str:
    shared = f", shared by {link.sharers} links" if link.sharers > 1 else ""
    return f"Azure VPN gateway, {link.gateway_sku}{shared}"


def _line(known: Price, what: str, quantity: Decimal, cost: Decimal) -> Line:
    return Line(
        item=known.item,
        what=what,
        region=known.region,
        quantity=quantity,
        unit=known.unit,
        unit_price=cost / quantity if quantity else price.without_allowance(known.tiers)[0].price,
        cost=cost,
        priced_on=known.read_on,
        source=known.source,
        fallback=known.fallback,
    )


def managed(link: Account, mine: Sequence[Line], rates: Rates, end: datetime) -> Decimal | None:
    """The same with AWS-managed Site-to-Site VPN in the place of gateway, Elastic IP and controller. None: no price."""
    known = rates.at(link.wanted(Item.MANAGED_VPN), end)
    if known is None:
        return None
    hours = sum((line.quantity for line in mine if line.item is Item.GATEWAY_INSTANCE), NOTHING)
    stays = sum((line.cost for line in mine if line.item in (*OF_AZURE, Item.AWS_EGRESS)), NOTHING)
    return stays + price.cost(known.tiers, hours)


def wanted(links: Sequence[Account]) -> tuple[Wanted, ...]:
    """Every price that the links need. What Azure never told of cannot be asked for."""
    all_of_them = (link.wanted(item) for link in links for item in Item)
    return tuple(dict.fromkeys(one for one in all_of_them if one.region and (one.detail or one.item not in DETAILED)))


DETAILED = (Item.GATEWAY_INSTANCE, Item.AZURE_GATEWAY)
