"""DuckDB takes plain lines apart at once and reads the others with care: no line may tell the two readings apart."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commerce.event import parse
from commerce.fields import EVENT_FIELDS
from commerce.rejects import Reject
from commerce.sql.duckdb import judged_sql

ARRIVED_AT = datetime(2019, 10, 1, 1, tzinfo=UTC)
PLAIN = {
    "event_id": "e1",
    "event_time": "2019-10-01T00:00:00.000Z",
    "event_type": "view",
    "product_id": "1",
    "category_id": "2",
    "category_code": "a.b",
    "brand": "c",
    "price": "1.50",
    "user_id": "7",
    "user_session": "s",
    "ip_address": "198.18.0.1",
    "user_agent": "x",
}
OPTIONAL = [field.name for field in EVENT_FIELDS if not field.required]
ODD_VALUES = [
    '""',
    "null",
    "true",
    "2",
    "2.50",
    "-0",
    "{}",
    '["c"]',
    '{"a":"b"}',
    '"\\u0041"',
    '"\\""',
    '":"',
    '"{"',
    '"é"',
    '"\ufffd"',
]
SCRAPS = ['"', "\\", ",", ":", "{", "}", " ", "\t", "\x00", "\r", "1", "NaN"]


@st.composite
def nearly_plain(draw) -> str:
    """Draw a plain line with optional fields left out, and up to three things in it that are not plain."""
    left_out = draw(st.sets(st.sampled_from(OPTIONAL), max_size=3))
    members = [f'"{name}":"{text}"' for name, text in PLAIN.items() if name not in left_out]
    comma = ","
    for oddity in draw(st.lists(st.sampled_from(["value", "twice", "unknown", "order", "comma", "end"]), max_size=2)):
        at = draw(st.integers(0, len(members) - 1))
        name = draw(st.sampled_from(list(PLAIN)))
        match oddity:
            case "value":
                members[at] = f"{members[at].partition(':')[0]}:{draw(st.sampled_from(ODD_VALUES))}"
            case "twice":
                members.insert(at, f'"{name}":{draw(st.sampled_from(ODD_VALUES))}')
            case "unknown":
                members.insert(at, '"other":"y"')
            case "order":
                members = draw(st.permutations(members))
            case "comma":
                comma = draw(st.sampled_from([", ", " ,", ",,"]))
            case "end":
                members.append("")
    line = f"{{{comma.join(members)}}}"
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from(SCRAPS)) + line[at + draw(st.integers(0, 2)) :]
    return line


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


# A failure names its lines, so making the example smaller would only take minutes.
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate])
@given(lines=st.lists(nearly_plain(), min_size=100, max_size=150))
def test_a_line_that_is_nearly_plain_is_judged_as_the_reference_judges_it(lines, connection):
    """A line that looks plain and is not would lose a field, or let in what every other engine refuses."""
    judged = zip(lines, _judged(connection, lines), map(_reference, lines), strict=True)
    assert [differing for differing in judged if differing[1] != differing[2]] == []


def test_plain_lines_are_taken_apart_at_once(connection):
    """What the simulator and the replay write must go the short way, or the night's run takes longer than it need."""
    lines = [
        json.dumps({n: v for n, v in PLAIN.items() if n not in out}, separators=(",", ":")) for out in ([], OPTIONAL)
    ]
    connection.register("lines", _relation(lines))
    told_apart = judged_sql(lines="lines", carried=["is_plain"])
    assert connection.sql(f"SELECT is_plain FROM ({told_apart})").fetchall() == [(True,), (True,)]


def _judged(connection, lines: list[str]) -> list:
    connection.register("lines", _relation(lines))
    names = ", ".join(field.name for field in EVENT_FIELDS)
    instant = "CASE WHEN reason IS NULL THEN event_time_parsed END"
    judged = judged_sql(lines="lines", carried=["number"])
    answer = connection.sql(f"SELECT reason, {names}, {instant} AS instant FROM ({judged}) ORDER BY number")
    return [row["reason"] or _values(row) for row in answer.to_arrow_table().to_pylist()]


def _values(row: dict) -> dict:
    read = {field.name: row[field.name] for field in EVENT_FIELDS}
    return {**read, "event_time": row["instant"].astimezone(UTC), "price": Decimal(row["price"])}


def _reference(line: str) -> str | dict:
    event = parse(line.encode(), arrived_at=ARRIVED_AT)
    return event.reason if isinstance(event, Reject) else vars(event)


def _relation(lines: list[str]) -> pa.Table:
    instants = pa.array([ARRIVED_AT] * len(lines), pa.timestamp("us", "UTC"))
    return pa.table({"number": range(len(lines)), "line": lines, "arrived_at": instants})
