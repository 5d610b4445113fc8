"""The pages about records, tables and marts, rendered from their declarations.

`python -m glue_jobs.pages tables > docs/tables.md` and `python -m glue_jobs.pages marts > docs/marts.md` write them
anew.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

from commerce.fields import (
    EVENT_FIELDS,
    EVENT_TYPES,
    IDENTIFIER,
    INCIDENT_FIELDS,
    INSTANT,
    RISK_FIELDS,
    TALLY_FIELDS,
    Field,
    FieldType,
)
from commerce.metrics import METRICS, namespace
from commerce.rejects import MAX_LINE_CHARACTERS, MAX_OPENING_BRACKETS, REJECT_REASONS, TOLERATED_CLOCK_LEAD
from commerce.rules.page import markdown_table
from glue_jobs.incidents import NOT_AN_INCIDENT
from glue_jobs.marts import Mart, marts
from glue_jobs.questions import questions
from glue_jobs.tables import TABLES, Table

_INTRODUCTION = """\
# Records, tables and names

What an event looks like on the wire, what the detector writes, what the lake's tables hold, and every reason and
metric by name. This page is rendered from the declarations in `commerce` and `glue_jobs`;
`python -m glue_jobs.pages tables > docs/tables.md` writes it anew.
"""
_EVENT = """\
## An event on the wire

One event is one line of UTF-8 JSON, an object with these fields; others are allowed and ignored. Ids and price travel
as text, because a JSON number loses digits on its way through some programs. An absent field is left out. A record of
the events stream holds one event, its partition key is `user_id`; a record of several lines counts as several.
`python -m commerce.schemas` prints the JSON Schema, for a sender's own tests.

```json
{"event_id":"e-1","event_time":"2025-03-03T08:00:00.000Z","event_type":"view","product_id":"1004856","price":"130.76","user_id":"520088904"}
```
"""
_INCIDENT = """\
## An incident

The detector writes an incident to the incidents stream as one line of JSON, once for each state of the episode, always
with the same `incident_id`. Delivery is at least once. The same fields are the attributes of a row of the DynamoDB
table (without `record_type`) and the columns of the lake's table `incidents`.
"""
_TALLY = """\
## A tally

On the same stream the detector accounts for what it read, a few lines a period.
"""
_RISK = """\
## A signal of behavioural risk

On the same stream the detector tells of sessions of people in which there is reason to take care: when such a session
is over, and only if it is elevated or high. It protects, and never blocks: nobody is alerted, nothing is stored but in
the lake's table `risk_signals`. What the numbers mean is said at [shopper_risk](marts.md#shopper_risk);
[0046](decisions/0046-behavioural-risk.md) says what the stream knows less of.
"""
_LAKE = """\
## The lake's tables

Apache Iceberg tables in the Glue database `floorwalker_STAGE`. An instant is UTC.
"""
_RAW = """\
### raw_events and raw_incidents

Two tables over the raw bytes, `raw_events` and `raw_incidents`, with one column `line` and the
partition `arrival_hour` (`yyyy/MM/dd/HH`, UTC); see [0011](decisions/0011-raw-tables-are-lines.md).
"""
_QUESTIONS = """\
## The questions

Named queries in Athena, and `python -m glue_jobs ask NAME` in a terminal. What a question asks for is filled in for
its `?`. Where a row has a day or week, `--from` and `--to` choose by it; `restatements` by its `period_start`, which
for a week is the Monday. `--format csv` has ids of a list with blanks between, `true` or `false`, and nothing for NULL.
"""
_REASONS = """\
## Why a record is no event

The checks are tried in this order, and the first that fails gives the reason. The detector and `curate` make the same
ones. They differ in one thing: the detector knows when a record arrived, `curate` knows the hour, and takes its end.
"""
_NO_INCIDENT = f"""\
In the table `rejects` there is also `{NOT_AN_INCIDENT}`: a record of the incidents stream that is no incident, no
tally and no signal of risk.
"""
_METRICS = f"""\
## Metrics

In the CloudWatch namespace `{namespace("STAGE")}`. The values of a dimension are few and known, never a shopper; a rule
or a reason that the responder does not know yet is counted as `other`.
"""
# What a sender must know of a pattern that is no pleasure to read.
_PATTERNS = {
    IDENTIFIER: "up to 19 digits, or letters, digits, `_` and `-` with at least one that is no digit",
    "|".join(EVENT_TYPES): "one of " + ", ".join(f"`{name}`" for name in EVENT_TYPES),
    INSTANT: "an instant of this century, UTC, as `2019-10-01T00:00:00.000Z`; the milliseconds may be left out",
}
_LINE_REASONS = {
    "not_utf8": "The bytes are no UTF-8 text.",
    "too_long": f"The line has more than {MAX_LINE_CHARACTERS:,} characters.",
    "too_deep": f"It has more than {MAX_OPENING_BRACKETS} opening brackets.",
    "not_a_json_object": "It is no single JSON object.",
    "event_time_in_future": f"`event_time` lies more than {TOLERATED_CLOCK_LEAD.days} day ahead of its arrival.",
}


_MARTS = """\
# The marts

Questions answered once a day and kept, each in an Iceberg table of its name. `python -m glue_jobs ask NAME` lists one,
and so does Athena's saved query of that name; the SQL is in `glue_jobs/marts`. This page is rendered from the SQL
files; `python -m glue_jobs.pages marts > docs/marts.md` writes it anew.

## Two readings of every number

Each row says in `reading` what it counts: `all_traffic`, or `people_only`, which leaves out what bots did. An
incident of a rule that marks a bot takes the events of its user, session or address out, from a pane before
the first window above the threshold to the last moment above it; of a [surge](rules.md#site_surge) it takes out the
users who came with it, only looked, and share a browser that is rare at other times. The table
[verdicts](tables.md#verdicts) says who and when, `ask incident_events` which events. In `ask`, `--people-only` chooses
the reading; in Athena, the saved query whose name ends in `_people_only`. A query of your own has to name one, as in
`WHERE reading = 'people_only'`: without, every sum is of both. Days, weeks and hours are UTC, whatever the shop's time
zone is.

Bots that are welcome, search engines and the shop's own monitors, are not people either. They raise no incident:
whatever comes from the [networks](operating.md#welcome-bots) that a stage names for the detector is left out by the
same definition, on every day there is. `all_traffic` has it.

While a subject is on [the allow list](operating.md#allow-a-subject), its incidents take nothing out; one that goes on
when the entry has ended takes out what came after. An entry speaks of all that began before its end, of what was before
it was made too.

A verdict may come days later, be withdrawn by a person (`python -m glue_jobs withdraw`), or go and come with an entry
of the allow list; a network may become known, or no longer be. Then the days concerned are computed again, and
[restatements](tables.md#restatements) tells each number that changed after it could have been read: from what, to what,
when, and because of which incidents or that setting. Late events change numbers too, and are told in the same way. Not
told are changes of a place in a ranking, of the building blocks, and of marts about single users, where `verdicts`
itself says who is gone. Nor is what only grew: a day or week that is still running, a mart without a `period`.

A mart with a `period` is computed for days or weeks, and only for those that changed; the others are computed anew
from the building blocks, never from all events. A mart that is new, or that a new version computes otherwise, is built
for all days in the next run: [built_with](tables.md#built_with) says since when.
"""


def marts_page() -> str:
    """Return the page about the marts as Markdown."""
    asked, working = ([mart for mart in marts() if mart.working is kind] for kind in (False, True))
    parts = (
        (_MARTS, "## What there is\n", *_overview(asked), "## The marts, one by one\n"),
        (line for mart in sorted(asked, key=lambda mart: mart.name) for line in _mart(mart)),
        ("## Building blocks\n", "Tables that the marts are made of, by day; nobody needs to ask them.\n"),
        (line for mart in sorted(working, key=lambda mart: mart.name) for line in _mart(mart)),
    )
    return "\n".join(line for part in parts for line in part)


def _overview(asked: Iterable[Mart]) -> Iterator[str]:
    rows = (
        (f"[`{mart.name}`](#{mart.name})", mart.title, mart.good_for)
        for mart in sorted(asked, key=lambda mart: mart.name)
    )
    return markdown_table(("mart", "answers", "good for"), rows)


def _mart(mart: Mart) -> Iterator[str]:
    yield f"### {mart.name}\n"
    yield f"{mart.title}. {mart.grain}\n"
    yield f"Good for: {mart.good_for}\n"
    named = ", ".join(f"`{column}`" for column in mart.key)
    partition = f"; partitioned by `{mart.table.partition}`" if mart.table.partition else ""
    yield f"A row is named by `reading`, {named}{partition}.\n"
    rows = ((f"`{column.name}`", f"`{column.type}`", column.meaning) for column in mart.table.columns)
    yield from markdown_table(("column", "type", "meaning"), rows)


def tables_page() -> str:
    """Return the page about records and tables as Markdown."""
    parts = (
        (_INTRODUCTION, _EVENT, *_wire_table(EVENT_FIELDS)),
        (_INCIDENT, *_field_table(INCIDENT_FIELDS)),
        (_TALLY, *_field_table(TALLY_FIELDS)),
        (_RISK, *_field_table(RISK_FIELDS)),
        (_LAKE, *(line for table in TABLES for line in _table(table))),
        (_RAW,),
        (_QUESTIONS, *_questions()),
        (_REASONS, *_reasons(), _NO_INCIDENT),
        (_METRICS, *_metrics()),
    )
    return "\n".join(line for part in parts for line in part)


def _wire_table(fields: Iterable[Field]) -> Iterator[str]:
    header = ("field", "type", "required", "accepted", "meaning")
    rows = (
        (f"`{field.name}`", field.type, "yes" if field.required else "", _accepted(field), field.meaning)
        for field in fields
    )
    return markdown_table(header, rows)


def _accepted(field: Field) -> str:
    pattern = field.pattern and (_PATTERNS.get(field.pattern) or f"`{field.pattern}`")
    length = field.max_length and f"at most {field.max_length} characters"
    return "; ".join(text for text in (pattern, length) if text)


def _field_table(fields: Sequence[Field]) -> Iterator[str]:
    wire = {FieldType.TIMESTAMP: "text, as `2019-10-01T00:00:00.000Z`", FieldType.TEXTS: "list of texts"}
    rows = ((f"`{field.name}`", wire.get(field.type, field.type), field.meaning) for field in fields)
    return markdown_table(("field", "type", "meaning"), rows)


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}\n"
    yield table.grain + (f" Partitioned by `{table.partition}`." if table.partition else "") + "\n"
    rows = ((f"`{column.name}`", f"`{column.type}`", column.meaning) for column in table.columns)
    yield from markdown_table(("column", "type", "meaning"), rows)


def _questions() -> Iterator[str]:
    rows = (
        (f"`{question.name}`", " ".join(f"`{what}`" for what in question.asks), question.title, question.good_for)
        for question in questions().values()
    )
    return markdown_table(("name", "asks for", "answers", "good for"), rows)


def _reasons() -> Iterator[str]:
    return markdown_table(("reason", "meaning"), ((f"`{reason}`", _reason(reason)) for reason in REJECT_REASONS))


def _reason(reason: str) -> str:
    if reason in _LINE_REASONS:
        return _LINE_REASONS[reason]
    fault, _, field = reason.partition("_")
    if fault == "missing":
        return f"`{field}` is absent, null, empty, or no plain value."
    return f"`{field}` is not what the table above accepts."


def _metrics() -> Iterator[str]:
    rows = (
        (f"`{metric.name}`", metric.unit, ", ".join(f"`{name}`" for name in metric.dimensions), metric.meaning)
        for metric in METRICS
    )
    return markdown_table(("metric", "unit", "dimensions", "meaning"), rows)


PAGES = {"tables": tables_page, "marts": marts_page}

if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) == 2 else ""
    if asked not in PAGES:
        sys.exit(f"usage: python -m glue_jobs.pages {'|'.join(PAGES)}")
    sys.stdout.write(PAGES[asked]().rstrip("\n") + "\n")
