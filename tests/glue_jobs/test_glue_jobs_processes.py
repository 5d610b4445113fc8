"""Jobs as processes that get into each other's way and are killed without a warning."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lake_rig import ROOT, Lake, embedded, new_bucket, put
from small_shop import small_shop


@pytest.fixture(scope="module")
def bucket(s3) -> str:
    """Return a bucket with a small shop's raw objects."""
    name = new_bucket()
    for delivery in small_shop(5):
        put(name, delivery.object_key, delivery.content)
    return name


@pytest.fixture(scope="module")
def undisturbed(bucket, tmp_path_factory) -> Lake:
    """Return the lake of two jobs that nothing happened to."""
    lake = embedded(bucket, tmp_path_factory.mktemp("undisturbed"))
    lake.curate()
    lake.build()
    return lake


def start(bucket: str, folder: Path, job: str) -> subprocess.Popen[bytes]:
    """Start a job as a person does, an object a commit so that there is much to interrupt."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAW_BUCKET": bucket,
        "WAREHOUSE": str(folder),
        "DATABASE": "shop",
        "ENGINE": "duckdb",
        "CATALOG": "sqlite",
        "BATCH_MEGABYTES": "0",
    }
    return subprocess.Popen([sys.executable, "-m", "glue_jobs", job], env=environment, stdout=subprocess.DEVNULL)


def test_two_runs_of_each_job_at_once_give_the_same_tables(bucket, undisturbed, tmp_path):
    """A person starts a job that the schedule has started too: the second finds the work done."""
    for job in ("curate", "marts"):
        both = [start(bucket, tmp_path, job) for _ in range(2)]
        assert [process.wait(600) for process in both] == [0, 0]
    lake = embedded(bucket, tmp_path)
    assert lake.tables() == undisturbed.tables()
    assert lake.marts() == undisturbed.marts()


def test_jobs_killed_at_any_moment_and_run_again_give_the_same_tables(bucket, undisturbed, tmp_path):
    """The machine goes away in the middle of a statement, not only between two."""
    rng = random.Random(1)
    for job, longest_seconds in (("curate", 3.0), ("marts", 5.0)):
        for _ in range(3):
            process = start(bucket, tmp_path, job)
            time.sleep(rng.uniform(0.8, longest_seconds))
            process.kill()
            process.wait()
        assert start(bucket, tmp_path, job).wait(600) == 0
    lake = embedded(bucket, tmp_path)
    assert lake.tables() == undisturbed.tables()
    assert lake.marts() == undisturbed.marts()
