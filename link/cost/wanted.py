"""The mail as a person declares it in cdk.json's context.cost_mail."""

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, StringConstraints, field_validator

from link.cost.statement import Every
from link.record import Declared
from link.spec import Region

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$", max_length=254)]
Gigabytes = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class OtherTraffic(Declared):
    """What else leaves the two accounts in a month, in GB: the free allowances and the tiers are the account's."""

    aws_gb: Gigabytes
    azure_gb: Gigabytes


class CostMail(Declared):
    """One mail for all links. `region` is where SES knows the sender and where the mail is written."""

    sender: Address
    recipients: Annotated[tuple[Address, ...], Field(min_length=1, max_length=50)]
    region: Region
    every: Every = Every.MONTH
    time_zone: str = "UTC"
    # None: the allowances are left out and every GB is priced, as in the guide.
    other_traffic: OtherTraffic | None = None
    budget: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = None
    currency: Literal["USD"] = "USD"

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone of IANA's list; give one such as Europe/Berlin or UTC")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which periods begin."""
        return ZoneInfo(self.time_zone)
