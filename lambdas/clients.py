"""AWS clients for the functions, with time limits short enough that a function fails before it is killed.

Region, credentials and endpoint come from the environment, as the runtime sets them.
"""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

PATIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
# Two attempts of at most six seconds: less than the time for which an alert is claimed.
BRISK = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
# Three: what the responder may wait for its table before it reports a record as failed.
STEADY = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 3})
# For who waits for a function's answer: longer than any of ours may run, and never asked twice by the client itself.
WAITING = Config(connect_timeout=5, read_timeout=120, retries={"mode": "standard", "total_max_attempts": 1})


def dynamodb() -> "DynamoDBClient":
    """Return a client for the incidents table."""
    return boto3.client("dynamodb", config=STEADY)


def allow_list() -> "DynamoDBClient":
    """Return a client for the allow list: an alert must not wait long for it."""
    return boto3.client("dynamodb", config=BRISK)


def sns() -> "SNSClient":
    """Return a client for the alerts topic."""
    return boto3.client("sns", config=BRISK)


def secrets_manager() -> Any:
    """Return a client for the secret with the key for addresses."""
    return boto3.client("secretsmanager", config=PATIENT)


def managed_flink() -> "KinesisAnalyticsV2Client":
    """Return a client for Managed Service for Apache Flink."""
    return boto3.client("kinesisanalyticsv2", config=PATIENT)


def functions() -> "LambdaClient":
    """Return a client that invokes functions and waits for their answers."""
    return boto3.client("lambda", config=WAITING)


def kinesis() -> "KinesisClient":
    """Return a client for reading streams."""
    return boto3.client("kinesis", config=PATIENT)


def s3() -> "S3Client":
    """Return a client for the raw bucket."""
    return boto3.client("s3", config=PATIENT)


def sqs() -> "SQSClient":
    """Return a client for queues: it waits for messages longer than for other answers."""
    return boto3.client("sqs", config=WAITING)
