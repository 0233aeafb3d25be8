"""The stack of one link: what CloudFormation can own, and the walk that does the rest. Decides nothing."""

from pathlib import Path

from aws_cdk import (
    CfnOutput,
    CfnTag,
    CustomResource,
    Duration,
    Environment,
    FileSystem,
    Fn,
    RemovalPolicy,
    Stack,
    Tags,
)
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from link import lock, plan, region, watched
from link.spec import LinkSpec
from link.steps import State
from stacks import functions
from stacks.permissions import Permissions
from stacks.statements import Made
from stacks.walk_machine import WalkMachine

TRIGGERS = ("DeployLink", "HearGateway", "AnswerForWalk")


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


class LinkStack(Stack):
    """Elastic IP, security group, PSK, table, roles, functions, state machine, rules, and the custom resource."""

    def __init__(self, scope: Construct, spec: LinkSpec, asset: Path) -> None:
        self._name = f"causeway-{spec.name}"
        super().__init__(
            scope, self._name, env=Environment(region=spec.aws.region), description=f"Causeway link {spec.name}"
        )
        self._spec = spec
        self._asset = asset
        self._deployment = f"{self.account}/{spec.aws.region}/{spec.name}"
        self._declare_gateway_side()
        self._made = Made(
            table=self._table.table_arn,
            psk_secret=self._psk.secret_arn,
            security_group=self._arn("ec2", "security-group", self._group.attr_group_id),
            elastic_ip=self._arn("ec2", "elastic-ip", self._elastic_ip.attr_allocation_id),
            gateway_role=self._arn("iam", "role", f"{self._name}-gateway"),
            state_machine=self._arn("states", "stateMachine", self._name, colon=True),
            executions=self._arn("states", "execution", f"{self._name}:*", colon=True),
            links=self._arn("dynamodb", "table", region.LINKS),
            watch=self._arn("lambda", "function", region.WATCH, colon=True),
        )
        self._permissions = Permissions(self, spec, self._made)
        self._declare_roles()
        code = lambda_.Code.from_asset(str(asset))
        made = {name: self._function(name, code) for name in (*(state.value for state in State), *TRIGGERS)}
        self._walk = WalkMachine(self, "Walk", self._name, made.__getitem__)
        self._declare_link(made, self._declare_rules(made))
        self._declare_alarms()
        for key, value in plan.tags(spec, self._deployment).items():
            # A stack's own tags may hold no deploy-time value, and the deployment names the account.
            Tags.of(self).add(key, value, exclude_resource_types=["aws:cdk:stack"])

    def _arn(self, service: str, resource: str, name: str, *, colon: bool = False) -> str:
        at = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{at}:{self.account}:{resource}{':' if colon else '/'}{name}"

    def _declare_gateway_side(self) -> None:
        self._elastic_ip = ec2.CfnEIP(self, "ElasticIp", domain="vpc", tags=[CfnTag(key="Name", value=self._name)])
        # No inbound rule here: the walk adds them for what it discovers, and CloudFormation leaves them alone.
        self._group = ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description=f"Gateway of Causeway link {self._spec.name}",
            vpc_id=self._spec.aws.vpc,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="-1", cidr_ip="0.0.0.0/0", description="To Azure, AWS, the VPC"
                )
            ],
            tags=[CfnTag(key="Name", value=self._name)],
        )
        # Letters and digits only: Azure forbids "-", "~" and space in a shared key, Libreswan forbids quotes.
        self._psk = secretsmanager.Secret(
            self,
            "Psk",
            description=f"Pre-shared key of Causeway link {self._spec.name}",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=64),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expires",  # traffic samples have one (lambdas/clouds/samples.py)
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _role(self, name: str, principal: iam.IPrincipal, statements: list[iam.PolicyStatement]) -> iam.Role:
        return functions.role(self, name, f"{self._name}-{name}", principal, statements)

    def _declare_roles(self) -> None:
        gateway = self._role("gateway", iam.ServicePrincipal("ec2.amazonaws.com"), self._permissions.gateway())
        self._profile = iam.CfnInstanceProfile(self, "GatewayProfile", roles=[gateway.role_name])
        self.azure_role = self._role("azure", self._function_identity(), self._permissions.azure_function())

    def _function_identity(self) -> iam.IPrincipal:
        """The managed identity of the link's Function, as Entra vouches for it. Nobody else may take the role."""
        side = self._spec.azure
        provider = side.identity_provider or self._arn("iam", "oidc-provider", side.issuer)
        said = {f"{side.issuer}:aud": side.token_audience_or_default, f"{side.issuer}:sub": side.function_identity}
        return iam.WebIdentityPrincipal(provider, {"StringEquals": said})

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "CAUSEWAY_SPEC": self._spec.model_dump_json(exclude_defaults=True),
            "CAUSEWAY_DEPLOYMENT": self._deployment,
            "CAUSEWAY_TABLE": self._table.table_name,
            "CAUSEWAY_PSK_SECRET": self._psk.secret_arn,
            "CAUSEWAY_ELASTIC_IP_ALLOCATION": self._elastic_ip.attr_allocation_id,
            "CAUSEWAY_SECURITY_GROUP": self._group.attr_group_id,
            "CAUSEWAY_INSTANCE_PROFILE": self._profile.attr_arn,
            "CAUSEWAY_STATE_MACHINE": self._made.state_machine,
        }

    def _function(self, name: str, code: lambda_.Code) -> lambda_.Function:
        return functions.declare(
            self,
            name,
            f"{self._name}-{name}",
            role_name=f"{self._name}-{name}",
            code=code,
            handler=f"lambdas.handlers.{_snake(name)}.handler",
            statements=self._permissions.of(name),
            environment=self._environment(name),
            patience=Duration.seconds(lock.FUNCTION_TIMEOUT.total_seconds()),
        )

    def _declare_rules(self, made: dict[str, lambda_.Function]) -> list[events.Rule]:
        name = self._spec.name
        spoken = events.EventPattern(source=[watched.source(name)], detail={"link": [name]})
        ended = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [self._made.state_machine], "status": ["TIMED_OUT", "ABORTED", "FAILED"]},
        )
        return [
            events.Rule(
                self, "GatewaySpeaks", event_pattern=spoken, targets=[targets.LambdaFunction(made["HearGateway"])]
            ),
            events.Rule(self, "WalkEnds", event_pattern=ended, targets=[targets.LambdaFunction(made["AnswerForWalk"])]),
        ]

    def _declare_alarms(self) -> None:
        """They ring for the watch, which looks, and tells a human only of what it cannot mend."""
        minute, missing = Duration.minutes(1), cloudwatch.TreatMissingData
        tunnel = cloudwatch.Metric(
            namespace="Causeway", metric_name="TunnelUp", dimensions_map={"Link": self._spec.name}, period=minute
        )
        self._alarm("AgentSilent", tunnel.with_(statistic="SampleCount"), "LESS", 3, missing.BREACHING)
        self._alarm("TunnelDown", tunnel.with_(statistic="Maximum"), "LESS", 2, missing.NOT_BREACHING)
        failed = self._walk.machine.metric_failed(period=minute, statistic="Sum")
        self._alarm("WalkFailed", failed, "MORE", 1, missing.NOT_BREACHING)

    def _alarm(
        self, word: str, metric: cloudwatch.Metric, way: str, minutes: int, missing: cloudwatch.TreatMissingData
    ) -> None:
        """An alarm when the metric is less than one, or one and more."""
        operators = cloudwatch.ComparisonOperator
        less, more = operators.LESS_THAN_THRESHOLD, operators.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        metric.create_alarm(
            self,
            word,
            alarm_name=watched.alarm(self._spec.name, word),
            threshold=1,
            comparison_operator=less if way == "LESS" else more,
            evaluation_periods=minutes,
            treat_missing_data=missing,
        )

    def _declare_link(self, made: dict[str, lambda_.Function], rules: list[events.Rule]) -> None:
        link = CustomResource(
            self,
            "Link",
            resource_type="Custom::CausewayLink",
            service_token=made["DeployLink"].function_arn,
            # A change of the wanted link or of this program starts a walk; CloudFormation calls for nothing else.
            properties={"SpecDigest": self._spec.digest(), "CodeDigest": FileSystem.fingerprint(str(self._asset))},
        )
        # Made last and deleted first: the walk needs all of these, and its answer comes by the rules.
        link.node.add_dependency(self._walk, self.azure_role, self._profile, *made.values(), *rules)
        CfnOutput(
            self, "ElasticIpAddress", value=self._elastic_ip.attr_public_ip, description="The AWS end of the link"
        )
        CfnOutput(self, "AzureConnection", value=self._name, description="The connection's name in Azure")
        CfnOutput(self, "Verdict", value=Fn.join(": ", [link.get_att_string("Reason"), link.get_att_string("Message")]))
        CfnOutput(
            self, "Warnings", value=link.get_att_string("Warnings"), description="What Preflight wants you to know"
        )
        CfnOutput(
            self, "WhereToLook", value=self._made.state_machine, description="The state machine of the link's walks"
        )
        CfnOutput(
            self, "AzureFunctionRole", value=self.azure_role.role_arn, description="The role the Azure Function takes"
        )
