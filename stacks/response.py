"""What happens to an incident: it is stored once, somebody is told once, and nothing is dropped in silence."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from commerce.settings import to_environment
from lambdas.respond.settings import (
    ALLOW_LIST_ACTIONS,
    PARTITION_KEY,
    RETRIES,
    TABLE_ACTIONS,
    TIME_TO_LIVE_ATTRIBUTE,
    TOPIC_ACTIONS,
    RespondSettings,
)
from lambdas.settings import SECRET_ACTIONS
from stacks.lake_queries import Queries
from stacks.packaging import function_zip
from stacks.parts.forgetful_table import forgetful_table
from stacks.parts.function import Function
from stacks.parts.permission import allow
from stacks.parts.service_key import service_key
from stacks.stages import Stage

# Alarms come from the one, failed batch jobs from the other.
CLOUDWATCH, EVENTBRIDGE = "cloudwatch.amazonaws.com", "events.amazonaws.com"


class ResponseStack(Stack):
    """The responder, the table it writes, the topics that mail, and the queue for what it could not handle."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        incidents: kinesis.IStream,
        allow_list: dynamodb.ITable,
        queries: Queries,
        alert_email: str | None,
        address_key: secretsmanager.ISecret | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._address_key = address_key
        self.table = forgetful_table(
            self, "IncidentsTable", stage=stage, key=PARTITION_KEY, forgets_by=TIME_TO_LIVE_ATTRIBUTE
        )
        key = service_key(
            self, "TopicsKey", purpose="Floorwalker: alerts and alarms", services=(CLOUDWATCH, EVENTBRIDGE)
        )
        self.alerts = sns.Topic(self, "Alerts", display_name="Floorwalker alerts", master_key=key, enforce_ssl=True)
        self.operations = sns.Topic(
            self, "Operations", display_name="Floorwalker operations", master_key=key, enforce_ssl=True
        )
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.responder = self._responder(stage=stage, allow_list=allow_list, queries=queries)
        self.responder.add_event_source(_reading(incidents, dead_letters=self.dead_letters))
        allow(self.responder, *TABLE_ACTIONS, on=[self.table.table_arn])
        allow(self.responder, *ALLOW_LIST_ACTIONS, on=[allow_list.table_arn])
        allow(self.responder, *TOPIC_ACTIONS, on=[self.alerts.topic_arn])
        key.grant(self.responder, "kms:Decrypt", "kms:GenerateDataKey")
        if address_key:
            allow(self.responder, *SECRET_ACTIONS, on=[address_key.secret_arn])
        _let_inform(self.operations)
        for topic in (self.alerts, self.operations) if alert_email else ():
            topic.add_subscription(subscriptions.EmailSubscription(str(alert_email)))
        self._outputs()

    def _responder(self, *, stage: Stage, allow_list: dynamodb.ITable, queries: Queries) -> Function:
        settings = RespondSettings(
            incidents_table=self.table.table_name,
            alerts_topic_arn=self.alerts.topic_arn,
            retention_days=stage.incident_retention_days,
            allow_list_table=allow_list.table_name,
            stage=stage.name,
            threshold_overrides=stage.threshold_overrides,
            athena_workgroup=queries.workgroup_name,
            sample_events_query=queries.sample_events,
            address_form=stage.address_form,
            address_key_secret=self._address_key.secret_arn if self._address_key else "",
        )
        return Function(
            self,
            "Responder",
            stage=stage,
            name="respond",
            code=function_zip("respond"),
            environment=to_environment(settings),
            # One that hangs is found out no sooner. It has to wait for a claim, and for its table.
            timeout=Duration.seconds(30),
        )

    def _outputs(self) -> None:
        CfnOutput(self, "IncidentsTableName", value=self.table.table_name)
        CfnOutput(self, "AlertsTopicArn", value=self.alerts.topic_arn)
        CfnOutput(self, "OperationsTopicArn", value=self.operations.topic_arn)
        CfnOutput(self, "ResponderName", value=self.responder.function_name)
        CfnOutput(self, "DeadLettersUrl", value=self.dead_letters.queue_url)


def _reading(stream: kinesis.IStream, *, dead_letters: sqs.IQueue) -> sources.KinesisEventSource:
    """Without these bounds one poison record would hold up its shard until it expires."""
    return sources.KinesisEventSource(
        stream,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=100,
        bisect_batch_on_error=True,
        retry_attempts=RETRIES,
        max_record_age=Duration.hours(6),
        report_batch_item_failures=True,
        on_failure=sources.SqsDlq(dead_letters),
    )


def _let_inform(topic: sns.Topic) -> None:
    """Let the services publish, alarms of this account only.

    EventBridge says of no event whose it is when it publishes to a topic: with a condition none would arrive.
    """
    own_account = {"StringEquals": {"aws:SourceAccount": Stack.of(topic).account}}
    for service, conditions in ((CLOUDWATCH, own_account), (EVENTBRIDGE, None)):
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=conditions,
            )
        )
