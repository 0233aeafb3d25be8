"""What each function may do: the actions that its code calls, on the narrowest resource that the API allows."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from link import reading, region, watched
from link.spec import LinkSpec
from link.steps import State
from stacks.ec2_permissions import LOOK, SURVEY, Ec2Permissions
from stacks.statements import Conditions, Made
from stacks.statements import allow as _allow


def _tokens(links: Sequence[LinkSpec]) -> iam.PolicyStatement:
    """To call the Functions of these links, and nobody else, by this role's name.

    The action is allowed on all or nothing; audience and life are its conditions, and a request names its audiences as
    a list (IAM user guide, "Controlling access with IAM policies" of outbound identity federation).
    """
    audiences = sorted({link.azure.function_audience for link in links})
    when: Conditions = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": audiences},
        "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
    }
    return _allow("sts:GetWebIdentityToken", when=when)


def _quotas() -> iam.PolicyStatement:
    """The reference names a quota as the resource since 2026, optionally, and before knew neither."""
    services = {"servicequotas:service": ["ec2", "vpc"]}
    return _allow("servicequotas:GetServiceQuota", when={"StringEqualsIfExists": services})


class Permissions:
    """Statements by the name of a state or trigger."""

    def __init__(self, stack: Stack, spec: LinkSpec, made: Made) -> None:
        self._stack = stack
        self._spec = spec
        self._made = made
        self._ec2 = Ec2Permissions(stack, spec, made)

    def _look(self) -> list[iam.PolicyStatement]:
        return [_allow(*LOOK), self._recall()]

    def _gateways(self) -> list[iam.PolicyStatement]:
        return [_allow("ec2:DescribeInstances"), self._recall()]

    def _recall(self) -> iam.PolicyStatement:
        return _allow("dynamodb:BatchGetItem", on=self._made.table)

    def _function(self) -> iam.PolicyStatement:
        return _tokens([self._spec])

    def _registry(self, action: str) -> iam.PolicyStatement:
        """Its own row of the region's list of links."""
        own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": self._spec.name}}
        return _allow(action, on=self._made.links, when=own)

    def _preflight(self) -> list[iam.PolicyStatement]:
        asked = [
            self._stack.format_arn(
                service="lambda",
                resource="function",
                resource_name=f"causeway-{self._spec.name}-{state}",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for state in (State.LAUNCH_GATEWAY, State.ADJUST_ROUTES)
        ]
        return [
            *self._look(),
            *self._ec2.image(),
            _allow(*SURVEY),
            _quotas(),
            # They try their own roles by dry runs; nobody else can.
            _allow("lambda:InvokeFunction", on=asked),
        ]

    def _lock(self) -> list[iam.PolicyStatement]:
        """Every state confirms that its walk holds the lock, and may take it over from a walk that has ended."""
        made = self._made
        return [
            _allow("dynamodb:PutItem", "dynamodb:GetItem", on=made.table),
            _allow("states:DescribeExecution", on=made.executions),
        ]

    def of(self, name: str) -> list[iam.PolicyStatement]:
        """The statements of one function. Raises KeyError for a name that is no function."""
        locked = name in {state.value for state in State} - {State.REPORT.value}
        return [*(self._lock() if locked else []), *self._of(name)]

    def _of(self, name: str) -> list[iam.PolicyStatement]:
        made, ec2 = self._made, self._ec2
        addresses = _allow("ec2:DescribeAddresses")
        table: dict[str, list[iam.PolicyStatement]] = {
            "Discover": [*self._gateways(), addresses, self._function()],
            "Preflight": self._preflight(),
            "LaunchGateway": [
                *self._look(),
                *ec2.image(),
                ec2.inbound("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
                *ec2.launch(),
            ],
            "WaitForBoot": [
                *self._gateways(),
                addresses,
                _allow("dynamodb:UpdateItem", on=made.table),
                _allow("states:SendTaskSuccess", on=made.state_machine),
            ],
            "ExplainBoot": [
                *self._gateways(),
                addresses,
                ec2.of_gateways("ec2:GetConsoleOutput"),
            ],
            "AttachElasticIp": [*self._look(), ec2.forward(), *ec2.associate()],
            "AdjustRoutes": [
                *self._look(),
                ec2.routes("ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"),
                _allow("dynamodb:UpdateItem", on=made.table),
            ],
            "ConnectAzure": [
                *self._look(),
                self._function(),
                _allow("states:SendTaskSuccess", on=made.state_machine),
            ],
            "RepointGateway": self._look(),
            "Verify": [*self._gateways(), self._function()],
            "DisconnectAzure": [self._function(), _allow("states:SendTaskSuccess", on=made.state_machine)],
            "RemoveRoutes": [
                *self._look(),
                ec2.routes("ec2:DeleteRoute"),
                _allow("dynamodb:UpdateItem", on=made.table),
            ],
            "RestoreGateway": [
                *self._look(),
                ec2.forward(),
                *ec2.associate(),
                ec2.routes("ec2:ReplaceRoute"),
                _allow("dynamodb:UpdateItem", on=made.table),
            ],
            "RetireGateway": [
                *self._look(),
                *ec2.disassociate(),
                ec2.of_gateways("ec2:TerminateInstances"),
                ec2.inbound("ec2:RevokeSecurityGroupIngress"),
            ],
            "Report": [
                *self._gateways(),
                _allow("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:GetItem", on=made.table),
                self._registry("dynamodb:PutItem"),
                _allow("lambda:InvokeFunction", on=made.watch),
            ],
            "DeployLink": [
                _allow("dynamodb:GetItem", on=made.table),
                self._registry("dynamodb:DeleteItem"),
                _allow("states:StartExecution", on=made.state_machine),
                _allow("states:StopExecution", on=made.executions),
            ],
            "HearGateway": [
                _allow("dynamodb:PutItem", "dynamodb:UpdateItem", on=made.table),
                _allow("states:SendTaskSuccess", "states:SendTaskFailure", on=made.state_machine),
            ],
            "AnswerForWalk": [],
        }
        return table[name]

    def gateway(self) -> list[iam.PolicyStatement]:
        """What the gateway's agent may do. Its calls are listed in gateway/__init__.py."""
        made = self._made
        bus = self._stack.format_arn(service="events", resource="event-bus", resource_name="default")
        spoken = {"events:detail-type": [kind.value for kind in reading.GatewayEvent]}
        return [
            _allow(
                "dynamodb:GetItem",
                on=made.table,
                when={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "configuration"}},
            ),
            _allow("secretsmanager:GetSecretValue", on=made.psk_secret),
            # One request may carry several events. Of none at all "all" would be true, hence the Null.
            _allow(
                "events:PutEvents",
                on=bus,
                when={
                    "ForAllValues:StringEquals": {"events:source": watched.source(self._spec.name), **spoken},
                    "Null": {"events:source": "false", "events:detail-type": "false"},
                },
            ),
            # PutMetricData knows no resource, only a namespace condition.
            _allow("cloudwatch:PutMetricData", when={"StringEquals": {"cloudwatch:namespace": "Causeway"}}),
        ]

    def azure_function(self) -> list[iam.PolicyStatement]:
        """What the Azure Function may do in AWS: read this link's PSK and answer this link's state machine."""
        made = self._made
        return [
            _allow("secretsmanager:GetSecretValue", on=made.psk_secret),
            # The reference has no resource for these; Step Functions asks for the machine (aws-cdk pull request 8486).
            _allow(
                "states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat", on=made.state_machine
            ),
        ]


def of_watch(stack: Stack, links: Sequence[LinkSpec], topic: str) -> list[iam.PolicyStatement]:
    """What the watch of a region may do: look at all links, remember, start their walks, tell humans."""

    def arn(service: str, resource: str, name: str, arn_format: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME) -> str:
        return stack.format_arn(service=service, resource=resource, resource_name=name, arn_format=arn_format)

    colon = ArnFormat.COLON_RESOURCE_NAME
    return [
        _allow(*LOOK),
        # What preflight's survey asks, once an hour.
        _allow(*SURVEY, "ec2:DescribeImages"),
        _allow("ssm:GetParameter", on=f"arn:{stack.partition}:ssm:{stack.region}::parameter/aws/service/*"),
        _quotas(),
        _allow("dynamodb:Scan", on=arn("dynamodb", "table", region.LINKS)),
        _allow(
            "dynamodb:PutItem",
            on=arn("dynamodb", "table", region.LINKS),
            when={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": region.HEALING}},
        ),
        _allow(
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            # The links' own tables: CloudFormation names them by their stacks.
            on=[arn("dynamodb", "table", f"causeway-{link.name}-Table*") for link in links],
        ),
        _tokens(links),
        _allow(
            "states:StartExecution",
            on=[arn("states", "stateMachine", f"causeway-{link.name}", colon) for link in links],
        ),
        # Of a walk that waits for the boot of an instance that has ended.
        _allow(
            "states:SendTaskFailure",
            on=[arn("states", "stateMachine", f"causeway-{link.name}", colon) for link in links],
        ),
        _allow(
            "states:DescribeExecution",
            on=[arn("states", "execution", f"causeway-{link.name}:*", colon) for link in links],
        ),
        _allow("sns:Publish", on=topic),
    ]
