"""How the tests ask Trino, and lakes in moto's Glue for it to read."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import trino.dbapi
from lake_rig import Lake

from glue_jobs.engine import open_engine
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings


@dataclass(frozen=True)
class Trino:
    """A server on this machine."""

    port: int

    def ask(self, sql: str, values: Sequence[str] = (), *, database: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return columns and rows of an answer, the question asked as Athena asks it."""
        place = {"host": "127.0.0.1", "port": self.port, "user": "analyst"}
        with trino.dbapi.connect(**place, catalog="awsdatacatalog", schema=database) as connection:
            cursor = connection.cursor()
            cursor.execute(sql, list(values) or None)
            rows = [tuple(row) for row in cursor.fetchall()]
            return [column[0] for column in cursor.description], rows


def lake_in_glue(bucket: str) -> Lake:
    """Return a lake of DuckDB's whose tables are in Glue's catalog and in S3, as in AWS."""
    name = f"lake_{uuid.uuid4().hex}"
    warehouse = name.replace("_", "-")
    boto3.client("s3").create_bucket(Bucket=warehouse, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    settings = LakeSettings(
        raw_bucket=bucket, warehouse=f"s3://{warehouse}", database=name, engine="duckdb", catalog="glue"
    )
    return Lake(settings, open_engine(settings, raw=RawBucket(name=bucket), environment=os.environ))
