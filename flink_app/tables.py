"""The table environment the detector runs in. What the service's template sets is not set here again."""

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment


def table_environment() -> StreamTableEnvironment:
    """Return a streaming environment with times in UTC."""
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    config = tables.get_config()
    config.set("pipeline.name", "floorwalker-detector")
    config.set("table.local-time-zone", "UTC")
    # Rows pass between operators that keep none of them: no need to copy each at every step.
    config.set("pipeline.object-reuse", "true")
    # Flink finds the state of an operator by its name, whatever the parallelism is. By the job's shape, which changes
    # with that, it would not, and the service starts the job all the same, without.
    config.set("table.exec.uid.generation", "ALWAYS")
    # Only episodes keep state without an end of their own; they are over long before.
    config.set("table.exec.state.ttl", "1 d")
    return tables
