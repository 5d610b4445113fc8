"""Spark on all cores of this machine, set up by somebody who knows it: its defaults are for clusters."""

from collections.abc import Mapping
from typing import Any

import psutil

# Half of the memory for the Java machine; its Python workers and the system share the rest.
SHARE_OF_MEMORY = 0.5
# Spark's own 200 would make a month of small tasks.
PARTITIONS_A_CORE = 4


def session(settings: Mapping[str, str]) -> Any:
    """Start Spark with these settings, or return the one that runs."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  # only processes that measure Spark load it

    megabytes = int(psutil.virtual_memory().total * SHARE_OF_MEMORY / 2**20)
    builder = SparkSession.builder.master("local[*]").appName("benchmark")
    local = {
        "spark.driver.memory": f"{megabytes}m",
        "spark.sql.shuffle.partitions": str(PARTITIONS_A_CORE * (psutil.cpu_count() or 1)),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    for name, value in {**local, **settings}.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    started.sparkContext.setLogLevel("ERROR")
    return started
