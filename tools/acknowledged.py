"""What cdk-nag finds and we leave as it is: the rule, the resources that it is about, and the reason.

IAM5 finds every `*` of a policy and does not see the conditions beside it; that these suffice, and which actions know
none, tests/stacks/test_permissions.py holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

Finding = tuple[str, str]  # the rule, with what it names in brackets; the path of the construct

LINK, WATCH, COSTS = "causeway-LINK", "CausewayWatch-eu-west-1", "CausewayCosts-eu-west-1"


@dataclass(frozen=True)
class Acknowledged:
    """One reason, for one rule. `where` names the constructs of `stack` by their paths."""

    rule: str
    stack: str
    where: tuple[str, ...]
    reason: str

    def findings(self) -> Iterator[Finding]:
        """Each of them as cdk-nag names it."""
        for path in self.where:
            yield self.rule, f"{self.stack}/{path}/Resource"


_LOCKED = (
    "Discover",
    "Preflight",
    "LaunchGateway",
    "WaitForBoot",
    "ExplainBoot",
    "AttachElasticIp",
    "AdjustRoutes",
    "ConnectAzure",
    "RepointGateway",
    "Verify",
    "RetireGateway",
    "RestoreGateway",
    "RemoveRoutes",
    "DisconnectAzure",
)
_FUNCTIONS = (*_LOCKED, "Report", "DeployLink", "HearGateway", "AnswerForWalk")


def _roles(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}Role" for name in names)


def _any(kind: str, reason: str, *names: str) -> Acknowledged:
    """All of a kind of EC2 resource, in these functions' roles."""
    rule = f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:eu-west-1:<AWS::AccountId>:{kind}/*]"
    return Acknowledged(rule, LINK, _roles(*names), reason)


_EVERYTHING = "AwsSolutions-IAM5[Resource::*]"
_EXECUTIONS = (
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:eu-west-1:<AWS::AccountId>:execution:causeway-LINK:*]"
)
_TABLES = (
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:dynamodb:eu-west-1:<AWS::AccountId>:table/causeway-LINK-Table*]"
)
_LOOKS = (
    "EC2's Describe calls know no resource, and only look; nor do web identity tokens, which a condition keeps for the"
    " link's Function."
)
_NEW_EACH_TIME = "Executions are named as they start, so a role names those of the link's own state machine."
_RUNTIME = (
    "The functions, the Azure Function and Debian's agent run one Python, 3.13, which their bytecode is made for."
)
_OF_NOW = (
    "The table holds what is so now, a lock or a reading; what it held an hour ago would mislead. Beside it are "
    "traffic samples, prices and claims: a restored table is another table, which no walk and no gateway writes to."
)

ACKNOWLEDGED = (
    Acknowledged(_EVERYTHING, LINK, _roles(*_LOCKED, "Report"), _LOOKS),
    Acknowledged(_EVERYTHING, WATCH, ("CausewayWatchRole",), _LOOKS),
    Acknowledged(
        _EVERYTHING,
        LINK,
        ("gatewayRole",),
        "PutMetricData knows no resource; a condition leaves it the namespace Causeway.",
    ),
    _any(
        "instance",
        "An instance is named by EC2 at its launch; a condition on its tag leaves the link's own gateways.",
        "LaunchGateway",
        "ExplainBoot",
        "AttachElasticIp",
        "RestoreGateway",
        "RetireGateway",
    ),
    _any(
        "network-interface",
        "An interface is named by EC2 at its launch; a condition leaves those with the link's tag or in its VPC.",
        "LaunchGateway",
        "AttachElasticIp",
        "RestoreGateway",
        "RetireGateway",
    ),
    _any(
        "volume", "A volume is named by EC2 at its launch; a condition makes it bear the link's tag.", "LaunchGateway"
    ),
    _any("subnet", "The subnet is chosen at the launch; a condition leaves those of the link's VPC.", "LaunchGateway"),
    _any(
        "route-table",
        "The private route tables are found by each look; a condition leaves those of the link's VPC.",
        "AdjustRoutes",
        "RemoveRoutes",
        "RestoreGateway",
    ),
    Acknowledged(
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:eu-west-1::image/*]",
        LINK,
        _roles("LaunchGateway"),
        "Which image a parameter names is known at the launch alone; one that is declared by its id is named.",
    ),
    Acknowledged(_EXECUTIONS, LINK, _roles(*_LOCKED, "DeployLink"), _NEW_EACH_TIME),
    Acknowledged(_EXECUTIONS, WATCH, ("CausewayWatchRole",), _NEW_EACH_TIME),
    Acknowledged(
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:eu-west-1::parameter/aws/service/*]",
        WATCH,
        ("CausewayWatchRole",),
        "AWS's own public parameters, which name images; each link may name another, and all may read them.",
    ),
    Acknowledged(
        _TABLES,
        WATCH,
        ("CausewayWatchRole",),
        "CloudFormation ends the name of a link's table with letters of its own, in a stack that comes after this one.",
    ),
    Acknowledged(
        _EVERYTHING,
        COSTS,
        ("CausewayCostsRole",),
        "GetMetricStatistics and GetProducts know no resource, and only read.",
    ),
    Acknowledged(
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:eu-west-1:<AWS::AccountId>:identity/*]",
        COSTS,
        ("CausewayCostsRole",),
        "SES may ask for the identity of an address or its domain; a condition leaves mails from the declared sender.",
    ),
    Acknowledged(_EXECUTIONS, COSTS, ("CausewayCostsRole",), _NEW_EACH_TIME),
    Acknowledged(
        _TABLES,
        COSTS,
        ("CausewayCostsRole",),
        "CloudFormation ends the name of a link's table with letters of its own; it is only read.",
    ),
    Acknowledged("AwsSolutions-L1", COSTS, ("CausewayCostsFunction",), _RUNTIME),
    Acknowledged("AwsSolutions-L1", LINK, tuple(f"{name}Function" for name in _FUNCTIONS), _RUNTIME),
    Acknowledged("AwsSolutions-L1", WATCH, ("CausewayWatchFunction",), _RUNTIME),
    Acknowledged("AwsSolutions-DDB3", LINK, ("Table",), _OF_NOW),
    Acknowledged("AwsSolutions-DDB3", WATCH, ("Links",), _OF_NOW),
    Acknowledged(
        "AwsSolutions-SMG4",
        LINK,
        ("Psk",),
        "A key that one end alone has cuts the tunnel; until a walk can change it on both, it is not rotated.",
    ),
    Acknowledged(
        "AwsSolutions-SF1",
        LINK,
        ("Walk/Machine",),
        "Step Functions keeps each walk's history, the functions log; log delivery wants permissions on everything.",
    ),
    Acknowledged(
        "AwsSolutions-SF2",
        LINK,
        ("Walk/Machine",),
        "A walk's history has the times of its states; traces would cost and want permissions on everything.",
    ),
)
