"""Which product of the AWS Price List is which item, and what is asked to find it. Words are the price list's own.

Several products match a filter: an idle address is beside one in use, an account's free allowance beside a region's
tiers. So the product is told by the end of its usage type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from link.cost.price import Item, Unit, Wanted, invalid

_HOURS = ("Hrs", "hrs", "Hours", "hours", "Hour", "hour")
_SECONDS = ("Lambda-GB-Second", "GB-Second", "GB-Seconds", "Second", "Seconds", "seconds")


@dataclass(frozen=True)
class Product:
    """`words` are the price list's names of the unit; `of_one` of them are one `unit`."""

    service: str
    usage: str
    unit: Unit
    words: tuple[str, ...]
    of_one: Decimal
    filters: Mapping[str, str]


def _product(service: str, usage: str, unit: Unit, *words: str, **filters: str) -> Product:
    return Product(service, usage, unit, words, Decimal(1), filters)


def _million(service: str, usage: str, *words: str, **filters: str) -> Product:
    return Product(service, usage, Unit.MILLION, words, Decimal(1_000_000), filters)


# Without all of these, GetProducts answers with capacity reservations too, some of them at $0.
_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}

PRODUCTS: Mapping[Item, Product] = {
    Item.AWS_EGRESS: _product(
        "AWSDataTransfer", "DataTransfer-Out-Bytes", Unit.GB, "GB", transferType="AWS Outbound", toLocation="External"
    ),
    Item.GATEWAY_INSTANCE: _product("AmazonEC2", "BoxUsage", Unit.HOUR, *_HOURS, **_LINUX),
    Item.PUBLIC_IPV4: _product(
        "AmazonVPC", "PublicIPv4:InUseAddress", Unit.HOUR, *_HOURS, group="VPCPublicIPv4Address"
    ),
    Item.MANAGED_VPN: _product(
        "AmazonVPC", "VPN-Usage-Hours:ipsec.1", Unit.HOUR, *_HOURS, operation="CreateVpnConnection"
    ),
    Item.LAMBDA_REQUESTS: _million("AWSLambda", "Request", "Requests", "Request", group="AWS-Lambda-Requests"),
    Item.LAMBDA_COMPUTE: _product(
        "AWSLambda", "Lambda-GB-Second", Unit.GB_SECOND, *_SECONDS, group="AWS-Lambda-Duration"
    ),
    Item.STATE_TRANSITIONS: _million(
        "AmazonStates", "StateTransition", "StateTransitions", "StateTransition", group="SFN-StateTransitions"
    ),
    Item.TABLE_WRITES: _million("AmazonDynamoDB", "WriteRequestUnits", "WriteRequestUnits", group="DDB-WriteUnits"),
    Item.TABLE_READS: _million("AmazonDynamoDB", "ReadRequestUnits", "ReadRequestUnits", group="DDB-ReadUnits"),
    Item.SECRETS: _product("AWSSecretsManager", "AWSSecretsManager-Secrets", Unit.MONTH, "Secrets"),
    Item.METRICS: _product("AmazonCloudWatch", "CW:MetricMonitorUsage", Unit.MONTH, "Metrics"),
    Item.ALARMS: _product("AmazonCloudWatch", "CW:AlarmMonitorUsage", Unit.MONTH, "Alarms"),
}


def usage(wanted: Wanted) -> str:
    """The end of the usage type, after the code of the region. PriceInvalid when an instance type is missing."""
    if wanted.item is not Item.GATEWAY_INSTANCE:
        return PRODUCTS[wanted.item].usage
    if not wanted.detail:
        raise invalid(wanted, "no instance type was named")
    return f"{PRODUCTS[wanted.item].usage}:{wanted.detail}"


def ask(wanted: Wanted) -> tuple[str, dict[str, str]]:
    """GetProducts' service code, and the attributes that must match. PriceInvalid when an instance type is missing."""
    product = PRODUCTS[wanted.item]
    place = "fromRegionCode" if wanted.item is Item.AWS_EGRESS else "regionCode"
    named = {"instanceType": usage(wanted).partition(":")[2]} if wanted.item is Item.GATEWAY_INSTANCE else {}
    return product.service, {place: wanted.region, **product.filters, **named}
