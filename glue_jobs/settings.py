"""What a batch job must be told. The stack encodes it into Glue arguments, the runner decodes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Where raw records lie, where the lake is, and which engine does the work.

    `raw_bucket` and the prefixes are what Firehose delivers to. `engine` is `spark` or `duckdb`. `catalog` is `glue`
    (tables in the Glue database, files under `warehouse`, an s3:// URI), or for one machine `sqlite` (DuckDB) or
    `hadoop` (Spark), with tables and files under the folder `warehouse`.

    `batch_megabytes` is how much compressed raw data one commit takes, and so how much memory a job needs: DuckDB
    uses about thirty times as much. `spark_jars` names the Iceberg jar where Spark does not bring it, as Glue does.
    """

    raw_bucket: str
    warehouse: str
    database: str
    engine: str = "spark"
    catalog: str = "glue"
    events_prefix: str = "raw/events/"
    incidents_prefix: str = "raw/incidents/"
    batch_megabytes: int = 64
    spark_jars: str = ""
