"""The allow list, from DynamoDB to the lake, where the entries of the past are kept too.

An incident of an allowed subject makes no verdict, and must make none next year either, when DynamoDB has long deleted
the entry. So an entry that is gone from there stays here if its end has come; one that was removed goes. There, an
entry is kept for a month after its end, so that one which began and ended between two nights gets here too.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from commerce.allowance import Allowance, AllowList, from_items
from glue_jobs.engine import Engine
from glue_jobs.tables import ALLOWANCES

_COLUMNS = ", ".join(ALLOWANCES.column_names)


class AllowListError(RuntimeError):
    """An allow list that cannot be read; the message names the table and says why."""


def take_allowances(engine: Engine, *, table: str, now: datetime) -> int:
    """Bring the lake's table up to date with DynamoDB's; return how many entries hold. Raises AllowListError."""
    listed = _read(table)
    before = kept_allowances(engine)
    after = sorted(_merged(listed, before, now=now), key=lambda entry: entry.key)
    if after != sorted(before, key=lambda entry: entry.key):
        rows = [{name: getattr(entry, name) for name in ALLOWANCES.column_names} for entry in after]
        engine.present("listed_allowances", ALLOWANCES.columns, rows)
        engine.replace(ALLOWANCES, f"SELECT {_COLUMNS} FROM listed_allowances")
    return sum(entry.holds_at(now) for entry in after)


def kept_allowances(engine: Engine) -> list[Allowance]:
    """Return the entries that the lake has, those of the past among them."""
    answer = engine.ask(f"SELECT {_COLUMNS} FROM allowances")
    return [Allowance(**dict(zip(answer.columns, row, strict=True))) for row in answer.rows]


def allow_list(engine: Engine) -> AllowList:
    """Return the lake's allow list."""
    return AllowList(kept_allowances(engine))


def _merged(listed: Iterable[Allowance], before: Iterable[Allowance], *, now: datetime) -> Iterator[Allowance]:
    by_key = {entry.key: entry for entry in listed}
    yield from (entry for entry in by_key.values() if entry.removed_at is None)
    yield from (entry for entry in before if entry.key not in by_key and not entry.holds_at(now))


def _read(table: str) -> list[Allowance]:
    try:
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        allowances, unreadable = from_items(item for page in pages for item in page["Items"])
    except (BotoCoreError, ClientError) as error:
        raise AllowListError(f"the allow list {table} cannot be read: {error}") from error
    if unreadable:
        raise AllowListError(f"{unreadable} entries of the allow list {table} cannot be read: correct or delete them")
    return allowances
