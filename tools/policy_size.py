"""Counts the characters of a role's inline policies as IAM does, with a name in the place of each reference.

IAM adds up all inline policies of a role, counts no white space, and allows 10,240 characters ("IAM and AWS STS
quotas", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.synthesis import Resource, Stack

PARTITION, ACCOUNT = "aws", "123456789012"
# CloudFormation ends a name that it makes with twelve characters; an EC2 id ends with seventeen hexadecimal digits.
SUFFIX, HEX = "1A2B3C4D5E6F", "0123456789abcdef0"
# By type: the property that holds a declared name, and the ARN after "arn:PARTITION:".
ARNS: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:{region}:{account}:table/{name}"),
    "AWS::IAM::Role": ("RoleName", "iam::{account}:role/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "lambda:{region}:{account}:function:{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs:{region}:{account}:log-group:{name}:*"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager:{region}:{account}:secret:{name}-AbCdEf"),
    "AWS::SNS::Topic": ("TopicName", "sns:{region}:{account}:{name}"),
}
REF_IS_ARN = ("AWS::SecretsManager::Secret", "AWS::SNS::Topic")
EC2_IDS = {
    ("AWS::EC2::EIP", "AllocationId"): f"eipalloc-{HEX}",
    ("AWS::EC2::SecurityGroup", "GroupId"): f"sg-{HEX}",
}


def largest(stacks: tuple[Stack, ...]) -> int:
    """The characters of the role with the most."""
    return max(size for stack in stacks for size in by_role(stack).values())


def by_role(stack: Stack) -> dict[str, int]:
    """The characters of each role, by its logical id."""
    sizes = dict.fromkeys(stack.of_type("AWS::IAM::Role"), 0)
    for role, document in _documents(stack):
        sizes[role] += len(compact(resolve(stack, document)))
    return sizes


def _documents(stack: Stack) -> Iterator[tuple[str, Any]]:
    """Each inline policy with its role: within the role, or a resource that names its roles."""
    for id, role in stack.of_type("AWS::IAM::Role").items():
        yield from ((id, one["PolicyDocument"]) for one in role["Properties"].get("Policies", []))
    for policy in stack.of_type("AWS::IAM::Policy").values():
        for role in policy["Properties"]["Roles"]:
            yield role["Ref"], policy["Properties"]["PolicyDocument"]


def compact(document: Any) -> str:
    """JSON without white space between its tokens; within strings a policy of Causeway has none."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def resolve(stack: Stack, value: Any) -> Any:
    """The value with each reference resolved. Raises TypeError for one that this table does not know."""
    match value:
        case {"Ref": str(name)}:
            return _ref(stack, name)
        case {"Fn::GetAtt": [str(id), str(attribute)]}:
            return _attribute(stack, id, attribute)
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(str(resolve(stack, part)) for part in parts)
        case dict():
            if unknown := [key for key in value if key.startswith("Fn::")]:
                raise TypeError(f"{stack.name}: a policy holds {unknown[0]}, which is not resolved here")
            return {key: resolve(stack, one) for key, one in value.items()}
        case list():
            return [resolve(stack, one) for one in value]
    return value


def _ref(stack: Stack, name: str) -> str:
    pseudo = {"AWS::Partition": PARTITION, "AWS::Region": stack.region, "AWS::AccountId": ACCOUNT}
    if name in pseudo:
        return pseudo[name]
    return _arn(stack, name) if stack.resources[name]["Type"] in REF_IS_ARN else physical_name(stack, name)


def _attribute(stack: Stack, id: str, attribute: str) -> str:
    kind = stack.resources[id]["Type"]
    return EC2_IDS[kind, attribute] if (kind, attribute) in EC2_IDS else _arn(stack, id, attribute)


def _arn(stack: Stack, id: str, attribute: str = "Arn") -> str:
    kind = stack.resources[id]["Type"]
    if attribute != "Arn" or kind not in ARNS:
        raise TypeError(f"{stack.name}: a policy names {attribute} of {id}, a {kind}, which is not resolved here")
    _, form = ARNS[kind]
    return f"arn:{PARTITION}:{form.format(region=stack.region, account=ACCOUNT, name=physical_name(stack, id))}"


def physical_name(stack: Stack, id: str) -> str:
    """The declared name of a resource, or one as CloudFormation makes it."""
    resource: Resource = stack.resources[id]
    if resource["Type"] not in ARNS:
        raise TypeError(f"{stack.name}: the name of {id}, a {resource['Type']}, is not resolved here")
    declared, _ = ARNS[resource["Type"]]
    # CloudFormation leaves the stack out of a secret's name ("AWS::SecretsManager::Secret", property Name).
    stem = id if resource["Type"] == "AWS::SecretsManager::Secret" else f"{stack.name}-{id}"
    return str(resource.get("Properties", {}).get(declared, f"{stem}-{SUFFIX}"))
