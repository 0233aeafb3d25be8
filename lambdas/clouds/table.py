"""The link's DynamoDB table, item by item: the configuration, boots, the reading, our routes, the report.

What a look needs of it is read at once, for any number of links, by memory.py.
"""

from datetime import UTC, datetime
from ipaddress import IPv4Network

from pydantic import AwareDatetime, ValidationError

from lambdas.clouds import dynamo
from lambdas.clouds.errors import translated
from link import condition
from link.condition import Condition
from link.finding import Finding
from link.healing_state import HealingState, Pause
from link.known import Known
from link.reading import CLOCKS, Booted, BootFailure, Helped, Reading, is_future
from link.record import Record
from link.wanted import GatewayConfiguration

ROUTES = "routes"


class Boot(Record):
    """What is known of one instance's boot. `task_token` is of the state that waits for it.

    `condemned` says why the instance is to be replaced though it has booted.
    """

    version: str | None = None
    failure: BootFailure | None = None
    task_token: str | None = None
    condemned: Condition | None = None


class Established(Record):
    """The VPC in which the link was verified, and the digest of what was declared then; None before that."""

    vpc: str | None = None
    spec: str | None = None


class Findings(Record):
    """What preflight's last survey refused, and when it was made (aware, UTC)."""

    at: AwareDatetime
    findings: tuple[Finding, ...]


def ask_look(table: str) -> int:
    """Counts one more wish for a look, and returns how many there have been."""
    with translated("asking for a look"):
        updated = dynamo.client().update_item(
            TableName=table,
            Key=dynamo.key("looks"),
            UpdateExpression="ADD asked :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
    return int(updated["Attributes"]["asked"]["N"])


def looks_asked(table: str) -> int:
    """How often a look has been wished for."""
    return int(dynamo.get(table, "looks").get("asked", "0"))


def published_version(table: str) -> str | None:
    """The digest of the published configuration."""
    return dynamo.get(table, "configuration").get("version")


def publish(table: str, configuration: GatewayConfiguration) -> None:
    """Makes the configuration the one that the gateway's agent reads."""
    dynamo.put(table, "configuration", version=configuration.digest(), document=configuration.model_dump_json())


def await_boot(table: str, instance: str, task_token: str) -> Boot:
    """Leaves the token of the waiting state, and returns what the instance had said before: one atomic write."""
    return _update_boot(table, instance, "task_token", task_token)


def hear_boot(table: str, booted: Booted) -> Boot:
    """Records that the instance is ready, and returns who waits for it."""
    return _update_boot(table, booted.instance, "version", booted.version)


def hear_failure(table: str, failure: BootFailure) -> Boot:
    """Records that the instance cannot become a gateway, and returns who waits for it."""
    return _update_boot(table, failure.instance, "failure", failure.model_dump_json())


def note_launch(table: str, instance: str, zones: tuple[str, ...]) -> None:
    """Records the newest instance that a walk has launched: once it has ended, EC2's filters by state hide it.

    `zones` are those in which gateways were launched, the newest last.
    """
    dynamo.put(table, "launched", instance=instance, zones=",".join(zones))


def launched(table: str) -> str | None:
    """The newest instance that a walk has launched."""
    return dynamo.get(table, "launched").get("instance")


def launched_zones(table: str) -> tuple[str, ...]:
    """The zones in which gateways were launched, the newest last."""
    return zones(dynamo.get(table, "launched"))


def zones(item: dynamo.Item) -> tuple[str, ...]:
    """The item as zones."""
    return tuple(zone for zone in item.get("zones", "").split(",") if zone)


def condemn(table: str, instance: str, why: Condition) -> None:
    """Records that the instance is to be replaced: the next plan launches another beside it."""
    _update_boot(table, instance, "condemned", why.model_dump_json())


def _update_boot(table: str, instance: str, attribute: str, value: str) -> Boot:
    with translated("recording the boot"):
        updated = dynamo.client().update_item(
            TableName=table,
            Key=dynamo.key(boot_id(instance)),
            UpdateExpression="SET #a = :v",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues=dynamo.written(**{":v": value}),
            ReturnValues="ALL_NEW",
        )
    return boot(dynamo.plain(updated["Attributes"]))


def boot_id(instance: str) -> str:
    """The key of an instance's item."""
    return f"boot#{instance}"


def boot(item: dynamo.Item) -> Boot:
    """An instance's item as what it says."""
    failure = item.get("failure")
    return Boot(
        version=item.get("version"),
        failure=BootFailure.model_validate_json(failure) if failure else None,
        task_token=item.get("task_token"),
        condemned=_condemned(item.get("condemned")),
    )


def _condemned(text: str | None) -> Condition | None:
    """An older version wrote the condition as text."""
    if text is None:
        return None
    try:
        return Condition.model_validate_json(text)
    except ValidationError:
        return condition.parse(text)


# What is kept under a time to come was written by a wrong clock or another hand, and would else be the newest forever.
_NEWEST = "NOT attribute_type(#at, :text) OR #at < :at OR #at > :latest"


def _times(at: datetime, now: datetime) -> dict[str, str]:
    return {":at": _sortable(at), ":latest": _sortable(now + CLOCKS), ":text": "S"}


def _sortable(moment: datetime) -> str:
    """Of a fixed width, so that the order of the texts is the order of the times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def put_reading(table: str, reading: Reading, now: datetime) -> None:
    """Keeps the newest look at the tunnel. Events come late, twice or out of order; an older look changes nothing.

    `now` is this side's clock: what is kept under a later time is replaced.
    """
    times = _times(reading.read_at, now)
    document = reading.model_dump_json()
    with translated("recording the reading"):
        dynamo.unless_condition_fails(
            lambda: dynamo.client().put_item(
                TableName=table,
                Item=dynamo.written(id="reading", read_at=times[":at"], document=document),
                ConditionExpression=_NEWEST,
                ExpressionAttributeNames={"#at": "read_at"},
                ExpressionAttributeValues=dynamo.written(**times),
            )
        )


def reading(table: str) -> Reading | None:
    """The newest look at the tunnel."""
    return kept_reading(dynamo.get(table, "reading"), datetime.now(UTC))


def kept_reading(item: dynamo.Item, now: datetime) -> Reading | None:
    """The item as a reading. None: there is none, or it is one that no gateway of Causeway's sends."""
    try:
        found = Reading.model_validate_json(item["document"])
    except (KeyError, ValidationError):
        return None
    return None if is_future(found.read_at, now) else found


def clear_reading(table: str) -> None:
    """Forgets the kept reading; the gateway sends another within a minute."""
    dynamo.delete(table, "reading")


def put_helped(table: str, helped: Helped, now: datetime) -> None:
    """Keeps the newest remedy that the agent began by itself. An older one that comes late changes nothing."""
    times = _times(helped.at, now)
    item = dynamo.written(
        id="helped", at=times[":at"], remedy=helped.remedy, reason=helped.reason, because=helped.because
    )
    with translated("recording what the gateway did"):
        dynamo.unless_condition_fails(
            lambda: dynamo.client().put_item(
                TableName=table,
                Item=item,
                ConditionExpression=_NEWEST,
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues=dynamo.written(**times),
            )
        )


def own_routes(table: str) -> frozenset[tuple[str, IPv4Network]]:
    """The (route table, destination) pairs that are ours."""
    return routes(dynamo.get(table, ROUTES))


def routes(item: dynamo.Item) -> frozenset[tuple[str, IPv4Network]]:
    """The item's set of "table#destination" as pairs."""
    pairs = (one.split("#") for one in item.get("own", ()))
    return frozenset((route_table, IPv4Network(destination)) for route_table, destination in pairs)


def own_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Records a route as ours, before it is made, so that a walk that dies in between leaves nothing unknown."""
    _update_routes(table, "ADD", route_table, destination)


def disown_route(table: str, route_table: str, destination: IPv4Network) -> None:
    """Strikes a route from our list."""
    _update_routes(table, "DELETE", route_table, destination)


def _update_routes(table: str, action: str, route_table: str, destination: IPv4Network) -> None:
    """One element of the set, atomically: states of one walk may run at the same time as a late one's end."""
    with translated("recording a route"):
        dynamo.client().update_item(
            TableName=table,
            Key=dynamo.key(ROUTES),
            UpdateExpression=f"{action} own :one",
            ExpressionAttributeValues={":one": {"SS": [f"{route_table}#{destination}"]}},
        )


def establish(table: str, vpc: str, spec: str) -> None:
    """Records that the link has been up, in which VPC, and the digest of what was declared."""
    dynamo.put(table, "established", vpc=vpc, spec=spec)


def keep_known(table: str, known: Known) -> None:
    """Keeps the last good observation of Azure."""
    dynamo.put(table, "known", document=known.model_dump_json())


def keep_findings(table: str, findings: tuple[Finding, ...], at: datetime) -> None:
    """Keeps what preflight's survey has refused."""
    dynamo.put(table, "findings", document=Findings(at=at, findings=findings).model_dump_json())


def own_azure_side(table: str, subscription: str, resource_group: str) -> None:
    """Records where our Azure resources are, before they are made."""
    dynamo.put(table, "azure", subscription=subscription, resource_group=resource_group)


def azure_side(table: str) -> tuple[str, str] | None:
    """Subscription and resource group where our Azure resources are or may be. None: nothing was ever asked for."""
    return side(dynamo.get(table, "azure"))


def side(item: dynamo.Item) -> tuple[str, str] | None:
    """The item as the pair."""
    return (item["subscription"], item["resource_group"]) if item else None


def put_report(table: str, document: str) -> None:
    """Keeps the report of the last walk."""
    dynamo.put(table, "report", document=document)


def keep_healing(table: str, state: HealingState) -> None:
    """Keeps what was tried and what was seen, for the next look."""
    dynamo.put(table, "remedies", document=state.model_dump_json())


def pause(table: str, until: datetime, why: str) -> None:
    """From now on the link is looked at, and nothing is changed, until the time has come or somebody resumes."""
    dynamo.put(table, "pause", document=Pause(until=until, why=why).model_dump_json())


def resume(table: str) -> None:
    """Ends a pause."""
    dynamo.delete(table, "pause")
