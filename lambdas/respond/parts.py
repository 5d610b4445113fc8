"""Which real parts the responder is made of: the one place that chooses."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from aws_lambda_powertools import Logger

from commerce.rules import RULES
from commerce.rules.rule import with_thresholds
from lambdas.addresses import Concealment
from lambdas.respond.allowed import Allowed
from lambdas.respond.mail import Places
from lambdas.respond.recent import Recent
from lambdas.respond.responder import Responder
from lambdas.respond.settings import RespondSettings
from lambdas.respond.table import IncidentTable
from lambdas.respond.topic import AlertTopic
from lambdas.settings import AddressForm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient

NOTHING_CONCEALED = Concealment()


def clock() -> datetime:
    """Return the time, UTC, to the millisecond that is stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def new_token() -> str:
    """Return a name for one invocation's claim."""
    return uuid4().hex


def responder(
    settings: RespondSettings,
    *,
    dynamodb: "DynamoDBClient",
    allow_list: "DynamoDBClient",
    sns: "SNSClient",
    log: Logger,
    concealment: Concealment = NOTHING_CONCEALED,
    now: Callable[[], datetime] = clock,
    wait: Callable[[float], None] = time.sleep,
) -> Responder:
    """Return the responder that the settings describe."""
    region = settings.alerts_topic_arn.split(":")[3]
    return Responder(
        stage=settings.stage,
        table=IncidentTable(
            client=dynamodb,
            name=settings.incidents_table,
            keep=timedelta(days=settings.retention_days),
            new_token=new_token,
        ),
        allowed=Allowed(client=allow_list, table=settings.allow_list_table, log=log),
        topic=AlertTopic(
            client=sns,
            arn=settings.alerts_topic_arn,
            pseudonyms=concealment.form is AddressForm.KEYED_HASH,
            rules={rule.name: rule for rule in with_thresholds(RULES, settings.threshold_overrides)},
            places=Places(
                stage=settings.stage,
                region=region,
                incidents_table=settings.incidents_table,
                athena_workgroup=settings.athena_workgroup,
                sample_events_query=settings.sample_events_query,
            ),
        ),
        concealment=concealment,
        counted=Recent(),
        told=Recent(),
        log=log,
        now=now,
        wait=wait,
    )
