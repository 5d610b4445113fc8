"""What a batch job must be told. The stack encodes it into Glue arguments, the runner decodes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Where raw records lie, where the lake is, and which engine does the work.

    `raw_bucket` and the prefixes are what Firehose delivers to. `catalog` is `glue` (tables in the Glue database,
    files under `warehouse`, an s3:// URI) or `sqlite` (tables and files under the folder `warehouse`).
    """

    raw_bucket: str
    warehouse: str
    database: str
    engine: str = "spark"
    catalog: str = "glue"
    events_prefix: str = "raw/events/"
    incidents_prefix: str = "raw/incidents/"
