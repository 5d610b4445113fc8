"""AWS for the functions, in this process."""

from collections.abc import Iterator

import boto3
import pytest
from dead_post import Post, open_post
from kinesis_delivery import REGION
from moto import mock_aws
from shop import Shop

from lambdas.dead_letters import __main__ as command


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have AWS answered by moto, whatever the machine's own environment says."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "POWERTOOLS_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield


@pytest.fixture
def shop(aws: None) -> Shop:
    """Return a shop with an empty table and a topic."""
    return Shop()


@pytest.fixture(scope="session")
def boto_session() -> boto3.Session:
    """Return a session that knows the services' descriptions already: reading them takes longer than a test."""
    return boto3.Session(region_name=REGION)


@pytest.fixture
def post(shop: Shop, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Return a stream, a queue for dead letters and a bucket, all empty, which the command finds."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto_session)
    monkeypatch.setattr("lambdas.dead_letters.queue.WAIT_SECONDS", 0)
    opened = open_post(shop)
    # moto would run the function in a container; the command asks this one place for its client.
    monkeypatch.setattr(command.clients, "functions", lambda: opened.functions)
    return opened
