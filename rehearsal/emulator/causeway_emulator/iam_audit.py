"""The IAM audit as IAM decides: action prefixes, ARNs, tags and condition keys that LocalEmu lacks or gets wrong.

It also audits what a service does with a role of ours (a state machine's calls, a function's log lines).
Service Authorization Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from typing import Any

from localemu.services.iam_enforcement import arn_builder, enforcer, identity, resource_tag_loader, service_action_map
from localemu.services.stepfunctions.backend.models import sfn_stores
from localemu.utils.patch import patch
from moto.ec2.models import ec2_backends
from moto.secretsmanager.models import secretsmanager_backends

Params = dict[str, Any]
PREFIXES = {"stepfunctions": "states", "service-quotas": "servicequotas"}
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
    }
    resource_tag_loader._LOADERS["ec2"] = ec2_tags

    @patch(service_action_map.map_action)
    def map_action(original: Any, service: str, operation: str) -> list[str]:
        return original(PREFIXES.get(service, service), operation)

    @patch(enforcer._build_conditions)
    def _build_conditions(original: Any, context: Any, caller: Any) -> dict[str, Any]:
        return {**original(context, caller), **conditions(context.operation.name, context.service_request or {})}

    @patch(enforcer.IAMEnforcementHandler.__call__)
    def judge(original: Any, self: Any, chain: Any, context: Any, response: Any) -> None:
        """A batch of several tables is asked about each of them."""
        request = context.service_request
        for table in (request or {}).get("RequestItems") or [None]:
            if table:
                context.service_request = {"TableName": table}
            try:
                original(self, chain, context, response)
            finally:
                context.service_request = request

    original_is_internal = enforcer.IAMEnforcementHandler._is_internal_call

    def is_internal(context: Any, access_key: str | None) -> bool:
        caller = identity.resolve_caller(access_key, context.account_id, context.region) if access_key else None
        return original_is_internal(context, access_key) and not (caller and caller.principal_type == "AssumedRole")

    enforcer.IAMEnforcementHandler._is_internal_call = staticmethod(is_internal)


def conditions(operation: str, params: Params) -> dict[str, Any]:
    if operation == "PutMetricData":
        return {"cloudwatch:namespace": params.get("Namespace")}
    if operation == "PutEvents":
        return {"events:source": [entry.get("Source") for entry in params.get("Entries") or []]}
    if operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):  # the key of all our tables is "id", a string
        item = params.get("Key") or params.get("Item") or {}
        return {"dynamodb:LeadingKeys": [item.get("id", {}).get("S")]}
    return {}


def ec2_arn(params: Params, region: str, account: str) -> str:
    stem = f"arn:aws:ec2:{region}:{account}"
    if params.get("MinCount"):  # RunInstances: its other resources are not asked about
        return f"{stem}:instance/*"
    if association := params.get("AssociationId"):
        found = [eip for eip in ec2_backends[account][region].addresses if eip.association_id == association]
        return f"{stem}:elastic-ip/{found[0].allocation_id if found else '*'}"
    first = {"InstanceId": next(iter(params.get("InstanceIds") or []), None)}
    for name, kind in EC2_RESOURCES.items():
        if value := params.get(name) or first.get(name):
            return f"{stem}:{kind}/{value}"
    return f"{stem}:*"


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


def events_arn(params: Params, region: str, account: str) -> str:
    """A rule of the default bus has no bus in its ARN."""
    bus, rule = params.get("EventBusName") or "default", params.get("Name") or params.get("Rule")
    stem = f"arn:aws:events:{region}:{account}"
    return f"{stem}:event-bus/{bus}" if not rule else f"{stem}:rule/{'' if bus == 'default' else bus + '/'}{rule}"


def logs_arn(params: Params, region: str, account: str) -> str:
    group, stream = params.get("logGroupName", "*"), params.get("logStreamName", "")
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
