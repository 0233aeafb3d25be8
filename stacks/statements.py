"""A statement of a policy, and what the statements of a link speak of."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_iam as iam

Conditions = Mapping[str, Mapping[str, str | list[str]]]


@dataclass(frozen=True)
class Made:
    """ARNs of what the stack declares."""

    table: str
    psk_secret: str
    security_group: str
    elastic_ip: str
    gateway_role: str
    state_machine: str
    executions: str
    links: str
    watch: str


def allow(*actions: str, on: str | list[str] = "*", when: Conditions | None = None) -> iam.PolicyStatement:
    """All of the actions, on each of the resources, when all conditions hold."""
    resources = [on] if isinstance(on, str) else on
    return iam.PolicyStatement(actions=list(actions), resources=resources, conditions=when)
