"""Gathers all that the statements are made of, from every region's links: counters, prices, how the links fared."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lambdas.clouds import azure_samples, history, prices, registry, samples
from lambdas.cost_settings import CostSettings
from lambdas.settings import Settings
from link.cost import bill, incidents, witness
from link.cost.bill import Account, Rates
from link.cost.compose import Books, Known
from link.cost.incidents import Said
from link.cost.period import Period
from link.cost.price import Item
from link.cost.statement import Health, Witness
from link.cost.traffic import Meter, Sample
from link.cost.wanted import OtherTraffic
from link.cost.witness import AzureSample


@dataclass(frozen=True)
class Counted:
    """One link with what its gateways and Azure counted, what else its gateways said, and when its walks began."""

    link: Settings
    samples: tuple[Sample, ...]
    said: tuple[Said, ...]
    azure: tuple[AzureSample, ...]
    walks: tuple[datetime, ...]


@dataclass(frozen=True)
class Gathered:
    """Every link's counters over a time, and the books made of them. `since`: when the first of them began to count."""

    counted: tuple[Counted, ...]
    books: Books

    @property
    def since(self) -> datetime | None:
        """None: nothing was ever counted."""
        return min((one.since for one in self.books.links if one.since), default=None)


def gather(here: CostSettings, start: datetime, now: datetime) -> Gathered:
    """All links as they were counted since `start`. Raises CloudBusy or CloudRefused; prices only leave notes."""
    links = [link for region in here.regions for link in registry.links(region)]
    counted = tuple(_counted(link, start, now) for link in links)
    accounts = tuple(_account(one, _sharers(links)) for one in counted)
    found = prices.find(bill.wanted(accounts), now.astimezone(UTC).date(), here.azure_prices)
    rates = Rates(found.prices, _other(here.mail.other_traffic))
    unseen = tuple(
        f"Azure has never told of the gateway of link {one.link}." for one in accounts if not one.gateway_sku
    )
    return Gathered(counted, Books(here.mail, accounts, rates, {}, (*found.notes, *unseen)))


def _counted(link: Settings, start: datetime, now: datetime) -> Counted:
    found = samples.read(link.table, start, now, link.region)
    azure = azure_samples.samples(link.table, start, now, link.region)
    return Counted(link, found.samples, found.said, azure, history.walks(link.state_machine, link.region, start))


def _sharers(links: Sequence[Settings]) -> Counter[tuple[str, str, str]]:
    return Counter(_gateway(link) for link in links)


def _gateway(link: Settings) -> tuple[str, str, str]:
    side = link.spec.azure
    return side.subscription, side.resource_group.lower(), side.vpn_gateway.lower()


def _account(counted: Counted, sharers: Counter[tuple[str, str, str]]) -> Account:
    link, last = counted.link, counted.azure[-1] if counted.azure else None
    return Account(
        link=link.spec.name,
        aws_region=link.region,
        azure_region=last.location if last else "",
        instance_type=link.spec.aws.instance_type,
        gateway_sku=last.sku if last else "",
        azure_addresses=last.addresses if last else 0,
        sharers=sharers[_gateway(link)],
        since=min((one.since for one in counted.samples), default=None),
        meter=Meter(counted.samples),
        walks=counted.walks,
    )


def _other(declared: OtherTraffic | None) -> dict[Item, Decimal] | None:
    if declared is None:
        return None
    return {Item.AWS_EGRESS: declared.aws_gb, Item.AZURE_EGRESS: declared.azure_gb}


def known(gathered: Gathered, over: Period) -> dict[str, Known]:
    """How each link fared in a period, and what Azure counted in it. Raises CloudBusy or CloudRefused."""
    return {
        one.link.spec.name: Known(_health(one, account, over), _witness(one, account, over))
        for one, account in zip(gathered.counted, gathered.books.links, strict=True)
    }


def _health(counted: Counted, account: Account, over: Period) -> Health:
    link, begun = counted.link, max(over.start, account.since or over.start)
    up, looked_at = history.uptime(link.spec.name, link.region, begun, over.end)
    by_walks = history.incidents(link.state_machine, link.region, over.start, over.end)
    by_agent = (one for one in incidents.healed(counted.said) if over.start <= one.at < over.end)
    healed = tuple(sorted((*by_walks, *by_agent), key=lambda one: one.at))
    return Health(uptime=up, looked_at=looked_at, incidents=healed, gateways=tuple(_gateways(counted)))


def _gateways(counted: Counted) -> list[str]:
    """The newest word of each side."""
    said = []
    if counted.samples:
        last = max(counted.samples, key=lambda one: one.read_at)
        said.append(f"AWS: {last.instance}, counting since {_minute(last.since)}, last heard {_minute(last.read_at)}")
    if counted.azure:
        seen = counted.azure[-1]
        said.append(f"Azure: {seen.sku} in {seen.location}, connection {seen.status} at {_minute(seen.read_at)}")
    return said


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _witness(counted: Counted, account: Account, over: Period) -> Witness | None:
    """Both witnesses speak of the time between Azure's first and last sample of the period, or since the link began."""
    seen = [one for one in counted.azure if over.start <= one.read_at < over.end]
    if not seen:
        return None
    if account.since and over.start <= account.since < seen[0].read_at and seen[0] == counted.azure[0]:
        seen.insert(0, witness.begun(seen[0], account.since))
    start, end = seen[0].read_at, seen[-1].read_at
    return witness.testify(seen, account.meter.between(start, end), len(seen))
