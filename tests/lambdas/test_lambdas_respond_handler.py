"""The handler as Lambda calls it: settings from the environment, clients of its own."""

import subprocess
import sys

import pytest
from kinesis_delivery import Context, kinesis_event, sequence_number
from shop import Shop, incident

from commerce.incident import to_line
from commerce.settings import SettingsError, to_environment
from lambdas.respond import handler


@pytest.fixture
def cold(aws: None) -> None:
    """Forget the parts that an earlier test's container built."""
    handler._responder.cache_clear()


def test_the_handler_finds_its_table_and_topic_in_the_environment(
    cold: None, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment that the stack encodes is all that the function is told."""
    for name, text in to_environment(shop.settings).items():
        monkeypatch.setenv(name, text)
    answer = handler.handler(kinesis_event([to_line(incident()), b"poison"]), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}
    assert shop.alerts() == [incident().incident_id]


def test_missing_settings_are_named(cold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line in the log has to be enough to see what the stack forgot."""
    monkeypatch.delenv("INCIDENTS_TABLE", raising=False)
    monkeypatch.delenv("ALERTS_TOPIC_ARN", raising=False)
    with pytest.raises(SettingsError, match="incidents_table: missing; alerts_topic_arn: missing"):
        handler.handler(kinesis_event([]), Context())


def test_importing_the_handler_asks_for_no_environment_and_for_nothing_idle() -> None:
    """A cold start pays for every import; a fault in the settings must show as one, not as a broken import."""
    program = "import sys, lambdas.respond.handler; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": "."}, capture_output=True, text=True, check=True
    ).stdout.split()
    for idle in ("moto", "pydantic", "aws_xray_sdk", "lambdas.start_detector"):
        assert idle not in modules
