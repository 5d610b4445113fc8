"""The table environment the detector runs in. What the service's template sets is not set here again.

Managed Flink refuses a job whose code changes settings that it keeps to itself: here are only those of the job's own
plan, which the planner changes too, and what its documentation allows ("Programmatic Flink configuration properties").
"""

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment


def table_environment() -> StreamTableEnvironment:
    """Return a streaming environment with times in UTC."""
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    config = tables.get_config()
    config.set("pipeline.name", "floorwalker-detector")
    # Nothing of ours keeps a row that it was given; what SQL keeps comes from the network, or is copied. To copy a row
    # for each operator costs as much as taking its line apart.
    config.set("pipeline.object-reuse", "true")
    config.set("table.local-time-zone", "UTC")
    # Flink finds the state of an operator by its name, whatever the parallelism is. By the job's shape, which changes
    # with that, it would not, and the service starts the job all the same, without. `begin_plan` says which name.
    config.set("table.exec.uid.generation", "ALWAYS")
    # Only episodes keep state without an end of their own. Its age is taken by the clock on the wall: a detector that
    # was down for as long as production's streams keep records, a week, must still know which episodes it was in.
    config.set("table.exec.state.ttl", "9 d")
    return tables
