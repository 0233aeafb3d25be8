"""One Lambda function as all of Causeway's are: its own role by a foretold name, its own log group, the one asset."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


def role(
    scope: Construct, id: str, name: str, principal: iam.IPrincipal, statements: list[iam.PolicyStatement]
) -> iam.Role:
    """A role that may do what the statements say, and nothing else."""
    document = {"Allow": iam.PolicyDocument(statements=statements)} if statements else None
    return iam.Role(scope, f"{id}Role", role_name=name, assumed_by=principal, inline_policies=document)


def declare(
    scope: Construct,
    id: str,
    name: str,
    *,
    role_name: str,
    code: lambda_.Code,
    handler: str,
    statements: list[iam.PolicyStatement],
    environment: dict[str, str],
    patience: Duration,
) -> lambda_.Function:
    """The function with its role and its log group. `patience` is its time-out."""
    log_group = logs.LogGroup(
        scope,
        f"{id}Logs",
        log_group_name=f"/aws/lambda/{name}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    write = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )
    own = role(scope, id, role_name, iam.ServicePrincipal("lambda.amazonaws.com"), [*statements, write])
    return lambda_.Function(
        scope,
        f"{id}Function",
        function_name=name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        architecture=lambda_.Architecture.X86_64,
        code=code,
        handler=handler,
        role=own.without_policy_updates(),
        environment=environment,
        memory_size=512,
        timeout=patience,
        log_group=log_group,
    )
