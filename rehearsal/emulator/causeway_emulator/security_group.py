"""Security groups of CloudFormation with their rules, which LocalEmu ignores, and their updates, which it skips."""

from typing import Any

from localemu.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider
from localemu.services.ec2.resource_providers.aws_ec2_securitygroup import EC2SecurityGroupProvider
from localemu.utils.patch import patch

Request = Any
Rule = dict[str, Any]
DIRECTIONS = ("ingress", "egress")
ALLOW_ALL = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
PEERS = {  # property -> (list of the permission, key in its entry)
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
}


def permission(rule: Rule) -> dict[str, Any]:
    wanted: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    wanted |= {port: int(rule[port]) for port in ("FromPort", "ToPort") if rule.get(port) is not None}
    described = {"Description": rule["Description"]} if rule.get("Description") else {}
    for name, (group, key) in PEERS.items():
        if rule.get(name):
            wanted[group] = [{key: rule[name], **described}]
    return wanted


def change(request: Request, verb: str, direction: str, group_id: str, rules: list[Rule]) -> None:
    if rules:
        call = getattr(request.aws_client_factory.ec2, f"{verb}_security_group_{direction}")
        call(GroupId=group_id, IpPermissions=[permission(rule) for rule in rules])


def rules_of(properties: dict[str, Any], direction: str) -> list[Rule]:
    rules: list[Rule] = properties.get(f"SecurityGroup{direction.capitalize()}") or []
    return rules or ([ALLOW_ALL] if direction == "egress" else [])


def mend() -> None:
    @patch(EC2SecurityGroupProvider.create)
    def create(original: Any, self: Any, request: Request) -> ProgressEvent:
        event = original(self, request)
        replace_rules(request, event.resource_model["GroupId"], {}, request.desired_state)
        return event

    @patch(EC2SecurityGroupProvider.update)
    def update(original: Any, self: Any, request: Request) -> ProgressEvent:
        before, wanted, ec2 = request.previous_state, request.desired_state, request.aws_client_factory.ec2
        replace_rules(request, before["GroupId"], before, wanted)
        gone = [{"Key": tag["Key"]} for tag in before.get("Tags") or []]
        if gone:
            ec2.delete_tags(Resources=[before["GroupId"]], Tags=gone)
        if wanted.get("Tags"):
            ec2.create_tags(Resources=[before["GroupId"]], Tags=wanted["Tags"])
        return ProgressEvent(OperationStatus.SUCCESS, {**wanted, "Id": before["Id"], "GroupId": before["GroupId"]})


def replace_rules(request: Request, group_id: str, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    for direction in DIRECTIONS:
        change(request, "revoke", direction, group_id, rules_of(before, direction))
        change(request, "authorize", direction, group_id, rules_of(wanted, direction))


class SeparateRule(ResourceProvider):
    """AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress."""

    SCHEMA = {"primaryIdentifier": ["/properties/Id"], "properties": {}}
    direction: str

    def create(self, request: Request) -> ProgressEvent:
        wanted = request.desired_state
        change(request, "authorize", self.direction, wanted["GroupId"], [wanted])
        return ProgressEvent(OperationStatus.SUCCESS, {**wanted, "Id": request.logical_resource_id})

    def update(self, request: Request) -> ProgressEvent:
        self.delete(request)
        return self.create(request)

    def delete(self, request: Request) -> ProgressEvent:
        before = request.previous_state
        change(request, "revoke", self.direction, before["GroupId"], [before])
        return ProgressEvent(OperationStatus.SUCCESS, {})


class Ingress(SeparateRule):
    direction = "ingress"


class Egress(SeparateRule):
    direction = "egress"
