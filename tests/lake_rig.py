"""A raw bucket and a lake to try the batch half on: S3 from moto, the tables on disk, real engines."""

import gzip
import os
import shutil
import tomllib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from glue_jobs.build import Build
from glue_jobs.curate import Curate
from glue_jobs.engine import Engine, open_engine
from glue_jobs.marts import marts
from glue_jobs.questions import questions
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).parent / "golden" / "lake"
SCENARIOS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
NOW = datetime(2019, 10, 5, 2, tzinfo=UTC)
LONG_AFTER = datetime(2019, 11, 5, 2, tzinfo=UTC)
# Each period, working marts and others, one of users, one that looks at the days before, and what they read.
FEW_MARTS = ("sessions", "user_days", "product_days", "shopper_stretches")
FEW_MARTS += ("daily_visitors", "daily_revenue", "popular_categories_weekly")
FEW_MARTS += ("product_performance", "rfm", "shopper_risk")


@dataclass(frozen=True)
class Lake:
    """One engine over one lake, fed from one raw bucket."""

    settings: LakeSettings
    engine: Engine

    def curate(self, reached: Callable[[str], None] = lambda _step: None) -> dict[str, int]:
        raw = RawBucket(name=self.settings.raw_bucket)
        run = Curate(engine=self.engine, raw=raw, settings=self.settings, clock=lambda: NOW, reached=reached)
        return run.run()

    def build(
        self, reached: Callable[[str], None] = lambda _step: None, *, at: datetime = LONG_AFTER, **told: Any
    ) -> dict[str, int]:
        return Build(engine=self.engine, settings=self.settings, clock=lambda: at, reached=reached, **told).run()

    def marts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every mart in both readings, in an order of its own."""
        return {
            mart.name: self.engine.ask(
                f"SELECT {', '.join(mart.table.column_names)} FROM {mart.name} ORDER BY reading, {', '.join(mart.key)}"
            ).rows
            for mart in marts()
        }

    def rows(self, select: str) -> list[dict[str, Any]]:
        answer = self.engine.ask(select)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that must not depend on how often and in how many runs the lake was filled."""
        sums = "COUNT(*), SUM(records), SUM(events), SUM(rejects), SUM(duplicates)"
        return {
            "events": self.engine.ask("SELECT * FROM events ORDER BY event_id").rows,
            "rejects": self.engine.ask("SELECT * FROM rejects ORDER BY source_object, line_number").rows,
            "incidents": self.engine.ask("SELECT * FROM incidents ORDER BY incident_id").rows,
            "tallies": self.engine.ask("SELECT * FROM tallies ORDER BY tally_id").rows,
            "runs": self.engine.ask(f"SELECT feed, {sums} FROM runs GROUP BY feed ORDER BY feed").rows,
        }


@dataclass(frozen=True)
class Saved:
    """A lake that was filled once, and its bucket; filling takes seconds, having it again does not."""

    lake: Lake
    folder: Path
    objects: Mapping[str, bytes]

    @classmethod
    def of(cls, lake: Lake, folder: Path) -> "Saved":
        """Keep the lake as it is, with a copy of its files in the folder."""
        shutil.copytree(lake.settings.warehouse, folder)
        return cls(lake, folder, raw_bodies(lake.settings.raw_bucket))

    def again(self, **settings: Any) -> Lake:
        """Return the lake and put back the bucket as they were, whatever a test has made of them."""
        bucket, s3 = self.lake.settings.raw_bucket, boto3.client("s3")
        for key in raw_bodies(bucket).keys() - self.objects.keys():
            s3.delete_object(Bucket=bucket, Key=key)
        for key, body in self.objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        warehouse = Path(self.lake.settings.warehouse)
        shutil.rmtree(warehouse)
        shutil.copytree(self.folder, warehouse)
        return embedded(bucket, warehouse, **settings)


def raw_bodies(bucket: str) -> dict[str, bytes]:
    """Return every object of the bucket as it is stored."""
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}


def new_bucket() -> str:
    name = f"raw-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


def put(bucket: str, key: str, content: bytes) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=gzip.compress(content))


def deliver(bucket: str, scenario: str, *, before: str = "9") -> None:
    """Put the scenario's objects whose key is below `before` into the bucket, gzip, as Firehose does."""
    for path in sorted((GOLDEN / scenario / "raw").rglob("*.jsonl")):
        key = path.relative_to(GOLDEN / scenario).as_posix()
        if key.split("/", 2)[2] < before:
            put(bucket, f"{key}.gz", path.read_bytes())


def expected(scenario: str) -> dict[str, Any]:
    return tomllib.loads((GOLDEN / scenario / "expected.toml").read_text())


def found(lake: Lake) -> dict[str, Any]:
    """Return what the lake holds in the shape of an expected.toml."""
    sums = ", ".join(f"SUM({name}) AS {name}" for name in ("records", "events", "rejects", "duplicates"))
    runs = f"COUNT(*) AS objects, {sums}"
    days = "day, visitors, visits, events, views, carts, purchases, revenue"
    mart = lake.rows(f"SELECT {days} FROM daily_visitors WHERE reading = 'all_traffic' ORDER BY day")
    holds = {
        "events": [row["event_id"] for row in lake.rows("SELECT event_id FROM events ORDER BY event_id")],
        "runs": {name: int(value) for name, value in lake.rows(f"SELECT {runs} FROM runs")[0].items()},
        "rejects": lake.rows("SELECT source_object, line_number, reason FROM rejects ORDER BY 1, 2"),
        "incidents": lake.rows("SELECT incident_id, state, last_seen_at, value FROM incidents ORDER BY 1"),
        "tallies": lake.rows("SELECT outcome, SUM(records) AS records FROM tallies GROUP BY outcome ORDER BY 1"),
        "daily_visitors": [{**row, "revenue": str(Decimal(row["revenue"]))} for row in mart],
    }
    return {name: value for name, value in holds.items() if value}


def embedded(bucket: str, folder: Path, **settings: Any) -> Lake:
    """Return a lake of DuckDB's in that folder."""
    chosen = LakeSettings(
        raw_bucket=bucket, warehouse=str(folder), database="shop", engine="duckdb", catalog="sqlite", **settings
    )
    return Lake(chosen, open_engine(chosen, raw=RawBucket(name=bucket), environment=os.environ))


@contextmanager
def only_few_marts(folder: Path) -> Iterator[None]:
    """Let there be a mart of each kind and no other: one code builds them all, and each costs its part."""
    for name in FEW_MARTS:
        shutil.copy(ROOT / "glue_jobs" / "marts" / f"{name}.sql", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glue_jobs.marts.files", lambda _package: folder)
        marts.cache_clear()
        assert len(marts()) == len(FEW_MARTS)
        questions.cache_clear()
        yield
    marts.cache_clear()
    questions.cache_clear()


@pytest.fixture
def few_marts(tmp_path_factory) -> Iterator[None]:
    """Let there be few marts, for a test of what does not depend on how many there are."""
    with only_few_marts(tmp_path_factory.mktemp("few-marts")):
        yield


@pytest.fixture(scope="module")
def few_marts_throughout(tmp_path_factory) -> Iterator[None]:
    """Let there be few marts for all tests of a file and what they share."""
    with only_few_marts(tmp_path_factory.mktemp("few-marts")):
        yield


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Serve S3 on this machine for as long as the tests run, and point boto3 at it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield endpoint
    server.stop()
