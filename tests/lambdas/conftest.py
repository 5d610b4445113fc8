"""AWS for the functions, in this process."""

from collections.abc import Iterator

import pytest
from moto import mock_aws
from shop import Shop


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
