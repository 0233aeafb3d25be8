"""The stack of a region: the watch that looks at all its links each minute, its triggers, and whom it tells."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Arn, ArnComponents, ArnFormat, CfnOutput, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from link import region, watched
from link.cost import claim
from link.spec import LinkSpec
from stacks import functions, permissions

EVERY = Duration.minutes(1)
# Looks at the Azure side run side by side and have a bound each (lambdas/watch.py); the next tick has its own function.
PATIENCE = Duration.minutes(2)
SPOKEN = ("GatewayTunnelLost", "GatewayTunnelBack", "GatewayConfigurationApplied", "GatewayBootFailed")
# Of an instance that starts nothing is told that a look could not see, and it tells of itself when it has booted.
GONE = ("stopping", "stopped", "shutting-down", "terminated")


class WatchStack(Stack):
    """The list of links, the topic, the watch, its schedule and rules, and alarms on the watch itself."""

    def __init__(
        self, scope: Construct, where: str, links: Sequence[LinkSpec], alert_emails: Sequence[str], asset: Path
    ) -> None:
        super().__init__(
            scope, region.stack(where), env=Environment(region=where), description="Causeway's watch over its links"
        )
        dynamodb.Table(
            self,
            "Links",
            table_name=region.LINKS,
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=claim.EXPIRES,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._topic = self._declare_topic(alert_emails)
        watch = functions.declare(
            self,
            region.WATCH,
            region.WATCH,
            role_name=region.stack(where),
            code=lambda_.Code.from_asset(str(asset)),
            handler="lambdas.handlers.watch.handler",
            statements=permissions.of_watch(self, links, self._topic.topic_arn),
            environment={"CAUSEWAY_ALERTS": self._topic.topic_arn},
            patience=PATIENCE,
        )
        self._declare_rules(watch)
        self._declare_alarms(watch)
        CfnOutput(self, "AlertsTopic", value=self._topic.topic_arn, description="Subscribe here to be told")

    def _declare_topic(self, alert_emails: Sequence[str]) -> sns.Topic:
        """TLS is enforced by a policy, which takes the place of the default one, by which alarms could publish."""
        topic = sns.Topic(self, "Alerts", topic_name=region.ALERTS, enforce_ssl=True)
        alarms = iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": self.account}},
        )
        topic.add_to_resource_policy(alarms)
        for address in alert_emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _declare_rules(self, watch: lambda_.Function) -> None:
        machine = Arn.format(
            ArnComponents(
                service="states",
                resource="stateMachine",
                resource_name="causeway-",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            self,
        )
        patterns = {
            "InstanceGone": events.EventPattern(
                source=["aws.ec2"],
                detail_type=["EC2 Instance State-change Notification"],
                detail={"state": list(GONE)},
            ),
            "GatewaySpeaks": events.EventPattern(source=events.Match.prefix(watched.GATEWAY), detail_type=list(SPOKEN)),
            "AlarmRings": events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                detail={"alarmName": [{"prefix": "causeway-"}], "state": {"value": ["ALARM"]}},
            ),
            # A walk that came to its own end has asked for what it did not see.
            "WalkDied": events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [{"prefix": machine}], "status": ["TIMED_OUT", "ABORTED"]},
            ),
        }
        # At most a minute of retries: by then the schedule has looked.
        target = targets.LambdaFunction(watch, max_event_age=Duration.minutes(1), retry_attempts=2)
        events.Rule(self, "Schedule", schedule=events.Schedule.rate(EVERY), targets=[target])
        for name, pattern in patterns.items():
            events.Rule(self, name, event_pattern=pattern, targets=[target])

    def _declare_alarms(self, watch: lambda_.Function) -> None:
        """Who watches the watch: these go to humans directly, since it could not."""
        every = Duration.minutes(1)
        failing = watch.metric_errors(period=every).create_alarm(
            self,
            "WatchFails",
            alarm_name=f"{region.WATCH}-Fails",
            alarm_description="The watch over Causeway's links has failed for five minutes; see its log",
            threshold=1,
            evaluation_periods=5,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        silent = watch.metric_invocations(period=every).create_alarm(
            self,
            "WatchSilent",
            alarm_name=f"{region.WATCH}-Silent",
            alarm_description="The watch over Causeway's links has not run for five minutes; see the rule Schedule",
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=5,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        for alarm in (failing, silent):
            alarm.add_alarm_action(actions.SnsAction(self._topic))
