"""Everything that exists in both clouds, as comparable text: taken before `cdk deploy` and after `cdk destroy`.

Left out: the CDK's own bootstrap stack, which stays by design, and values that change by themselves (times, etags).
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from rehearsal import clients

Listing = dict[str, dict[str, str]]
TABLES = "ec2 RouteTables"

# The CDK's bootstrap, and parameters that AWS publishes to everybody.
NOT_OURS = ("cdk-hnb659fds", "CDKToolkit", "/cdk-bootstrap", "/aws/service/")
# Volatile, or counted by the clouds themselves.
IGNORED = {
    "etag",
    "provisioningState",
    "connectionStatus",
    "ingressBytesTransferred",
    "egressBytesTransferred",
    "storedBytes",
    "AvailableIpAddressCount",
    "RouteTableAssociationId",
    "LastModified",
    "RevisionId",
    "LastAccessedDate",
    "StateValue",  # of an alarm, with why and since when
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
}

# service, call, where the answer has the list, what identifies an entry
AWS = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_volumes", "Volumes", "VolumeId"),
    ("ec2", "describe_key_pairs", "KeyPairs", "KeyName"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_users", "Users", "UserName"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("dynamodb", "list_tables", "TableNames", ""),
    ("events", "list_rules", "Rules", "Name"),
    ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    ("cloudformation", "list_stacks", "StackSummaries", "StackName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", ""),
    ("ses", "list_identities", "Identities", ""),  # version 2 of it lists by a call that the emulator does not know yet
    ("ssm", "describe_parameters", "Parameters", "Name"),
)


def both_clouds() -> Listing:
    """One entry a resource: its kind, its id, what it looks like."""
    return {**dict(of_aws(clients.everything)), **dict(_azure())}


def of_aws(
    everything: Callable[[str, str, str], list[Any]], calls: Iterable[tuple[str, str, str, str]] = AWS
) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything in AWS; `everything` asks a service, by a call, for the whole list under a key."""
    for service, call, key, identifier in calls:
        found = everything(service, call, key)
        entries = {_id(entry, identifier): _text(entry) for entry in found if _counts(entry)}
        yield f"{service} {key}", {name: text for name, text in entries.items() if not name.startswith(NOT_OURS)}
    reservations = everything("ec2", "describe_instances", "Reservations")
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    alive = [one for one in instances if one["State"]["Name"] != "terminated"]
    yield "ec2 Instances", {one["InstanceId"]: _text(one) for one in alive}


def _counts(entry: Any) -> bool:
    """A deleted stack stays in the list of stacks for 90 days."""
    return not (isinstance(entry, Mapping) and entry.get("StackStatus") == "DELETE_COMPLETE")


def _id(entry: Any, identifier: str) -> str:
    return str(entry[identifier] if identifier else entry)


def _azure() -> Iterator[tuple[str, dict[str, str]]]:
    network = clients.arm()
    kinds: dict[str, Callable[[str], Any]] = {
        "virtual networks": network.virtual_networks.list,
        "public addresses": network.public_ip_addresses.list,
        "VPN gateways": network.virtual_network_gateways.list,
        "local network gateways": network.local_network_gateways.list,
        "connections": network.virtual_network_gateway_connections.list,
    }
    for kind, found in kinds.items():
        yield f"azure {kind}", {one.name: _text(one.as_dict()) for one in found(clients.RESOURCE_GROUP)}


def _text(value: Any) -> str:
    return json.dumps(_stable(value), sort_keys=True, default=str)


def _stable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stable(inner) for key, inner in value.items() if key not in IGNORED}
    if isinstance(value, list):
        return sorted((_stable(inner) for inner in value), key=str)
    return value


def of_link(listing: Listing, stack: str) -> set[tuple[str, str]]:
    """Kind and id of what a link made: its name, the stack's, is in theirs, in their tags or in what they are for."""
    return {
        (kind, name) for kind, found in listing.items() for name, text in found.items() if stack in f"{name} {text}"
    }


def without_link(listing: Listing, stack: str) -> Listing:
    """The listing without what a link made, and without the routes to it in tables that are the customer's."""
    own = of_link(listing, stack)
    ids = {name for _, name in own}
    rest = {
        kind: {name: text for name, text in found.items() if (kind, name) not in own} for kind, found in listing.items()
    }
    tables = {name: json.loads(text) for name, text in rest.get(TABLES, {}).items()}
    for table in tables.values():
        table["Routes"] = [route for route in table["Routes"] if not ids & set(map(str, route.values()))]
    return {**rest, **({TABLES: {name: _text(table) for name, table in tables.items()}} if tables else {})}


def changed(before: Listing, after: Listing, without: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The ids that differ, by kind: `+` new, `-` gone, `~` another content."""
    found = {}
    for kind in sorted((before.keys() | after.keys()) - set(without)):
        old, new = before.get(kind, {}), after.get(kind, {})
        signs = dict.fromkeys(new.keys() - old.keys(), "+") | dict.fromkeys(old.keys() - new.keys(), "-")
        signs |= {name: "~" for name in old.keys() & new.keys() if old[name] != new[name]}
        if signs:
            found[kind] = tuple(f"{sign}{name}" for name, sign in sorted(signs.items()))
    return found


def differences(before: Listing, after: Listing) -> list[str]:
    """One line for each resource that is new, gone or changed."""
    lines = []
    for kind in sorted(before.keys() | after.keys()):
        old, new = before.get(kind, {}), after.get(kind, {})
        lines += [f"{kind}: {name} is left over" for name in new.keys() - old.keys()]
        lines += [f"{kind}: {name} is gone" for name in old.keys() - new.keys()]
        lines += [
            f"{kind}: {name} was {old[name]}, is {new[name]}"
            for name in old.keys() & new.keys()
            if old[name] != new[name]
        ]
    return lines
