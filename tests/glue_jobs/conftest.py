"""The batch half is tried on an S3 of its own."""

import pytest
from lake_rig import few_marts as only_few_marts
from lake_rig import s3  # noqa: F401  # a fixture


@pytest.fixture
def few_marts(tmp_path_factory):
    """Let there be few marts, for a test of what does not depend on how many there are."""
    with only_few_marts(tmp_path_factory.mktemp("few-marts")):
        yield


@pytest.fixture(scope="module")
def few_marts_throughout(tmp_path_factory):
    """Let there be few marts for all tests of a file and what they share."""
    with only_few_marts(tmp_path_factory.mktemp("few-marts")):
        yield
