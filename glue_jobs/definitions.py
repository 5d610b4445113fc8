"""How each mart is computed, and how it was when it was last built: if that differs, all its days are built anew.

Else a new mart would begin with the day of the deployment, and one that was corrected would be right from then on only.
"""

import hashlib
import json
import re
from datetime import datetime

from glue_jobs.engine import Engine
from glue_jobs.marts import Mart, marts
from glue_jobs.tables import BUILT_WITH

_COMMENT = re.compile(r"--[^\n]*")


def definition(mart: Mart) -> str:
    """Return what stands for the way the mart is computed; what is only said about it is no part of that."""
    sql = " ".join(_COMMENT.sub("", mart.sql).split())
    columns = [(column.name, column.type) for column in mart.columns]
    made_of = [mart.period, mart.reads, mart.days_before, mart.days_after, mart.alike]
    return hashlib.sha256(json.dumps([sql, columns, made_of]).encode()).hexdigest()


def outdated_marts(engine: Engine) -> frozenset[str]:
    """Return the marts that are new or computed otherwise than they were built, and all that read one of them."""
    built = dict(engine.ask("SELECT mart, definition FROM built_with").rows)
    found: set[str] = set()
    for mart in marts():  # each behind those it reads
        if built.get(mart.name) != definition(mart) or not found.isdisjoint(mart.reads):
            found.add(mart.name)
    return frozenset(found)


def note_definitions(engine: Engine, outdated: frozenset[str], *, at: datetime) -> None:
    """Write down what the marts were built with, the `outdated` ones since now."""
    since = dict(engine.ask("SELECT mart, since FROM built_with").rows)
    rows = [
        {"mart": mart.name, "definition": definition(mart), "since": at if mart.name in outdated else since[mart.name]}
        for mart in marts()
    ]
    engine.present("defined", BUILT_WITH.columns, rows)
    engine.replace(BUILT_WITH, f"SELECT {', '.join(BUILT_WITH.column_names)} FROM defined")
