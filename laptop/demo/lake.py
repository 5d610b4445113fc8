"""Asks the lake what an analyst would ask, through the project's own questions."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from glue_jobs.answers import Format, to_text
from glue_jobs.asking import Wish, ask
from glue_jobs.engine import Engine, open_engine
from glue_jobs.marts import Reading
from glue_jobs.questions import questions
from glue_jobs.raw import RawBucket
from glue_jobs.settings import LakeSettings
from laptop.running import Laptop

Rows = list[dict[str, Any]]


def lake_settings(laptop: Laptop) -> LakeSettings:
    """Return where this laptop's lake is."""
    return LakeSettings(
        raw_bucket=laptop.outputs["RawBucketName"],
        warehouse=str(laptop.warehouse),
        database=laptop.outputs["GlueDatabaseName"],
        engine="duckdb",
        catalog="sqlite",
    )


@contextmanager
def opened_lake(laptop: Laptop) -> Iterator[Engine]:
    """Open the lake that the batch jobs of this laptop have filled."""
    settings = lake_settings(laptop)
    raw = RawBucket(name=settings.raw_bucket, s3=laptop.client("s3"))
    engine = open_engine(settings, raw=raw, environment=os.environ)
    try:
        yield engine
    finally:
        engine.close()


def rows(lake: Engine, question: str, *, reading: Reading = Reading.ALL_TRAFFIC) -> Rows:
    """Return the rows that answer a question, as JSON has them."""
    return list(json.loads(to_text(ask(lake, question, wish=Wish(reading=reading)), Format.JSON)))


def every_answer(lake: Engine) -> dict[str, dict[str, Rows]]:
    """Return the answer of every mart that people ask, in both readings."""
    return {
        question.name: {reading.value: rows(lake, question.name, reading=reading) for reading in Reading}
        for question in questions().values()
        if question.mart is not None
    }
