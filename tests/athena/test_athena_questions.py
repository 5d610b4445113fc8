"""What is saved in Athena, and what the pages tell people to ask there, is understood by the engine Athena is built on.

It answers as DuckDB does, from the same tables.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import pytest
from athena_rig import Trino, lake_in_glue
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3_parts
from aws_cdk.assertions import Template
from docs_pages import PAGES
from lake_rig import SCENARIOS, Lake, deliver, new_bucket, put
from marts_rig import GOLDEN_EVENTS, read_commented_csv

from glue_jobs.questions import questions
from stacks.lake import EVENTS_PREFIX
from stacks.lake_catalog import Catalog
from stacks.stages import DEV

GOLDEN_SHOP = "golden shop"
LONG_AFTER = datetime(2030, 1, 5, tzinfo=UTC)
QUERIES = [query for question in questions().values() for query in question.athena_queries()]
# What stands behind each ? of the questions: the last of its kind in the lake, or one that is not there.
ASKED = {
    "incident_id": "SELECT COALESCE(MAX(incident_id), 'none') FROM incidents",
    "user_id": "SELECT COALESCE(MAX(user_id), 'none') FROM events",
}
IN_PAGES = [query for page in PAGES for query in page.blocks("sql") if not query.startswith("DROP")]


@pytest.fixture(scope="module")
def lakes(trino) -> Iterator[Callable[[str], Lake]]:
    """Return each shop's lake, filled when it is first asked for: the tests come in any order."""
    with ExitStack() as stack:

        @cache
        def lake_of(shop: str) -> Lake:
            bucket = new_bucket()
            if shop == GOLDEN_SHOP:
                header, *rows = read_commented_csv(GOLDEN_EVENTS)
                events = ({name: text for name, text in zip(header, row, strict=True) if text} for row in rows)
                put(bucket, f"{EVENTS_PREFIX}2030/01/01/10/a.jsonl.gz", "\n".join(map(json.dumps, events)).encode())
            else:
                deliver(bucket, shop)
            lake = lake_in_glue(bucket)
            stack.callback(lake.engine.close)
            lake.curate()
            lake.build(at=LONG_AFTER)
            return lake

        yield lake_of


@pytest.fixture(params=[GOLDEN_SHOP, *SCENARIOS])
def lake(request, lakes) -> Lake:
    return lakes(request.param)


@pytest.mark.parametrize(("name", "sql"), [(name, sql) for name, _title, sql in QUERIES], ids=[q[0] for q in QUERIES])
def test_a_saved_query_is_answered_as_here(lake: Lake, trino: Trino, name: str, sql: str) -> None:
    """An analyst in Athena and one in a terminal see the same rows in the same order."""
    asks = next((question.asks for question in questions().values() if question.name == name), ())
    values = [lake.engine.ask(ASKED[each]).rows[0][0] for each in asks]
    here = lake.engine.ask(sql, values)
    columns, rows = trino.ask(sql, values, database=lake.settings.database)
    assert columns == list(here.columns)
    assert _texts(rows) == _texts(here.rows)


@pytest.mark.parametrize("sql", IN_PAGES)
def test_sql_in_the_pages_runs(lake: Lake, trino: Trino, sql: str) -> None:
    """It names no table, column or function that Athena would refuse. The lake is too young for last week's state."""
    if "raw_events" in sql:
        _declare_raw_events(lake)
    trino.ask(sql.replace("INTERVAL '6' DAY", "INTERVAL '1' SECOND"), database=lake.settings.database)


def test_raw_lines_are_found_by_their_hour(trino: Trino) -> None:
    """The stack's own table finds what Firehose delivers, with no partition added, a line that is no JSON included."""
    bucket = new_bucket()
    put(bucket, f"{EVENTS_PREFIX}2026/01/31/09/a.jsonl.gz", b'{"event_id": "one"}\nno JSON\n')
    put(bucket, f"{EVENTS_PREFIX}2026/01/31/10/a.jsonl.gz", b'{"event_id": "two"}\n')
    lake = lake_in_glue(bucket)
    _declare_raw_events(lake)
    sql = "SELECT line FROM raw_events WHERE arrival_hour = '2026/01/31/09' ORDER BY line"
    _columns, rows = trino.ask(sql, database=lake.settings.database)
    assert rows == [("no JSON",), ('{"event_id": "one"}',)]


def _declare_raw_events(lake: Lake) -> None:
    """Put the stack's declaration of the raw table into the catalog."""
    stack = Stack(App(), "Lake")
    raw = s3_parts.Bucket.from_bucket_name(stack, "Raw", lake.settings.raw_bucket)
    Catalog(stack, "Catalog", stage=DEV, raw=raw, raw_tables={"raw_events": EVENTS_PREFIX})
    (table,) = Template.from_stack(stack).find_resources("AWS::Glue::Table").values()
    boto3.client("glue").create_table(DatabaseName=lake.settings.database, TableInput=table["Properties"]["TableInput"])


def _texts(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in rows]
