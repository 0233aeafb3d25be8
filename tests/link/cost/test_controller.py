"""What the controller uses, by hand: a month of 730 hours, in which the schedules run every minute."""

from decimal import Decimal

from link.cost import controller
from link.cost.price import Item


def test_a_month_of_the_controller_by_hand() -> None:
    amounts = {item: amount for item, _, amount in controller.usage(Decimal(730), walks=4)}
    assert amounts == {
        Item.LAMBDA_REQUESTS: Decimal("0.0876"),  # millions: 43,800 minutes, each heard and looked at
        Item.LAMBDA_COMPUTE: Decimal(35_040),  # GB-seconds: half a GB for 1.6 s a minute
        Item.STATE_TRANSITIONS: Decimal("0.0001"),
        Item.TABLE_WRITES: Decimal("0.0876"),  # a reading and a sample a minute
        Item.TABLE_READS: Decimal("0.657"),  # half a unit every two seconds
        Item.SECRETS: 1,
        Item.METRICS: 4,
        Item.ALARMS: 3,
    }
