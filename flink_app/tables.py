"""The table environment the detector runs in. What the service's template sets is not set here again."""

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_app.settings import DetectorSettings


def table_environment(settings: DetectorSettings) -> StreamTableEnvironment:
    """Return a streaming environment with times in UTC and idle sources that hold nobody back."""
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    config = tables.get_config()
    config.set("pipeline.name", "floorwalker-detector")
    config.set("table.local-time-zone", "UTC")
    config.set("table.exec.source.idle-timeout", f"{settings.idle_timeout_seconds} s")
    # Only episodes keep state without an end of their own; they are over long before.
    config.set("table.exec.state.ttl", "1 d")
    return tables
