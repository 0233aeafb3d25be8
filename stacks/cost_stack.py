"""The stack of the cost mail: a function that an hourly schedule wakes, and an alarm on it."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import ArnFormat, Duration, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from link import region
from link.cost.wanted import CostMail
from link.spec import LinkSpec
from stacks import functions
from stacks.statements import allow

# Readings of an hour's last minute have come by then.
MINUTE = "5"
PATIENCE = Duration.minutes(10)


class CostStack(Stack):
    """What it remembers (mails sent, prices) is in the region's list of links; it alarms by the watch's topic."""

    def __init__(self, scope: Construct, mail: CostMail, links: Sequence[LinkSpec], asset: Path) -> None:
        super().__init__(
            scope,
            region.costs(mail.region),
            env=Environment(region=mail.region),
            description="Causeway's mail about what its links cost",
        )
        topic = self._arn("sns", mail.region, region.ALERTS, ArnFormat.NO_RESOURCE_NAME)
        function = functions.declare(
            self,
            region.COSTS,
            region.COSTS,
            role_name=region.costs(mail.region),
            code=lambda_.Code.from_asset(str(asset)),
            handler="lambdas.handlers.mail_costs.handler",
            statements=[*self._reads(links), *self._remembers(mail), *self._tells(mail, topic)],
            environment={
                "CAUSEWAY_COST_MAIL": mail.model_dump_json(exclude_defaults=True),
                "CAUSEWAY_REGIONS": ",".join(dict.fromkeys(link.aws.region for link in links)),
                "CAUSEWAY_ALERTS": topic,
            },
            patience=PATIENCE,
        )
        events.Rule(
            self,
            "Schedule",
            schedule=events.Schedule.cron(minute=MINUTE),
            # What was not done is owed an hour later too, so an event is not tried for longer.
            targets=[targets.LambdaFunction(function, max_event_age=Duration.minutes(30), retry_attempts=1)],
        )
        self._declare_alarm(function, sns.Topic.from_topic_arn(self, "Alerts", topic))

    def _arn(self, service: str, where: str, name: str, kind: ArnFormat) -> str:
        """Of a resource whose ARN has the form of its service."""
        resource, _, rest = name.partition("/") if kind is ArnFormat.SLASH_RESOURCE_NAME else name.partition(":")
        return self.format_arn(
            service=service, region=where, resource=resource, resource_name=rest or None, arn_format=kind
        )

    def _reads(self, links: Sequence[LinkSpec]) -> list[iam.PolicyStatement]:
        """The lists of links, the links' tables and walks, in every region; metrics and prices know no resource."""
        slash, colon = ArnFormat.SLASH_RESOURCE_NAME, ArnFormat.COLON_RESOURCE_NAME
        regions = dict.fromkeys(link.aws.region for link in links)
        where = [(link.aws.region, f"causeway-{link.name}") for link in links]
        return [
            allow("dynamodb:Scan", on=[self._arn("dynamodb", one, f"table/{region.LINKS}", slash) for one in regions]),
            allow(
                "dynamodb:BatchGetItem",
                on=[self._arn("dynamodb", one, f"table/{name}-Table*", slash) for one, name in where],
            ),
            allow(
                "states:ListExecutions",
                on=[self._arn("states", one, f"stateMachine:{name}", colon) for one, name in where],
            ),
            allow(
                "states:DescribeExecution",
                on=[self._arn("states", one, f"execution:{name}:*", colon) for one, name in where],
            ),
            allow("cloudwatch:GetMetricStatistics"),
            allow("pricing:GetProducts"),
        ]

    def _remembers(self, mail: CostMail) -> list[iam.PolicyStatement]:
        table = self._arn("dynamodb", mail.region, f"table/{region.LINKS}", ArnFormat.SLASH_RESOURCE_NAME)
        return [allow("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=table)]

    def _tells(self, mail: CostMail, topic: str) -> list[iam.PolicyStatement]:
        """From the declared sender alone. SES may ask for the identity of the address, its domain, or a recipient."""
        identities = self._arn("ses", mail.region, "identity/*", ArnFormat.SLASH_RESOURCE_NAME)
        from_sender = {"StringEquals": {"ses:FromAddress": mail.sender}}
        return [
            allow("ses:SendEmail", "ses:SendRawEmail", on=identities, when=from_sender),
            allow("sns:Publish", on=topic),
        ]

    def _declare_alarm(self, function: lambda_.Function, topic: sns.ITopic) -> None:
        failing = function.metric_errors(period=Duration.hours(1)).create_alarm(
            self,
            "Fails",
            alarm_name=f"{region.COSTS}-Fails",
            alarm_description="The mail about what Causeway's links cost could not be written; see its function's log",
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        failing.add_alarm_action(actions.SnsAction(topic))
