"""Lambda entry: the custom resource 'the detector runs'. It answers CloudFormation whatever happens."""

import os
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commerce.settings import from_environment
from lambdas import clients
from lambdas.start_detector.answer import send
from lambdas.start_detector.application import Application
from lambdas.start_detector.settings import StartDetectorSettings

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

log = Logger(service="start_detector")


@log.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Bring the application to run (Create, Update) or to rest (Delete), then answer."""
    carry_out(event, context, client=clients.managed_flink())


def carry_out(event: dict[str, Any], context: LambdaContext, *, client: "KinesisAnalyticsV2Client") -> None:
    """Do what the request asks with the given client, and answer it."""
    failure = None
    try:
        application = _application(event, context, client=client)
        if event["RequestType"] == "Delete":
            application.rest()
        else:
            application.run()
    except Exception as error:  # the border: an unanswered stack hangs
        log.exception("the application did not follow")
        failure = f"{type(error).__name__}: {error}"
    send(event, failure=failure)


def _application(event: dict[str, Any], context: LambdaContext, *, client: "KinesisAnalyticsV2Client") -> Application:
    settings = from_environment(StartDetectorSettings, os.environ)
    return Application(
        client=client,
        name=event["ResourceProperties"]["ApplicationName"],
        poll_seconds=settings.poll_seconds,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000 - settings.reserve_seconds,
        wait=time.sleep,
    )
