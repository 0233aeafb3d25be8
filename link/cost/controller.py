"""What the controller itself uses: by the hour, as often as its own schedules run, and by the walk."""

from collections.abc import Iterator
from decimal import Decimal

from link.cost.price import Item

PER_HOUR = 60  # readings of a gateway, each heard by a function; ticks of the watch
READ_EVERY_S = 2  # the agent looks whether its configuration has changed (gateway/agent/feed.py)
# Half a gigabyte (stacks/functions.py) for so long, as the emulator's functions took; what real ones take is unknown.
HEARING_S, WATCHING_S = Decimal("0.1"), Decimal("1.5")
MEMORY_GB = Decimal("0.5")
WRITES_PER_READING = 2  # the reading and the hour's sample
READ_UNITS = Decimal("0.5")  # one read that need not be consistent of an item of at most 4 KB
METRICS = 4  # TunnelUp, ProbeUp, OuterBytesIn, OuterBytesOut (gateway/agent/report.py)
ALARMS = 3  # agent silent, tunnel down, walk failed (stacks/link_stack.py)
STEPS_PER_WALK = 25  # of a state machine that counts each change of state; a first walk has twenty and some waits
HOURS_OF_MONTH = Decimal(730)
MILLION = Decimal(1_000_000)


def usage(hours: Decimal, walks: int) -> Iterator[tuple[Item, str, Decimal]]:
    """Item, words and amount of what the controller uses for a link in so many hours with so many walks, and the watch.

    What a walk's functions use is in no item: each runs for a second or two.
    """
    requests = 2 * PER_HOUR * hours
    seconds = PER_HOUR * hours * (HEARING_S + WATCHING_S)
    reads = 3600 * hours / READ_EVERY_S * READ_UNITS
    months = hours / HOURS_OF_MONTH
    yield Item.LAMBDA_REQUESTS, "controller: function calls", requests / MILLION
    yield Item.LAMBDA_COMPUTE, "controller: function time", seconds * MEMORY_GB
    yield Item.STATE_TRANSITIONS, "controller: steps of walks", STEPS_PER_WALK * Decimal(walks) / MILLION
    yield Item.TABLE_WRITES, "controller: table writes", WRITES_PER_READING * PER_HOUR * hours / MILLION
    yield Item.TABLE_READS, "controller: table reads", reads / MILLION
    yield Item.SECRETS, "controller: the pre-shared key's secret", months
    yield Item.METRICS, "controller: metrics", METRICS * months
    yield Item.ALARMS, "controller: alarms", ALARMS * months
