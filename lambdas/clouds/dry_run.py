"""Asks AWS whether the acting roles may do what a walk will have them do. EC2's DryRun decides; nothing is changed.

A role can only be tried by who has it, so Preflight has the functions themselves ask (see `ask`).
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from lambdas.clouds import apply, ec2_batches
from lambdas.clouds.errors import code, translated
from lambdas.settings import Settings
from link import aws_errors, choose
from link.errors import CloudRefused
from link.facts import Facts, Rule
from link.record import Record
from link.spec import LinkSpec
from link.steps import State
from link.survey import Permission

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

ACTING = (State.LAUNCH_GATEWAY, State.ADJUST_ROUTES)
_ANSWER = TypeAdapter(tuple[Permission, ...])


class Trial(Record):
    """Real things to try with: EC2 looks at some of them before it looks at the permission."""

    subnet: str
    internet_gateway: str
    route_table: str
    destination: IPv4Network
    rule: Rule


def trial(spec: LinkSpec, facts: Facts, zones: frozenset[str] | None) -> Trial:
    """What to try with. Raises CloudRefused, which names what is missing, when there is nothing."""
    public, tables = choose.places(spec, facts.aws, "", zones), choose.private_tables(spec, facts.aws)
    if not (public and tables and facts.azure.prefixes and facts.aws.internet_gateway and facts.aws.cidrs):
        raise CloudRefused("there is no public subnet, private route table or prefix to try with")
    return Trial(
        subnet=public[0].id,
        internet_gateway=facts.aws.internet_gateway,
        route_table=tables[0].id,
        destination=facts.azure.prefixes[0],
        rule=Rule(protocol="-1", from_port=None, to_port=None, cidr=facts.aws.cidrs[0]),
    )


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda")


def ask(spec: LinkSpec, wanted: Trial) -> tuple[Permission, ...]:
    """What the functions that act say of their own roles, both asked at once."""
    _lambda()
    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda state: _ask(f"causeway-{spec.name}-{state}", wanted), ACTING)
        return tuple(permission for answer in answers for permission in answer)


def _ask(function: str, wanted: Trial) -> tuple[Permission, ...]:
    payload = json.dumps({"dry_run": wanted.model_dump(mode="json")})
    with translated(f"asking {function}"):
        answer = _lambda().invoke(FunctionName=function, Payload=payload)
        said = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise CloudRefused(f"asking {function}: {said.decode(errors='replace')[:500]}")
    return _ANSWER.validate_json(said)


def launch(settings: Settings, wanted: Trial) -> tuple[Permission, ...]:
    """For LaunchGateway: may it open the security group, and launch the gateway as it would be launched?"""
    ec2, permission, group = ec2_batches.ec2(), [apply.permission(wanted.rule)], settings.security_group
    request = apply.launch_request(settings, wanted.subnet)
    return (
        _try(
            "ec2:AuthorizeSecurityGroupIngress",
            lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission, DryRun=True),
        ),
        _try(
            "ec2:RevokeSecurityGroupIngress",
            lambda: ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission, DryRun=True),
        ),
        _try("ec2:RunInstances", lambda: ec2.run_instances(**request, DryRun=True)),
    )


def routes(wanted: Trial) -> tuple[Permission, ...]:
    """For AdjustRoutes: may it write a route? The internet gateway stands for an interface that is not there yet."""
    ec2, table, to = ec2_batches.ec2(), wanted.route_table, str(wanted.destination)
    target = wanted.internet_gateway
    return (
        _try(
            "ec2:CreateRoute",
            lambda: ec2.create_route(RouteTableId=table, DestinationCidrBlock=to, GatewayId=target, DryRun=True),
        ),
        _try(
            "ec2:ReplaceRoute",
            lambda: ec2.replace_route(RouteTableId=table, DestinationCidrBlock=to, GatewayId=target, DryRun=True),
        ),
        _try("ec2:DeleteRoute", lambda: ec2.delete_route(RouteTableId=table, DestinationCidrBlock=to, DryRun=True)),
    )


def _try(action: str, call: Callable[[], object]) -> Permission:
    """EC2 answers a dry run with an error whose code says yes or no. Anything else says neither."""
    try:
        call()
    except ClientError as exc:
        return Permission(action=action, allowed=aws_errors.dry_run_allowed(code(exc)), said=str(exc))
    return Permission(action=action, allowed=None, said="AWS did not answer as it answers a dry run")
