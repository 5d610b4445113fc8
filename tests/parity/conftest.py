"""One Spark for all parity tests: starting it is most of what they cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lake_rig import few_marts, few_marts_throughout, s3  # noqa: F401  # fixtures

from glue_jobs.settings import LakeSettings

JARS = Path(__file__).resolve().parents[2] / "build" / "jars" / "spark"
SMALL = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


@pytest.fixture(scope="session")
def spark_settings(s3, tmp_path_factory, short_lived_java) -> Iterator[LakeSettings]:  # noqa: F811  # the fixture, by name
    """Start Spark with a catalog on disk; return settings that find it. Small inputs need no compiled plans."""
    from pyspark.sql import SparkSession

    from glue_jobs.spark_engine import session_settings

    settings = LakeSettings(
        raw_bucket="raw",
        warehouse=str(tmp_path_factory.mktemp("spark")),
        database="shop",
        engine="spark",
        catalog="hadoop",
        spark_jars=",".join(str(jar) for jar in sorted(JARS.glob("*.jar"))),
    )
    builder = SparkSession.builder
    for name, value in {**SMALL, **session_settings(settings)}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield settings
    session.stop()
