"""The IAM audit as IAM decides: action prefixes, ARNs, tags and condition keys that LocalEmu lacks or gets wrong.

It also audits what a service does with a role of ours (a state machine's calls, a function's log lines). What AWS does
for a caller in its own name it does not: a launch's iam:PassRole and ec2:CreateTags.
Service Authorization Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import email
import email.utils
from collections.abc import Iterator
from typing import Any

from localemu.services.iam_enforcement import (
    arn_builder,
    condition_evaluator,
    enforcer,
    evaluator,
    identity,
    resource_tag_loader,
    service_action_map,
)
from localemu.services.stepfunctions.backend.models import sfn_stores
from localemu.utils.patch import patch
from moto.ec2.models import ec2_backends
from moto.iam.policy_validation import IAMPolicyDocumentValidator
from moto.secretsmanager.models import secretsmanager_backends

Params = dict[str, Any]
PREFIXES = {"stepfunctions": "states", "service-quotas": "servicequotas", "sesv2": "ses"}
ASKED = "causeway:asked"  # among a request's parameters: the one resource that is asked about now
EC2_RESOURCES = {  # the first that a request names is what the policy is asked about
    "RouteTableId": "route-table",
    "AllocationId": "elastic-ip",
    "InstanceId": "instance",
    "GroupId": "security-group",
    "NetworkInterfaceId": "network-interface",
    "ImageId": "image",
}


def mend() -> None:
    arn_builder._SERVICE_ARN_BUILDERS |= {
        "ec2": ec2_arn,
        "stepfunctions": states_arn,
        "secretsmanager": secret_arn,
        "logs": logs_arn,
        "events": events_arn,
        "ssm": ssm_arn,
        "service-quotas": quota_arn,
        "sesv2": ses_arn,
    }
    resource_tag_loader._LOADERS["ec2"] = ec2_tags
    syntax = IAMPolicyDocumentValidator._validate_condition_syntax
    IAMPolicyDocumentValidator._validate_condition_syntax = staticmethod(lambda statement: syntax(listed(statement)))
    judged = condition_evaluator.matches_conditions
    evaluator.matches_conditions = lambda statement, context: judged(listed(statement), context)

    @patch(service_action_map.map_action)
    def map_action(original: Any, service: str, operation: str) -> list[str]:
        return original(PREFIXES.get(service, service), operation)

    @patch(enforcer._build_conditions)
    def _build_conditions(original: Any, context: Any, caller: Any) -> dict[str, Any]:
        params = context.service_request or {}
        # The emulator speaks HTTP where AWS's endpoints, and all SDKs with them, speak TLS.
        tls = {"aws:SecureTransport": "true"}
        here = {**original(context, caller), **tls, **conditions(context.operation.name, params)}
        if context.service.service_name != "ec2":
            return here
        return {**here, **ec2_conditions(context._iam_resource_arn, params, context.region, context.account_id)}

    @patch(enforcer.IAMEnforcementHandler.__call__)
    def judge(original: Any, self: Any, chain: Any, context: Any, response: Any) -> None:
        """A batch of several tables is asked about each of them, and so is a call of several resources of EC2."""
        request = context.service_request
        for asked in each(context):
            context.service_request = asked
            try:
                original(self, chain, context, response)
            finally:
                context.service_request = request

    original_is_internal = enforcer.IAMEnforcementHandler._is_internal_call

    def is_internal(context: Any, access_key: str | None) -> bool:
        caller = identity.resolve_caller(access_key, context.account_id, context.region) if access_key else None
        return original_is_internal(context, access_key) and not (caller and caller.principal_type == "AssumedRole")

    enforcer.IAMEnforcementHandler._is_internal_call = staticmethod(is_internal)


def each(context: Any) -> list[Params | None]:
    params = context.service_request or {}
    if tables := params.get("RequestItems"):
        return [{"TableName": table} for table in tables]
    if context.service and context.service.service_name == "ec2":
        return [{**params, ASKED: arn} for arn in ec2_arns(params, context.region, context.account_id)]
    return [context.service_request]


def named(context: Any, holding: str) -> str:
    """The resource that a denial names: the first of those that are asked about, or the first that holds this text."""
    arns = [
        arn_builder.build_resource_arn(
            service=context.service.service_name,
            operation=context.operation.name,
            request_params=asked,
            region=context.region,
            account_id=context.account_id,
        )
        for asked in each(context)
    ]
    text = holding.strip('"')
    return next((arn for arn in arns if text and text in arn), arns[0])


def listed(statement: Params) -> Params:
    """A bare number in a condition, as AWS's own examples have it, is refused, and an error when it is judged."""
    written = {
        operator: {key: value if isinstance(value, list) else [value] for key, value in block.items()}
        for operator, block in statement.get("Condition", {}).items()
    }
    return {**statement, "Condition": written}


def conditions(operation: str, params: Params) -> dict[str, Any]:
    if operation == "GetWebIdentityToken":
        return {
            "sts:IdentityTokenAudience": params.get("Audience"),
            "sts:DurationSeconds": params.get("DurationSeconds") or 300,
            "sts:SigningAlgorithm": params.get("SigningAlgorithm"),
        }
    if operation == "PutMetricData":
        return {"cloudwatch:namespace": params.get("Namespace")}
    if operation == "PutEvents":
        entries = params.get("Entries") or []
        kinds = [entry.get("DetailType") for entry in entries]
        return {"events:source": [entry.get("Source") for entry in entries], "events:detail-type": kinds}
    if operation == "GetServiceQuota":
        return {"servicequotas:service": params.get("ServiceCode")}
    if operation == "SendEmail":
        return {"ses:FromAddress": sender(params)}
    if operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):  # the key of all our tables is "id", a string
        item = params.get("Key") or params.get("Item") or {}
        return {"dynamodb:LeadingKeys": [item.get("id", {}).get("S")]}
    return {}


def ec2_arn(params: Params, region: str, account: str) -> str:
    return str(params[ASKED])


def ec2_arns(params: Params, region: str, account: str) -> list[str]:
    stem = f"arn:aws:ec2:{region}:{account}"
    if params.get("MinCount"):
        return [*launched(params, stem), f"arn:aws:ec2:{region}::image/{params.get('ImageId')}"]
    if association := params.get("AssociationId"):
        return borne(association, stem, ec2_backends[account][region])
    first = {"InstanceId": next(iter(params.get("InstanceIds") or []), None)}
    values = {kind: params.get(name) or first.get(name) for name, kind in EC2_RESOURCES.items()}
    named = [f"{stem}:{kind}/{value}" for kind, value in values.items() if value]
    # An address is associated with something, and both are asked about; of a route only the table is.
    return (named if params.get("AllocationId") else named[:1]) or [f"{stem}:*"]


def launched(params: Params, stem: str) -> Iterator[str]:
    """What RunInstances makes, and what it uses."""
    yield from (f"{stem}:{kind}/*" for kind in ("instance", "volume", "network-interface"))
    for interface in params.get("NetworkInterfaces") or []:
        yield f"{stem}:subnet/{interface.get('SubnetId')}"
        yield from (f"{stem}:security-group/{group}" for group in interface.get("Groups") or [])


def borne(association: str, stem: str, backend: Any) -> list[str]:
    """The address and the interface that an association joins."""
    found = next((eip for eip in backend.addresses if eip.association_id == association), None)
    if found is None:
        return [f"{stem}:elastic-ip/*"]
    interface = [f"{stem}:network-interface/{found.eni.id}"] if found.eni else []
    return [f"{stem}:elastic-ip/{found.allocation_id}", *interface]


def ec2_conditions(arn: str, params: Params, region: str, account: str) -> dict[str, Any]:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if params.get("MinCount") and kind in ("instance", "volume", "network-interface"):
        return launch_conditions(kind, params)
    vpc = vpc_of(kind, name, ec2_backends[account][region])
    return {"ec2:Vpc": f"arn:aws:ec2:{region}:{account}:vpc/{vpc}"} if vpc else {}


def launch_conditions(kind: str, params: Params) -> dict[str, Any]:
    wished = [one for one in params.get("TagSpecifications") or [] if one.get("ResourceType") == kind]
    tags = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for one in wished for tag in one.get("Tags") or []}
    if kind != "instance":
        return tags
    tokens = (params.get("MetadataOptions") or {}).get("HttpTokens")
    return {**tags, "ec2:InstanceType": params.get("InstanceType"), "ec2:MetadataHttpTokens": tokens}


def vpc_of(kind: str, name: str, backend: Any) -> str | None:
    """The VPC of what is in one, as far as our policies ask for it. What does not exist is in none."""
    match kind:
        case "route-table":
            return getattr(backend.route_tables.get(name), "vpc_id", None)
        case "network-interface":
            return getattr(getattr(backend.enis.get(name), "subnet", None), "vpc_id", None)
        case "subnet":
            return next((zone[name].vpc_id for zone in backend.subnets.values() if name in zone), None)
        case _:
            return None


def ec2_tags(arn: str, account: str, region: str) -> dict[str, str]:
    return dict(ec2_backends[account][region].tags.get(arn.rpartition("/")[2], {}))


def states_arn(params: Params, region: str, account: str) -> str:
    executions = sfn_stores[account][region].executions
    if token := params.get("taskToken"):
        for execution in executions.values():
            if execution.exec_worker and execution.exec_worker.env.callback_pool_manager.get(token):
                return str(execution.state_machine.arn)
    named = params.get("executionArn") or params.get("stateMachineArn")
    return str(named or f"arn:aws:states:{region}:{account}:stateMachine:*")


def secret_arn(params: Params, region: str, account: str) -> str:
    """A secret asked for by its name has an ARN that ends in six characters more."""
    wanted = params.get("SecretId") or "*"
    secret = secretsmanager_backends[account][region].secrets.get(wanted)
    missing = wanted if wanted.startswith("arn:") else f"arn:aws:secretsmanager:{region}:{account}:secret:{wanted}"
    return str(secret.arn) if secret else missing


def ssm_arn(params: Params, region: str, account: str) -> str:
    """AWS's public parameters belong to no account. Our calls name one parameter by its path."""
    name = params.get("Name") or "/*"
    return f"arn:aws:ssm:{region}:{'' if name.startswith('/aws/service/') else account}:parameter{name}"


def quota_arn(params: Params, region: str, account: str) -> str:
    return f"arn:aws:servicequotas:{region}:{account}:{params.get('ServiceCode')}/{params.get('QuotaCode')}"


def ses_arn(params: Params, region: str, account: str) -> str:
    """The identity that is asked for by name, or that a mail says it is from: ours are raw, and name no other."""
    return f"arn:aws:ses:{region}:{account}:identity/{params.get('EmailIdentity') or sender(params) or '*'}"


def sender(params: Params) -> str:
    raw = ((params.get("Content") or {}).get("Raw") or {}).get("Data") or b""
    return email.utils.parseaddr(email.message_from_bytes(raw).get("From", ""))[1]


def events_arn(params: Params, region: str, account: str) -> str:
    """A rule of the default bus has no bus in its ARN."""
    bus, rule = params.get("EventBusName") or "default", params.get("Name") or params.get("Rule")
    stem = f"arn:aws:events:{region}:{account}"
    return f"{stem}:event-bus/{bus}" if not rule else f"{stem}:rule/{'' if bus == 'default' else bus + '/'}{rule}"


def logs_arn(params: Params, region: str, account: str) -> str:
    group, stream = params.get("logGroupName", "*"), params.get("logStreamName", "")
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
