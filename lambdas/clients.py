"""AWS clients for the functions, with time limits short enough that a function fails before it is killed.

Region, credentials and endpoint come from the environment, as the runtime sets them.
"""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_sns import SNSClient

PATIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
# Two attempts of at most six seconds: less than the time for which an alert is claimed.
BRISK = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})


def dynamodb() -> "DynamoDBClient":
    """Return a client for the incidents table."""
    return boto3.client("dynamodb", config=PATIENT)


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
